"""Joins device tasks to the host operators that launched them."""

from dataclasses import dataclass

import numpy as np

from .device_timeline import CANN, COMMUNICATION, HARDWARE, DeviceTimeline, Slices, launches_of
from .host_ops import HostOps
from .op_tree import OpTree

_NOT_KERNELS = ("MEMCPY", "EVENT_", "NOTIFY_", "HOST_", "PLACE_HOLDER", "MODEL_", "WRITE_VALUE")


@dataclass(frozen=True)
class Joined:
    """Everything that the outputs are made of."""

    ops: HostOps
    tree: OpTree
    timeline: DeviceTimeline
    apis: Slices
    tasks: Slices
    is_kernel: np.ndarray  # of tasks: false for copies, events and the like
    launch: np.ndarray  # of tasks: position in apis, -1 if unknown
    op: np.ndarray  # of tasks: position in ops of the innermost operator, -1 if none


def join(ops: HostOps, timeline: DeviceTimeline) -> Joined:
    apis = timeline.slices(CANN)
    tasks = timeline.slices(HARDWARE, *COMMUNICATION)
    tree = OpTree(ops)
    launch = launches_of(tasks, apis)
    op = np.full(len(tasks), -1)
    launched = np.flatnonzero(launch >= 0)
    calls = launch[launched]
    op[launched] = tree.innermost(apis.tid[calls], apis.start[calls])
    is_kernel = np.array([not kind.startswith(_NOT_KERNELS) for kind in tasks.task_types], bool)
    return Joined(ops, tree, timeline, apis, tasks, is_kernel, launch, op)


def steps_of(times: np.ndarray, steps: list[tuple[str, int, int]]) -> np.ndarray:
    """For each time the position of the step that covers it, -1 if none does."""
    if not steps:
        return np.full(len(times), -1)
    starts = np.array([start for _, start, _ in steps])
    ends = np.array([end for _, _, end in steps])
    found = np.searchsorted(starts, times, side="right") - 1
    return np.where((found >= 0) & (times <= ends[np.maximum(found, 0)]), found, -1)


def task_steps(joined: Joined) -> np.ndarray:
    """For each task the position of the step in which it was launched, -1 if none."""
    launch_time = np.full(len(joined.tasks), -1)
    launched = joined.launch >= 0
    launch_time[launched] = joined.apis.start[joined.launch[launched]]
    return steps_of(launch_time, joined.ops.steps())
