"""Tries what the layering forbids and fails if Bazel lets it through.

Every library may name only its lower neighbours as dependencies (visibility), and may include no
header of what it does not name. From the root of the tree: python3.11 -m ci.check_layering
"""

import subprocess
import sys

from tests.build.layering import layers

PROBES = "//tests/build/layering:"


def bazel(*arguments: str) -> subprocess.CompletedProcess:
    command = ["./bazelw", *arguments, "--noshow_progress"]
    return subprocess.run(command, capture_output=True, text=True)


def visibility_holes() -> list[str]:
    holes = []
    for package, library in layers.LIBRARIES.items():
        others = {other: name for name, other in layers.LIBRARIES.items() if name != package}
        query = bazel("query", f"visible({library}, set({' '.join(others)}))")
        if query.returncode:
            raise SystemExit(query.stderr)
        seen = {line.partition(":")[0] for line in query.stdout.splitlines()}
        allowed = layers.ALLOWED[package]
        holes += [f"{other} is visible to {library}" for other in seen if other[2:] not in allowed]
    return holes


def include_holes() -> list[str]:
    declared = bazel("build", PROBES + "declared_include")
    if declared.returncode:
        raise SystemExit(declared.stderr)
    undeclared = bazel("build", PROBES + "undeclared_include")
    if undeclared.returncode and "undeclared inclusion" in undeclared.stderr:
        return []
    return ["a library could include a header of a library that it does not depend on"]


if __name__ == "__main__":
    sys.exit("\n".join(visibility_holes() + include_holes()) or 0)
