"""How computing and communication of one device overlap, and when it is free."""

import numpy as np

from ascend_emulator.msprof.prof_directory import COLLECTIVE, KERNEL

ROWS = ("Computing", "Communication", "Communication(Not Overlapped)", "Free")


def intervals(tasks: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """(starts, ends) per entry of ROWS, from the device's first task to its last."""
    tasks = tasks[np.isin(tasks["kind"], (KERNEL, COLLECTIVE))]
    if not len(tasks):
        return [(np.empty(0, np.uint64),) * 2] * len(ROWS)
    times = np.concatenate((tasks["start"], tasks["end"]))
    order = np.argsort(times, kind="stable")
    change = np.repeat(np.array([1, -1]), len(tasks))[order]
    computing = np.tile(tasks["kind"] == KERNEL, 2)[order]
    times = times[order]
    # Between a boundary and the next one, as many tasks of each kind run:
    kernels = np.cumsum(np.where(computing, change, 0)) > 0
    collectives = np.cumsum(np.where(computing, 0, change)) > 0
    free = ~kernels & ~collectives
    return [_spans(times, row) for row in (kernels, collectives, collectives & ~kernels, free)]


def _spans(times: np.ndarray, covered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joins neighbouring segments [times[i], times[i+1]) that are covered."""
    longer = np.diff(times) > 0
    times, covered = times[np.append(longer, True)], covered[np.append(longer, True)]
    edges = np.diff(np.concatenate(([False], covered[:-1], [False])).astype(np.int8))
    return times[edges == 1], times[edges == -1]
