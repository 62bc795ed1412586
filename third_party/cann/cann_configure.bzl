"""Repository rule: the CANN that is installed on this machine, or targets that say how to get one."""

_VARIABLES = ["ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"]

_REQUIRED = ["include/acl/acl.h", "lib64/libascendcl.so"]

_FOUND = """\
load("@npu//third_party/cann:toolchain.bzl", "cann_toolchain")
load("@npu//bazel:prebuilt_libraries.bzl", "prebuilt_libraries")

cc_library(
    name = "headers",
    hdrs = glob(["include/**/*.h"]),
    includes = ["include"],
)

prebuilt_libraries(
    name = "libraries",
    libs = glob([
        "lib64/libascendcl.so",
        "lib64/libhccl.so",
        "lib64/libhcomm.so",
        "lib64/libmsprofiler.so",
        "lib64/libnnopbase.so",
        "lib64/libopapi.so",
    ]),
)

cann_toolchain(
    name = "cann",
    headers = ":headers",
    libraries = ":libraries",
)
"""

_MISSING = """\
load("@npu//third_party/cann:missing.bzl", "cann_missing")

cann_missing(
    name = "cann",
    reason = {reason},
)
"""

_TOOLCHAIN = """
toolchain(
    name = "toolchain",
    target_settings = ["@npu//third_party/cann:is_system"],
    toolchain = ":cann",
    toolchain_type = "@npu//third_party/cann:toolchain_type",
)
"""

def _why_unusable(repository_ctx, variable, home):
    """Why this is no CANN installation, or \"\"."""
    absent = [path for path in _REQUIRED if not repository_ctx.path(home + "/" + path).exists]
    return "{}={} has no {}".format(variable, home, " and no ".join(absent)) if absent else ""

def _impl(repository_ctx):
    reason = "neither {} is set".format(" nor ".join(_VARIABLES))
    build = ""
    for variable in _VARIABLES:
        home = repository_ctx.os.environ.get(variable)
        if not home:
            continue
        reason = _why_unusable(repository_ctx, variable, home)
        if not reason:
            repository_ctx.symlink(home + "/include", "include")
            repository_ctx.symlink(home + "/lib64", "lib64")
            build = _FOUND
        break
    repository_ctx.file("BUILD.bazel", (build or _MISSING.format(reason = repr(reason))) + _TOOLCHAIN)

cann_configure = repository_rule(
    implementation = _impl,
    configure = True,
    environ = _VARIABLES,
    local = True,
)
