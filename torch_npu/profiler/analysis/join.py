"""Joins device tasks to the host operators that launched them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .device_timeline import (
    CANN,
    COLLECTIVE_TYPES,
    COMMUNICATION,
    HARDWARE,
    DeviceTimeline,
    Slices,
    launches_of,
)
from .host_ops import HostOps
from .op_tree import OpTree
from .queue_marks import QueueMarks

_NOT_KERNELS = (
    "MEMCPY",
    "EVENT_",
    "NOTIFY_",
    "HOST_",
    "PLACE_HOLDER",
    "MODEL_",
    "WRITE_VALUE",
    "CALLBACK",
    "TASK_UPDATE",
)


@dataclass(frozen=True)
class Joined:
    """Everything that the outputs are made of."""

    ops: HostOps
    tree: OpTree
    marks: QueueMarks
    timeline: DeviceTimeline
    apis: Slices
    tasks: Slices
    device: np.ndarray  # of tasks
    is_kernel: np.ndarray  # of tasks: false for copies, events and the like
    is_collective: np.ndarray  # of tasks
    launch: np.ndarray  # of tasks: position in apis, -1 if unknown
    op: np.ndarray  # of tasks: position in ops of the innermost operator, -1 if none

    @cached_property
    def devices(self) -> list[int]:
        return sorted(set(self.timeline.devices.values()))

    @cached_property
    def task_steps(self) -> np.ndarray:
        """For each task the position of the step in which it was launched, -1 if none."""
        launch_time = np.full(len(self.tasks), -1)
        launched = self.launch >= 0
        launch_time[launched] = self.apis.start[self.launch[launched]]
        # With a task queue the launch may be late: what counts is the operator's own time.
        from_op = self.op >= 0
        launch_time[from_op] = self.ops["start"][self.op[from_op]]
        return steps_of(launch_time, self.ops.steps)

    @cached_property
    def steps_by_start(self) -> tuple[np.ndarray, np.ndarray]:
        """Starts of all tasks in order, and the step of each."""
        order = np.argsort(self.tasks.start)
        return self.tasks.start[order], self.task_steps[order]


def join(ops: HostOps, marks: QueueMarks, timeline: DeviceTimeline) -> Joined:
    apis = timeline.slices(CANN)
    tasks = timeline.slices(HARDWARE, *COMMUNICATION)
    tree = OpTree(ops)
    launch = launches_of(tasks, apis)
    op = np.full(len(tasks), -1)
    launched = np.flatnonzero(launch >= 0)
    calls = launch[launched]
    op[launched] = _operators(tree, marks, apis.tid[calls], apis.start[calls])
    of_hccl = np.isin(tasks.pid, timeline.pids(*COMMUNICATION))
    is_collective = tasks.task_types.where(lambda kind: kind in COLLECTIVE_TYPES)
    # The process of communication shows whole operations, which have a connection, and their parts.
    is_collective |= of_hccl & (tasks.connection > 0)
    is_kernel = tasks.task_types.where(lambda kind: not kind.startswith(_NOT_KERNELS))
    is_kernel &= ~of_hccl | is_collective
    device = timeline.device_of(tasks.pid)
    return Joined(
        ops, tree, marks, timeline, apis, tasks, device, is_kernel, is_collective, launch, op
    )


def _operators(
    tree: OpTree, marks: QueueMarks, threads: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """The innermost operator of calls; those of the task queue's thread count as made when their
    work entered the queue."""
    enqueue = marks.enqueue_of(threads, times)
    queued = np.flatnonzero(enqueue >= 0)
    threads, times = threads.copy(), times.copy()
    threads[queued] = marks.enqueues.thread[enqueue[queued]]
    times[queued] = marks.enqueues.start[enqueue[queued]]
    return tree.innermost(threads, times)


def steps_of(times: np.ndarray, steps: list[tuple[str, int, int]]) -> np.ndarray:
    """For each time the position of the step that covers it, -1 if none does."""
    if not steps:
        return np.full(len(times), -1)
    starts = np.array([start for _, start, _ in steps])
    ends = np.array([end for _, _, end in steps])
    found = np.searchsorted(starts, times, side="right") - 1
    return np.where((found >= 0) & (times <= ends[np.maximum(found, 0)]), found, -1)
