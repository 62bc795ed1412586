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

def npu_py_test(name, srcs, data = [], deps = [], size = "small", **kwargs):
    """A pytest test of the files in srcs."""

    # The files are in the program, not in args, so that it can also be run without Bazel.
    files = [native.package_name() + "/" + src for src in srcs]
    native.genrule(
        name = name + "_main",
        outs = [name + "_main.py"],
        # Guarded, as processes that a test spawns import the program again.
        cmd = "printf '%s\\n' 'if __name__ == \"__main__\":' '    import sys; from bazel.pytest_main import main' '    sys.exit(main({}))' > $@".format(
            repr(files).replace("'", "\""),
        ),
        testonly = True,
    )
    native.py_test(
        name = name,
        srcs = srcs + [name + "_main.py"],
        main = name + "_main.py",
        data = data + [_STAMP],
        deps = deps + ["//bazel:pytest_main"],
        python_version = "PY3",
        size = size,
        srcs_version = "PY3",
        **kwargs
    )
