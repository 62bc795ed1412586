"""Local stand-ins for the repositories that Debian's Bazel would download.

Debian's bazel-bootstrap (which reports an empty version) ends every WORKSPACE with http archives of
rules_cc, rules_java and remote_coverage_tools. A repository that is defined first wins, so these
few lines make it work without a network. Other Bazels keep their own.
"""

_SHIMS = {
    "rules_cc": struct(
        package = "cc",
        rules = ["cc_binary", "cc_import", "cc_library", "cc_proto_library", "cc_test", "cc_toolchain", "cc_toolchain_suite", "objc_library"],
        root_build = "",
    ),
    "rules_java": struct(
        package = "java",
        rules = ["java_binary", "java_import", "java_library", "java_runtime", "java_test", "java_toolchain"],
        root_build = "",
    ),
    # Never run: coverage is not collected with this Bazel.
    "remote_coverage_tools": struct(
        package = "",
        rules = [],
        root_build = """
genrule(name = "unavailable", outs = ["unavailable.sh"], executable = True, cmd = "printf '#!/bin/sh\\nexit 1\\n' > $@")
sh_binary(name = "coverage_report_generator", srcs = ["unavailable.sh"], visibility = ["//visibility:public"])
sh_binary(name = "lcov_merger", srcs = ["unavailable.sh"], visibility = ["//visibility:public"])
""",
    ),
}

def _shim_impl(repository_ctx):
    shim = _SHIMS[repository_ctx.name]
    repository_ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % repository_ctx.name)
    repository_ctx.file("BUILD", shim.root_build)
    if shim.package:
        repository_ctx.file(shim.package + "/BUILD", "")
        repository_ctx.file(
            shim.package + "/defs.bzl",
            "".join(["%s = native.%s\n" % (rule, rule) for rule in shim.rules]),
        )

_shim = repository_rule(implementation = _shim_impl)

def bazel_compat():
    """Defines the shims when Bazel is Debian's."""
    if not native.bazel_version:
        for name in _SHIMS:
            _shim(name = name)
