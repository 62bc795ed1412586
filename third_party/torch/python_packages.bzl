"""Repository rule: C++ and Python targets over the packages of a virtual environment.

It is separate from the environment itself, so that editing a target does not install anything again.
"""

_DEFS = """\
EXT_SUFFIX = "{ext_suffix}"
PYTHON_TAG = "{python_tag}"
PYTHON_VERSION = "{python_version}"
MACHINE = "{machine}"
INTERPRETER = "{interpreter}"
TORCH_LIB_DIR = "{torch_lib_dir}"
"""

def _impl(repository_ctx):
    info = json.decode(repository_ctx.read(repository_ctx.attr.environment))
    repository_ctx.symlink(info["site"], "site")
    repository_ctx.symlink(info["include"], "python_include")

    # The interpreter is no action input; what depends on its packages takes this file instead.
    repository_ctx.file("stamp.txt", "{lock_sha256} {python_version}\n".format(**info))
    repository_ctx.file("defs.bzl", _DEFS.format(**info))
    repository_ctx.template("BUILD.bazel", repository_ctx.attr._build, executable = False)

python_packages = repository_rule(
    implementation = _impl,
    attrs = {
        "environment": attr.label(mandatory = True, allow_single_file = True),
        "_build": attr.label(default = "//third_party/torch:packages.BUILD", allow_single_file = True),
    },
)
