"""The tables of ASCEND_PROFILER_OUTPUT that are made of msprof's tables and the join."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from . import csv_blocks
from .join import Joined
from .numerals import read_nanoseconds
from .rows import Microseconds, Piece, Words, blocks
from .texts import Texts

Table = tuple[list[str], Iterable[Iterable]]

_CHUNK = 1 << 20
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
OPERATOR_COLUMNS = [
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


def find_csv(output: Path, name: str) -> list[Path]:
    """msprof's `name`_{time}.csv, or its slices."""
    return sorted(output.glob(f"{name}_[0-9s]*.csv"))


def read_csv(output: Path, name: str) -> Table:
    """One table of msprof's `name` files, read as its rows are; no header if there is none."""
    paths = find_csv(output, name)
    if not paths:
        return [], []
    with open(paths[0], newline="") as file:
        header = next(csv.reader(file), [])
    return header, _rows(paths)


def _rows(paths: list[Path]) -> Iterator[list[str]]:
    for path in paths:
        with open(path, newline="") as file:
            reader = csv.reader(file)
            next(reader, None)
            yield from reader


def kernel_details(joined: Joined, output: Path, level: str) -> Iterator[bytes]:
    """The text of kernel_details.csv: msprof's op_summary, with the step of each row."""
    header, _ = read_csv(output, "op_summary")
    if not header:
        return
    columns = list(header)
    if level == "Level0":
        columns = [name for name in _LEVEL0_KERNEL_COLUMNS if name in header]
    titles = [_KERNEL_RENAMES.get(name, name) for name in columns]
    if joined.ops.steps:
        titles.insert(0, "Step Id")
    yield (",".join(titles) + "\n").encode()
    runs = _runs([header.index(name) for name in columns])
    start = header.index("Task Start Time(us)")
    for path in find_csv(output, "op_summary"):
        for block in csv_blocks.read_blocks(path, len(header)):
            pieces: list[Piece] = []
            if joined.ops.steps:
                pieces += [Words(_steps_by_start(joined, block, start)), b","]
            for first, last in runs:
                pieces += [block.columns(first, last), b","]
            yield from blocks([*pieces[:-1], b"\n"])


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    """First and last of columns that follow each other."""
    edges = np.flatnonzero(np.diff(columns) != 1)
    firsts, lasts = np.append(0, edges + 1), np.append(edges, len(columns) - 1)
    return [(columns[i], columns[j]) for i, j in zip(firsts, lasts, strict=True)]


def _steps_by_start(joined: Joined, block: csv_blocks.CsvBlock, start: int) -> Texts:
    """Tables have no connection id: the task of a row is found by its start."""
    times = read_nanoseconds(block.data, block.begins[:, start])
    ordered, steps = joined.steps_by_start
    known = np.full(len(times), -1)
    if len(ordered):
        found = np.minimum(np.searchsorted(ordered, times), len(ordered) - 1)
        known = np.where(ordered[found] == times, steps[found], -1)
    return Texts(known, [*(identity for identity, _, _ in joined.ops.steps), ""])


def host_times(joined: Joined) -> tuple[np.ndarray, np.ndarray]:
    """(self, total) durations of host operators in ns; self is without the nested ones."""
    ops, parent = joined.ops, joined.tree.parent
    total = ops["end"] - ops["start"]
    nested = np.flatnonzero(parent >= 0)
    inside = np.bincount(parent[nested], total[nested], minlength=len(ops)).astype(np.int64)
    return total - inside, total


def device_times(joined: Joined, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(self, total) durations in ns of the `chosen` tasks that each host operator launched;
    total includes what nested operators launched."""
    chosen = chosen & (joined.op >= 0)
    own = np.bincount(
        joined.op[chosen], joined.tasks.duration[chosen], minlength=len(joined.ops)
    ).astype(np.int64)
    total = own.copy()
    for level in joined.tree.levels_deepest_first():
        np.add.at(total, joined.tree.parent[level], total[level])
    return own, total


def operator_details(joined: Joined) -> Iterator[bytes]:
    """The text of operator_details.csv: a row per host operator; "device" is the time of the
    kernels that it launched."""
    ops = joined.ops
    shown = np.flatnonzero(~ops.is_step)
    if not len(shown):
        return
    on_ai_core = joined.tasks.task_types.where(lambda kind: kind == "AI_CORE")
    durations = [
        *host_times(joined),
        *device_times(joined, joined.is_kernel),
        *device_times(joined, joined.is_kernel & on_ai_core),
    ]
    yield (",".join(OPERATOR_COLUMNS) + "\n").encode()
    pieces: list = []
    for column in (ops.names, ops.shapes, ops.stacks):
        pieces += [Words(column[shown], csv_cell), b","]
    for duration in durations:
        pieces += [Microseconds(duration[shown]), b","]
    yield from blocks([*pieces[:-1], b"\n"])


def csv_cell(text: str) -> str:
    """As csv.writer would write it."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([text, ""])
    return buffer.getvalue()[:-1]


def copied(output: Path, name: str) -> Iterator[bytes]:
    """The text of a table that is msprof's own, without the tabs that guard its times."""
    for number, path in enumerate(find_csv(output, name)):
        with open(path, "rb") as file:
            header = file.readline()
            if number == 0:
                yield header.replace(b"\t", b"")
            while chunk := file.read(_CHUNK):
                yield chunk.replace(b"\t", b"")
