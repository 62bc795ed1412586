"""Lays built files out as an installed tree, below the package's own folder."""

def _installed_files_impl(ctx):
    outputs = []
    for target, path in ctx.attr.files.items():
        output = ctx.actions.declare_file(path)

        # A copy, not a link: tools find their neighbours from where they really are.
        ctx.actions.run_shell(
            inputs = [target.files.to_list()[0]],
            outputs = [output],
            arguments = [target.files.to_list()[0].path, output.path],
            command = 'cp "$1" "$2" && chmod 755 "$2"',
            mnemonic = "Install",
        )
        outputs.append(output)
    return [DefaultInfo(files = depset(outputs), runfiles = ctx.runfiles(files = outputs))]

installed_files = rule(
    implementation = _installed_files_impl,
    attrs = {"files": attr.label_keyed_string_dict(allow_files = True)},
)
