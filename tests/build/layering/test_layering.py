"""No target of the tree depends on a neighbour that its layer may not know."""

import re
from pathlib import Path

import pytest

from tests.build.layering import layers

EDGE = re.compile(r'"//([^:"]*)(?::[^"]*)?" -> "//([^:"]*)(?::[^"]*)?"')
# Tools of the build itself, and the folder of version.bzl.
EVERYWHERE = {"bazel", ""}


def edges() -> set[tuple[str, str]]:
    graph = Path("tests/build/layering/dependencies").read_text()
    return {edge for edge in EDGE.findall(graph) if not EVERYWHERE & set(edge)}


def test_graph_holds_the_known_edges() -> None:
    known = {("torch_npu", "csrc/python"), ("csrc/aten", "csrc/core")}
    assert known <= edges()


def test_edges_are_allowed() -> None:
    assert not sorted(edge for edge in edges() if not layers.is_allowed(*edge))


@pytest.mark.parametrize(
    "edge",
    [
        ("csrc/aten", "csrc/profiler"),
        ("csrc/core", "csrc/aten"),
        ("csrc/core", "emulator/runtime"),
        ("torch_npu", "emulator/python"),
        ("emulator/ops", "csrc/core"),
    ],
)
def test_table_forbids(edge: tuple[str, str]) -> None:
    assert not layers.is_allowed(*edge)
