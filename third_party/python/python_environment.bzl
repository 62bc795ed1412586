"""Repository rule: a virtual environment with the packages of a lock file."""

_APT_ADVICE = "On Debian or Ubuntu: apt-get install python3.11 python3.11-venv python3.11-dev (./bazelw does it when run as root)."

def _run(repository_ctx, what, command):
    result = repository_ctx.execute(command, timeout = 3600, quiet = True)
    if result.return_code:
        fail("{what} failed ({code}):\n{out}\n{err}".format(
            what = what,
            code = result.return_code,
            out = result.stdout,
            err = result.stderr,
        ))
    return result.stdout

def _impl(repository_ctx):
    python = repository_ctx.which("python3.11")
    if not python:
        fail("python3.11 was not found on PATH; the wheels are built for it. " + _APT_ADVICE)
    repository_ctx.file("BUILD.bazel", "exports_files([\"info.json\"])\n")

    # Its path is read, so that a changed lock or chooser makes the environment anew.
    requirements = repository_ctx.path(repository_ctx.attr.requirements)
    install = repository_ctx.path(repository_ctx.attr._install)
    repository_ctx.path(repository_ctx.attr._torch_index)

    root = str(repository_ctx.path("."))
    repository_ctx.report_progress("making a virtual environment")
    _run(repository_ctx, "making a virtual environment with " + str(python), [python, "-m", "venv", root])
    repository_ctx.report_progress("installing the locked packages (about a minute)")
    _run(repository_ctx, "installing the locked packages", [root + "/bin/python", install, requirements, "info.json"])

python_environment = repository_rule(
    implementation = _impl,
    doc = "Makes the environment; info.json describes it to other repository rules.",
    attrs = {
        "requirements": attr.label(mandatory = True, allow_single_file = True),
        "_install": attr.label(default = "//third_party/python:install.py", allow_single_file = True),
        "_torch_index": attr.label(default = "//third_party/python:torch_index.py", allow_single_file = True),
    },
)
