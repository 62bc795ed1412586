"""Python rules of this project. Packages of the lock file come with the interpreter."""

_STAMP = "@pip_deps//:stamp.txt"

def npu_py_library(name, **kwargs):
    """A Python library."""
    native.py_library(name = name, srcs_version = "PY3", **kwargs)

def npu_py_tool(name, data = [], **kwargs):
    """A program: for `tools` of a genrule, or to run by hand."""
    native.py_binary(
        name = name,
        data = data + [_STAMP],
        python_version = "PY3",
        srcs_version = "PY3",
        **kwargs
    )

def npu_py_test(name, srcs, data = [], args = [], size = "small", **kwargs):
    """A pytest test of the files in srcs."""
    native.py_test(
        name = name,
        srcs = srcs + ["//bazel:pytest_main.py"],
        main = "//bazel:pytest_main.py",
        args = ["$(rootpath %s)" % src for src in srcs] + args,
        data = data + [_STAMP],
        python_version = "PY3",
        size = size,
        srcs_version = "PY3",
        **kwargs
    )
