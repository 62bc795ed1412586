"""Links shared libraries where they are.

As `srcs` of a cc_binary, or by cc_import, they would be reached through _solib and leave an rpath
into the build tree; what is linked here finds them at run time by its own rpath or not at all.
"""

def _impl(ctx):
    link_flags = []
    for lib in ctx.files.libs:
        link_flags += ["-L" + lib.dirname, "-l:" + lib.basename]
    own = CcInfo(linking_context = cc_common.create_linking_context(
        linker_inputs = depset([cc_common.create_linker_input(
            owner = ctx.label,
            user_link_flags = depset(link_flags),
            additional_inputs = depset(ctx.files.libs),
        )]),
    ))
    return [cc_common.merge_cc_infos(direct_cc_infos = [own], cc_infos = [dep[CcInfo] for dep in ctx.attr.deps])]

prebuilt_libraries = rule(
    implementation = _impl,
    attrs = {
        "libs": attr.label_list(allow_files = [".so"], mandatory = True),
        "deps": attr.label_list(providers = [CcInfo]),
    },
    provides = [CcInfo],
)
