"""The tables of ASCEND_PROFILER_OUTPUT that are made of msprof's tables and the join."""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .join import Joined, task_steps
from .time_format import to_microseconds, to_nanoseconds

Table = tuple[list[str], Iterable[Iterable]]

_KERNEL_RENAMES = {
    "Op Name": "Name",
    "OP Type": "Type",
    "Task Type": "Accelerator Core",
    "Task Start Time(us)": "Start Time(us)",
    "Task Duration(us)": "Duration(us)",
    "Task Wait Time(us)": "Wait Time(us)",
}
_LEVEL0_KERNEL_COLUMNS = (
    "Device_id",
    "Op Name",
    "OP Type",
    "Task Type",
    "Task Start Time(us)",
    "Task Duration(us)",
    "Task Wait Time(us)",
    "Block Num",
    "Mix Block Num",
    "Input Shapes",
    "Input Data Types",
    "Input Formats",
    "Output Shapes",
    "Output Data Types",
    "Output Formats",
)
_OPERATOR_COLUMNS = [
    "Name",
    "Input Shapes",
    "Call Stack",
    "Host Self Duration(us)",
    "Host Total Duration(us)",
    "Device Self Duration(us)",
    "Device Total Duration(us)",
    "Device Self Duration With AICore(us)",
    "Device Total Duration With AICore(us)",
]


def read_csv(output: Path, name: str) -> Table:
    """msprof's `name`_{time}.csv and its slices; no header if there is none."""
    header, rows = [], []
    for path in sorted(output.glob(f"{name}_[0-9s]*.csv")):
        with open(path, newline="") as file:
            header, *more = list(csv.reader(file)) or [[]]
        rows += more
    return header, rows


def kernel_details(joined: Joined, output: Path, level: str) -> Table:
    header, rows = read_csv(output, "op_summary")
    if not rows:
        return [], []
    columns = list(header)
    if level == "Level0":
        columns = [name for name in _LEVEL0_KERNEL_COLUMNS if name in header]
    chosen = [header.index(name) for name in columns]
    titles = [_KERNEL_RENAMES.get(name, name) for name in columns]
    cells = ([row[i].strip("\t") for i in chosen] for row in rows)
    steps = joined.ops.steps()
    if not steps:
        return titles, cells
    start = to_nanoseconds([row[header.index("Task Start Time(us)")] for row in rows])
    step_ids = [*(identity for identity, _, _ in steps), ""]
    row_steps = _steps_by_start(joined, start).tolist()
    with_step = ([step_ids[step], *row] for step, row in zip(row_steps, cells, strict=True))
    return ["Step Id", *titles], with_step


def _steps_by_start(joined: Joined, start: np.ndarray) -> np.ndarray:
    """Tables have no connection id: the task of a row is found by its start."""
    steps, order = task_steps(joined), np.argsort(joined.tasks.start)
    if not len(order):
        return np.full(len(start), -1)
    ordered = joined.tasks.start[order]
    found = np.minimum(np.searchsorted(ordered, start), len(ordered) - 1)
    return np.where(ordered[found] == start, steps[order[found]], -1)


def operator_details(joined: Joined) -> Table:
    """One row per host operator; "device" is the time of the kernels that it launched."""
    ops, tree = joined.ops, joined.tree
    host_total = ops["end"] - ops["start"]
    host_self = host_total.copy()
    nested = np.flatnonzero(tree.parent >= 0)
    np.subtract.at(host_self, tree.parent[nested], host_total[nested])

    launched = joined.is_kernel & (joined.op >= 0)
    on_ai_core = np.array([kind == "AI_CORE" for kind in joined.tasks.task_types], bool)
    device = []
    for chosen in (launched, launched & on_ai_core):
        own = np.bincount(
            joined.op[chosen], joined.tasks.duration[chosen], minlength=len(ops)
        ).astype(np.int64)
        total = own.copy()
        for level in tree.levels_deepest_first():
            np.add.at(total, tree.parent[level], total[level])
        device += [own, total]

    rows = zip(
        ops.names,
        ops.shapes,
        [""] * len(ops),
        *(to_microseconds(column) for column in (host_self, host_total, *device)),
        strict=True,
    )
    return _OPERATOR_COLUMNS, (row for row in rows if not row[0].startswith("ProfilerStep#"))


def copied(output: Path, name: str) -> Table:
    """A table that is msprof's own."""
    header, rows = read_csv(output, name)
    return header, ([cell.strip("\t") for cell in row] for row in rows)
