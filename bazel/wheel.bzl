"""A rule that packs Python packages and their native files into a wheel."""

load("@pip_deps//:defs.bzl", "MACHINE", "PYTHON_TAG")

def _archive_path(path, root):
    if not path.startswith(root):
        fail("{} is not under {}: it does not belong in this wheel; drop the dependency that brings it".format(path, root))
    return path[len(root):]

def _contents(ctx):
    """Every file of the packages as (path in the wheel, File)."""
    runfiles = [package[DefaultInfo].default_runfiles for package in ctx.attr.packages]
    found = []
    for each in runfiles:
        found += [(file.short_path, file) for file in each.files.to_list()]
        found += [(link.path, link.target_file) for link in each.symlinks.to_list()]
    return [(_archive_path(path, ctx.attr.root), file) for path, file in found]

def _impl(ctx):
    tag = "{python}-{python}-linux_{machine}".format(python = PYTHON_TAG, machine = MACHINE)
    wheel = ctx.actions.declare_file("-".join([ctx.attr.distribution, ctx.attr.version, tag]) + ".whl")
    contents = _contents(ctx)
    spec = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(spec, json.encode({
        "classifiers": ctx.attr.classifiers,
        "contents": {path: file.path for path, file in contents},
        "description": ctx.file.description.path,
        "entry_points": ctx.attr.entry_points,
        "license": ctx.file.license.path,
        "name": ctx.attr.distribution,
        "output": wheel.path,
        "requires_dist": ctx.attr.requires,
        "summary": ctx.attr.summary,
        "tag": tag,
        "version": ctx.attr.version,
    }))
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [spec.path],
        inputs = [spec, ctx.file.license, ctx.file.description] + [file for _, file in contents],
        outputs = [wheel],
        # 1980, the first moment that a zip file can hold: a wheel depends on nothing but its contents.
        env = {"SOURCE_DATE_EPOCH": "315532800"},
        mnemonic = "Wheel",
        progress_message = "Packing " + wheel.basename,
    )
    return [DefaultInfo(files = depset([wheel]), runfiles = ctx.runfiles(files = [wheel]))]

npu_wheel = rule(
    implementation = _impl,
    attrs = {
        "classifiers": attr.string_list(),
        "description": attr.label(mandatory = True, allow_single_file = [".md"]),
        "distribution": attr.string(mandatory = True),
        "entry_points": attr.string_dict(doc = "group -> 'name = module:function', one per line"),
        "license": attr.label(default = "//:LICENSE", allow_single_file = True),
        "packages": attr.label_list(mandatory = True, providers = [PyInfo]),
        "requires": attr.string_list(),
        "root": attr.string(doc = "Workspace folder, with a final slash, that is the root of the wheel; \"\" is the workspace."),
        "summary": attr.string(mandatory = True),
        "version": attr.string(mandatory = True),
        "_tool": attr.label(default = "//bazel:wheel_tool", executable = True, cfg = "exec"),
    },
)
