"""Repository rule: buildifier, which formats and lints Starlark, from its npm package (it is a plain binary)."""

_PACKAGE = "@bazel/buildifier@8.2.1"
_ARCHIVE = "bazel-buildifier-8.2.1.tgz"
_SHA256 = "b96ea9b13003036c801f52bee6f9b0314738f8432e5cb9d814c89f59292604ee"

def _run(repository_ctx, command):
    result = repository_ctx.execute(command, timeout = 600)
    if result.return_code:
        fail("getting buildifier: {} failed ({}):\n{}".format(" ".join(command), result.return_code, result.stderr))
    return result.stdout

def _impl(repository_ctx):
    if not repository_ctx.which("npm"):
        fail("npm was not found on PATH; ci/lint gets buildifier by it. On Debian or Ubuntu: apt-get install npm")
    _run(repository_ctx, ["npm", "pack", "--silent", _PACKAGE])
    digest = _run(repository_ctx, ["sha256sum", _ARCHIVE]).split(" ")[0]
    if digest != _SHA256:
        fail("npm gave {} with sha256 {}, expected {}".format(_PACKAGE, digest, _SHA256))
    repository_ctx.extract(_ARCHIVE, stripPrefix = "package")
    repository_ctx.symlink("buildifier-linux_amd64", "buildifier")
    repository_ctx.file("BUILD.bazel", "exports_files([\"buildifier\"])\n")

buildifier = repository_rule(implementation = _impl)
