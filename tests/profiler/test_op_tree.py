"""OpTree: parents and innermost operators, against a plain recursive construction."""

import random
import struct

import numpy as np
import pytest

from torch_npu.profiler.analysis import host_ops
from torch_npu.profiler.analysis.op_tree import OpTree


def encode(start: int, end: int, thread: int, end_thread: int | None = None) -> bytes:
    end_thread = thread if end_thread is None else end_thread
    is_async = end_thread != thread
    head = struct.pack("<3q4QB?", start, end, -1, 1, thread, end_thread, 0, 0, is_async)
    name = struct.pack("<HI", 2, 2) + b"op"
    return struct.pack("<HI", 1, len(head) + len(name)) + head + name


@pytest.fixture
def read(tmp_path):
    def read_rows(rows):
        path = tmp_path / "torch.op_range"
        path.write_bytes(b"".join(encode(*row) for row in rows))
        return host_ops.read(path, 0)

    return read_rows


def nested_ranges(generator: random.Random, thread: int, count: int):
    """Random properly nested ranges with distinct times: (start, end, thread), parent's index."""
    rows, parents, clock = [], [], 0

    def add(parent: int, depth: int) -> None:
        nonlocal clock
        clock += generator.randint(1, 3)
        index, start = len(rows), clock
        rows.append(None)
        parents.append(parent)
        while depth < 7 and len(rows) < count and generator.random() < 0.55:
            add(index, depth + 1)
        clock += generator.randint(1, 3)
        rows[index] = (start, clock, thread)

    while len(rows) < count:
        add(-1, 0)
    return rows, parents


@pytest.mark.parametrize("seed", range(20))
def test_parents_and_innermost_of_random_nestings(read, seed):
    generator = random.Random(seed)
    rows, parents = [], []
    for thread in (7, 3):
        more, of = nested_ranges(generator, thread, 60)
        parents += [parent + len(rows) if parent >= 0 else -1 for parent in of]
        rows += more
    ops = read(rows)
    tree = OpTree(ops)
    place = {(row[2], row[0]): i for i, row in enumerate(rows)}
    index = [
        place[t, s] for t, s in zip(ops["thread"].tolist(), ops["start"].tolist(), strict=True)
    ]
    for position, parent in enumerate(tree.parent.tolist()):
        assert (index[parent] if parent >= 0 else -1) == parents[index[position]]
    for _ in range(200):
        thread, time = generator.choice((3, 7)), generator.randint(0, 400)
        covering = [r for r in rows if r[2] == thread and r[0] <= time <= r[1]]
        (found,) = tree.innermost(np.array([thread]), np.array([time])).tolist()
        expected = max(covering, default=None)
        assert (rows[index[found]] if found >= 0 else None) == expected


def test_equal_times(read):
    # Siblings that touch, an inner range that starts with its outer one, an empty range.
    ops = read([(0, 10, 1), (0, 4, 1), (4, 10, 1), (6, 6, 1)])
    tree = OpTree(ops)
    assert tree.parent.tolist() == [-1, 0, 0, 2]
    assert tree.innermost(np.array([1, 1, 1]), np.array([2, 8, 11])).tolist() == [1, 2, -1]


def test_async_ranges_enclose_nothing(read):
    ops = read([(0, 10, 1), (2, 50, 1, 9), (3, 4, 1)])
    tree = OpTree(ops)
    by_start = dict(zip(ops["start"].tolist(), tree.parent.tolist(), strict=True))
    outer = ops["start"].tolist().index(0)
    assert by_start == {0: -1, 2: outer, 3: outer}


def test_unknown_thread_and_no_operators(read):
    assert OpTree(read([])).innermost(np.array([1]), np.array([5])).tolist() == [-1]
    assert OpTree(read([(0, 9, 1)])).innermost(np.array([2]), np.array([5])).tolist() == [-1]


def test_levels_come_deepest_first(read):
    tree = OpTree(read([(0, 9, 1), (1, 8, 1), (2, 3, 1), (4, 5, 1)]))
    assert [level.tolist() for level in tree.levels_deepest_first()] == [[2, 3], [1]]
