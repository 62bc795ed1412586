"""Formats and lints every file that git knows or would add; `ci/lint` runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_LINES = 400
# Warnings for rules that Bazel 4 has built in and cannot load from elsewhere.
NATIVE_RULES = ["cc-binary", "cc-common", "cc-info", "cc-library", "cc-test", "py"]
NATIVE = ",".join(f"-native-{name}" for name in NATIVE_RULES)
CXX = (".cc", ".h", ".inc")
STARLARK = (".BUILD", "BUILD.bazel", "WORKSPACE", ".bzl")
PYTHON_TOOLS = Path(sys.executable).parent


def tools(buildifier: str) -> list[tuple[tuple[str, ...], list[str], list[str]]]:
    """(endings of file names, command that checks, command that fixes)"""
    ruff, clang_format = str(PYTHON_TOOLS / "ruff"), str(PYTHON_TOOLS / "clang-format")
    starlark = [buildifier, f"-warnings={NATIVE}"]
    return [
        (CXX, [clang_format, "--dry-run", "--Werror"], [clang_format, "-i"]),
        ((".py",), [ruff, "format", "--check"], [ruff, "format"]),
        ((".py",), [ruff, "check"], [ruff, "check", "--fix"]),
        (STARLARK, [*starlark, "-mode=check", "-lint=warn"], [*starlark, "-lint=fix"]),
    ]


def project_files() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted(path for path in listed.split("\0") if path and Path(path).is_file())


def too_long(files: list[str]) -> Iterator[str]:
    for path in files:
        if path.endswith((*CXX, *STARLARK, ".py")):
            lines = len(Path(path).read_bytes().splitlines())
            if lines > MAX_LINES:
                yield f"{path}: {lines} lines, more than {MAX_LINES}: divide it by what it holds"


def main(buildifier: str, *options: str) -> int:
    if unknown := set(options) - {"--fix"}:
        return f"ci/lint: unknown option {unknown.pop()}; the only one is --fix"
    buildifier = os.path.abspath(buildifier)
    # Bazel sets it to the source tree for `bazel run`.
    os.chdir(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    files = project_files()
    failures = list(too_long(files))
    for endings, check, fix in tools(buildifier):
        command = fix if "--fix" in options else check
        chosen = [path for path in files if path.endswith(endings)]
        if chosen and subprocess.run([*command, *chosen]).returncode:
            failures.append(f"{Path(command[0]).name}: see above; ci/lint --fix mends most of it")
    return "\n".join(failures) or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
