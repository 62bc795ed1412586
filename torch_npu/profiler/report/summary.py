"""summary(): where the time went, without a file and without a viewer."""

from dataclasses import dataclass

import numpy as np

from ..analysis.join import Joined
from ..analysis.step_time import DeviceStep, device_steps
from .text_table import format_table

_TOP = 10
_NO_OP = "(outside of any operator)"


@dataclass(frozen=True)
class Gap:
    """A time in which a device ran nothing. Times: ns."""

    device: int
    begin: int  # Unix time
    duration: int
    cause: str  # "host": the next task was not launched yet; "device": it was, and had to wait
    next_task: str
    launched_by: str  # operator that launched the next task
    host_op: str  # what the launching thread did in the middle of the gap


@dataclass(frozen=True)
class KernelTotal:
    name: str
    task_type: str
    count: int
    total: int  # ns
    share: float  # of all kernels' time


@dataclass(frozen=True)
class Summary:
    """str() gives tables; the attributes hold the same numbers."""

    steps: list[DeviceStep]
    gaps: list[Gap]  # longest first
    kernels: list[KernelTotal]  # most time first
    fallbacks: dict[str, tuple[int, int]]  # operator -> (calls, ns on the host)
    kernels_without_op: int

    def __str__(self) -> str:
        sections = [self._steps(), self._gaps(), self._kernels(), self._fallbacks()]
        return "\n".join(section for section in sections if section)

    def _steps(self) -> str:
        if not self.steps:
            return "No device tasks were recorded.\n"
        header = (
            *("Device", "Step", "Stage(us)", "Computing", "Communication", "Not overlapped"),
            *("Overlap", "Free", "Bubble", "Preparing"),
        )
        rows = [
            (
                step.device,
                step.step or "all",
                *(
                    value / 1000
                    for value in (
                        step.times.stage,
                        step.times.computing,
                        step.times.communication,
                        step.times.not_overlapped,
                        step.times.overlapped,
                        step.times.free,
                        step.times.bubble,
                        step.times.preparing,
                    )
                ),
            )
            for step in self.steps
        ]
        return "Steps\n" + format_table(header, rows)

    def _gaps(self) -> str:
        if not self.gaps:
            return ""
        rows = [
            (g.device, g.duration / 1000, g.cause, g.host_op, g.next_task, g.launched_by)
            for g in self.gaps[:_TOP]
        ]
        header = ("Device", "Gap(us)", "Cause", "Host was in", "Next task", "Launched by")
        return "Longest gaps of the device\n" + format_table(header, rows)

    def _kernels(self) -> str:
        if not self.kernels:
            return ""
        rows = [
            (k.name, k.task_type, k.count, k.total / 1000, k.total / k.count / 1000, k.share * 100)
            for k in self.kernels[:_TOP]
        ]
        header = ("Kernel", "Core", "Count", "Total(us)", "Avg(us)", "Share(%)")
        text = "Kernels with the most time\n" + format_table(header, rows)
        if self.kernels_without_op:
            text += f"{self.kernels_without_op} kernels were launched outside of any operator.\n"
        return text

    def _fallbacks(self) -> str:
        if not self.fallbacks:
            return ""
        rows = [(name, count, total / 1000) for name, (count, total) in self.fallbacks.items()]
        header = ("Operator", "Calls", "Host(us)")
        return "Operators that ran on the CPU, with copies both ways\n" + format_table(header, rows)


def summarize(joined: Joined, fallbacks: np.ndarray) -> Summary:
    gaps = [gap for device in joined.devices for gap in _gaps(joined, device)]
    return Summary(
        steps=device_steps(joined),
        gaps=sorted(gaps, key=lambda gap: -gap.duration)[: 10 * _TOP],
        kernels=_kernel_totals(joined),
        fallbacks=_fallback_totals(joined, fallbacks),
        kernels_without_op=int((joined.is_kernel & (joined.op < 0)).sum())
        if len(joined.ops)
        else 0,
    )


def _kernel_totals(joined: Joined) -> list[KernelTotal]:
    kernels = joined.tasks[joined.is_kernel]
    width = len(kernels.task_types.values)
    keys = kernels.names.ids.astype(np.int64) * width + kernels.task_types.ids
    found, groups, counts = np.unique(keys, return_inverse=True, return_counts=True)
    totals = np.bincount(groups, kernels.duration, len(found)).astype(np.int64)
    whole = int(totals.sum()) or 1
    return [
        KernelTotal(
            name=kernels.names.values[found[i] // width],
            task_type=kernels.task_types.values[found[i] % width],
            count=int(counts[i]),
            total=int(totals[i]),
            share=int(totals[i]) / whole,
        )
        for i in np.argsort(-totals, kind="stable")
    ]


def busy_intervals(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joins what overlaps or touches: (starts, ends), ordered."""
    if not len(starts):
        return starts, ends
    order = np.argsort(starts, kind="stable")
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    begins = np.concatenate(([True], starts[1:] > reached[:-1]))
    return starts[begins], reached[np.append(begins[1:], True)]


def _gaps(joined: Joined, device: int) -> list[Gap]:
    """The longest gaps between tasks of all streams of a device."""
    tasks = joined.tasks
    # Events and waits are tasks too, but a device that waits does nothing.
    works = (joined.is_kernel | (tasks.size >= 0)) & (joined.device == device)
    rows = np.flatnonzero(works)
    starts, ends = busy_intervals(tasks.start[rows], tasks.end[rows])
    lengths = starts[1:] - ends[:-1]
    longest = np.argsort(-lengths, kind="stable")[: 10 * _TOP]
    by_start = rows[np.argsort(tasks.start[rows], kind="stable")]
    after = by_start[np.searchsorted(tasks.start[by_start], starts[longest + 1])]
    begins = ends[longest]
    launch, ops = joined.launch[after], joined.op[after]
    launched_at = np.where(launch >= 0, joined.apis.start[launch], 0) if len(joined.apis) else 0
    threads = np.where(ops >= 0, joined.ops["thread"][ops], 0) if len(joined.ops) else ops
    host = joined.tree.innermost(threads.astype(np.int64), begins + lengths[longest] // 2)

    def op_name(op: int) -> str:
        return joined.ops.names[op] if op >= 0 else _NO_OP

    return [
        Gap(
            device=device,
            begin=int(begins[i]),
            duration=int(lengths[gap]),
            cause="host" if np.broadcast_to(launched_at, len(after))[i] >= begins[i] else "device",
            next_task=tasks.names[after[i]],
            launched_by=op_name(int(ops[i])),
            host_op=op_name(int(host[i])),
        )
        for i, gap in enumerate(longest.tolist())
    ]


def _fallback_totals(joined: Joined, fallbacks: np.ndarray) -> dict[str, tuple[int, int]]:
    totals: dict[str, tuple[int, int]] = {}
    for op in fallbacks.tolist():
        name = joined.ops.names[op]
        calls, time = totals.get(name, (0, 0))
        duration = int(joined.ops["end"][op] - joined.ops["start"][op])
        totals[name] = calls + 1, time + duration
    return totals
