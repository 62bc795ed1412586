"""C++ rules with the flags of this project."""

load("@pip_deps//:defs.bzl", "TORCH_LIB_DIR")
load(":prebuilt_libraries.bzl", "prebuilt_libraries")

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    # Paths of the build tree in the libraries would make two builds differ.
    "-ffile-prefix-map=/proc/self/cwd=.",
]

_HIDDEN = ["-fvisibility=hidden"]

# For libraries whose whole namespace is API: the link's version script says what leaves the library.
_EXPORTED = [
    "-fvisibility-inlines-hidden",
    "-fno-semantic-interposition",
]

_NO_UNDEFINED = ["-Wl,-z,defs"]

_LINKOPTS = [
    "-Wl,-z,now",
    "-Wl,--as-needed",
    "-Wl,--build-id=none",
    "-Wl,-s",
]

def npu_cc_library(name, copts = [], alwayslink = True, exported = False, **kwargs):
    """A static library; alwayslink keeps objects that only register something."""
    native.cc_library(
        name = name,
        copts = _COPTS + (_EXPORTED if exported else _HIDDEN) + copts,
        alwayslink = alwayslink,
        linkstatic = True,
        **kwargs
    )

def npu_cc_sources(name):
    """The package's files: tests/core looks for environment variables that the table lacks."""
    native.filegroup(
        name = name,
        srcs = native.glob([
            "**/*.cc",
            "**/*.h",
        ]),
        visibility = ["//tests/core:__pkg__"],
    )

def npu_cc_shared_library(
        name,
        soname = None,
        links = [],
        deps = [],
        copts = [],
        linkopts = [],
        is_python_extension = False,
        **kwargs):
    """A shared library (name = "lib/libx.so") of its sources and everything in deps.

    Args:
      name: path of the library in the package.
      soname: default: the last part of the name.
      links: shared libraries of this tree that it needs at run time; linkopts give the rpath.
      deps: libraries that become a part of it.
      copts: further compiler options.
      linkopts: further linker options.
      is_python_extension: Python's own functions come from the interpreter that loads it.
      **kwargs: passed on to cc_binary.
    """
    if links:
        prebuilt_libraries(name = name + ".links", libs = links)
        deps = deps + [":" + name + ".links"]
    native.cc_binary(
        name = name,
        copts = _COPTS + _HIDDEN + copts,
        linkopts = _LINKOPTS + ["-Wl,-soname," + (soname or name.split("/")[-1])] + linkopts + ([] if is_python_extension else _NO_UNDEFINED),
        deps = deps,
        linkshared = True,
        linkstatic = True,
        **kwargs
    )

def npu_cc_binary(name, copts = [], linkopts = [], **kwargs):
    """A program."""
    native.cc_binary(
        name = name,
        copts = _COPTS + _HIDDEN + copts,
        linkopts = _LINKOPTS + linkopts,
        linkstatic = True,
        **kwargs
    )

def npu_cc_test(name, copts = [], env = {}, size = "small", **kwargs):
    """A test that is a program: exit code 0 passes. torch's libraries are found."""
    native.cc_test(
        name = name,
        copts = _COPTS + copts,
        env = dict({"LD_LIBRARY_PATH": TORCH_LIB_DIR}, **env),
        linkstatic = True,
        size = size,
        **kwargs
    )

def _headers_impl(ctx):
    infos = [dep[CcInfo] for dep in ctx.attr.deps]
    return [CcInfo(compilation_context = cc_common.merge_cc_infos(cc_infos = infos).compilation_context)]

npu_cc_headers = rule(
    implementation = _headers_impl,
    doc = "Headers of deps without their objects: for what links them from a shared library instead.",
    attrs = {"deps": attr.label_list(providers = [CcInfo])},
    provides = [CcInfo],
)
