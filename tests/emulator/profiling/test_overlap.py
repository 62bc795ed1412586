"""Overlap of computing and communication."""

import numpy as np
from ascend_emulator.msprof import overlap
from ascend_emulator.msprof.prof_directory import COLLECTIVE, KERNEL, MEMCPY, TASK


def tasks_of(*rows):
    tasks = np.zeros(len(rows), TASK)
    for i, (kind, start, end) in enumerate(rows):
        tasks[i]["kind"], tasks[i]["start"], tasks[i]["end"] = kind, start, end
    return tasks


def spans(*rows):
    result = {}
    for name, (starts, ends) in zip(overlap.ROWS, overlap.intervals(tasks_of(*rows)), strict=True):
        result[name] = list(zip(starts.tolist(), ends.tolist(), strict=True))
    return result


def test_without_tasks_there_is_nothing():
    assert all(not found for found in spans().values())


def test_overlap_is_divided():
    found = spans(
        (KERNEL, 10, 20), (KERNEL, 15, 18), (COLLECTIVE, 18, 30), (MEMCPY, 0, 100), (KERNEL, 40, 50)
    )
    assert found == {
        "Computing": [(10, 20), (40, 50)],
        "Communication": [(18, 30)],
        "Communication(Not Overlapped)": [(20, 30)],
        "Free": [(30, 40)],
    }


def test_neighbours_are_joined():
    assert spans((KERNEL, 0, 5), (KERNEL, 5, 9))["Computing"] == [(0, 9)]
    assert spans((KERNEL, 0, 5), (KERNEL, 5, 9))["Free"] == []


def test_parts_sum_up_to_the_whole():
    random = np.random.default_rng(0)
    for _ in range(100):
        starts = random.integers(0, 100, 12)
        rows = [
            (int(kind), int(start), int(start + length))
            for kind, start, length in zip(
                random.integers(0, 2, 12), starts, random.integers(1, 20, 12), strict=True
            )
        ]
        found = {name: sum(e - s for s, e in rows_) for name, rows_ in spans(*rows).items()}
        whole = max(end for _, _, end in rows) - min(start for _, start, _ in rows)
        alone = found["Communication(Not Overlapped)"]
        assert found["Computing"] + alone + found["Free"] == whole
        assert alone <= found["Communication"]
