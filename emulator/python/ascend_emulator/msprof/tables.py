"""The tables: op_summary, op_statistic, api_statistic and task_time."""

from collections.abc import Iterable

import numpy as np

from ascend_emulator.msprof.number_format import (
    duration_microseconds,
    guarded_microseconds,
    microseconds,
)
from ascend_emulator.msprof.prof_directory import (
    COLLECTIVE,
    KERNEL,
    ProfDirectory,
    ProfDirectoryError,
)
from ascend_emulator.msprof.timeline import level_column

Table = tuple[str, list[tuple]]  # header line, rows

_SHAPE_COLUMNS = 6  # TaskInfo::details has as many fields
_NO_DETAILS = ["N/A"] * _SHAPE_COLUMNS
_NO_ID = 4294967295

OP_SUMMARY = (
    "Device_id,Model ID,Task ID,Stream ID,Op Name,OP Type,OP State,Task Type,Task Start Time(us),"
    "Task Duration(us),Task Wait Time(us),Block Num,Mix Block Num,HF32 Eligible,Input Shapes,"
    "Input Data Types,Input Formats,Output Shapes,Output Data Types,Output Formats,Context ID"
)
OP_STATISTIC = (
    "Device_id,OP Type,Core Type,Count,Total Time(us),Min Time(us),Avg Time(us),Max Time(us),"
    "Ratio(%)"
)
API_STATISTIC = "Device_id,Level,API Name,Time(us),Count,Avg(us),Min(us),Max(us),Variance"
TASK_TIME = (
    "Device_id,kernel_name,kernel_type,stream_id,task_id,task_time(us),task_start(us),task_stop(us)"
)


def _operators(tasks: np.ndarray) -> np.ndarray:
    return tasks[np.isin(tasks["kind"], (KERNEL, COLLECTIVE))]


def op_summary(prof: ProfDirectory) -> Table:
    rows: list[tuple] = []
    for device, all_tasks in prof.tasks.items():
        tasks = _operators(all_tasks)
        if not len(tasks):
            continue
        start, duration = tasks["start"].astype(np.int64), tasks["end"] - tasks["start"]
        wait = np.zeros(len(tasks), np.int64)
        wait[1:] = np.maximum(0, np.diff(start) - duration[:-1].astype(np.int64))
        rows += zip(
            *_constants(len(tasks), device, _NO_ID),
            tasks["task"].tolist(),
            tasks["stream"].tolist(),
            prof.text_column(tasks["name"]),
            prof.text_column(tasks["type"]),
            *_constants(len(tasks), "dynamic"),
            prof.text_column(tasks["engine"]),
            guarded_microseconds(tasks["start"] + prof.unix_offset),
            microseconds(duration),
            microseconds(wait),
            tasks["block_num"].tolist(),
            *_constants(len(tasks), 0, "NO"),
            *_detail_columns(prof, tasks["details"]),
            *_constants(len(tasks), "N/A"),
            strict=True,
        )
    return OP_SUMMARY, rows


def _constants(length: int, *values) -> Iterable[list]:
    return ([value] * length for value in values)


def _detail_columns(prof: ProfDirectory, ids: np.ndarray) -> list[list[str]]:
    unique, positions = np.unique(ids, return_inverse=True)
    cells = []
    for text in prof.text_column(unique):
        fields = text.split("|") if text else _NO_DETAILS
        if len(fields) != _SHAPE_COLUMNS:
            raise ProfDirectoryError(f"{prof.path}: shapes need six fields between |, got {text!r}")
        # msprof quotes shapes inside the cell: "2,3;3,4"
        cells.append([f'"{f}"' if i in (0, 3) and text else f for i, f in enumerate(fields)])
    return [[cells[p][i] for p in positions.tolist()] for i in range(_SHAPE_COLUMNS)]


def _groups(*keys: list[str]) -> tuple[list[tuple], np.ndarray]:
    """The distinct key tuples, and for each row the position of its tuple."""
    numbers: dict[tuple, int] = {}
    positions = [numbers.setdefault(key, len(numbers)) for key in zip(*keys, strict=True)]
    return list(numbers), np.array(positions, np.int64)


def _statistics(positions: np.ndarray, count: int, values: np.ndarray):
    """Per group: count, sum, min, max, variance of `values` (µs)."""
    counts = np.bincount(positions, minlength=count)
    sums = np.bincount(positions, values, count)
    squares = np.bincount(positions, values * values, count)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, positions, values)
    np.maximum.at(high, positions, values)
    variance = np.maximum(0, squares / counts - (sums / counts) ** 2)
    return counts, sums, low, high, variance


def op_statistic(prof: ProfDirectory) -> Table:
    rows = []
    for device, all_tasks in prof.tasks.items():
        tasks = _operators(all_tasks)
        if not len(tasks):
            continue
        keys, positions = _groups(
            prof.text_column(tasks["type"]), prof.text_column(tasks["engine"])
        )
        durations = np.array(duration_microseconds(tasks["end"] - tasks["start"]))
        counts, sums, low, high, _ = _statistics(positions, len(keys), durations)
        total = sums.sum() or 1.0
        for i in np.argsort(-sums, kind="stable").tolist():
            mean, share = sums[i] / counts[i], 100 * sums[i] / total
            times = (f"{value:.3f}" for value in (sums[i], low[i], mean, high[i], share))
            rows.append((device, *keys[i], counts[i], *times))
    return OP_STATISTIC, rows


def api_statistic(prof: ProfDirectory) -> Table:
    apis = prof.apis
    if not len(apis):
        return API_STATISTIC, []
    levels = [level for _, level in level_column(apis)]
    keys, positions = _groups(levels, prof.text_column(apis["item"]))
    durations = np.array(duration_microseconds(apis["end"] - apis["begin"]))
    counts, sums, low, high, variance = _statistics(positions, len(keys), durations)
    rows = []
    for i in np.argsort(-sums, kind="stable").tolist():
        times = (f"{value:.3f}" for value in (sums[i] / counts[i], low[i], high[i], variance[i]))
        rows.append(("host", *keys[i], f"{sums[i]:.3f}", counts[i], *times))
    return API_STATISTIC, rows


def task_time(prof: ProfDirectory) -> Table:
    rows: list[tuple] = []
    for device, tasks in prof.tasks.items():
        rows += zip(
            *_constants(len(tasks), device),
            prof.text_column(tasks["name"]),
            prof.text_column(tasks["engine"]),
            tasks["stream"].tolist(),
            tasks["task"].tolist(),
            microseconds(tasks["end"] - tasks["start"]),
            guarded_microseconds(tasks["start"] + prof.unix_offset),
            guarded_microseconds(tasks["end"] + prof.unix_offset),
            strict=True,
        )
    return TASK_TIME, rows


TABLES = {
    "op_summary": op_summary,
    "op_statistic": op_statistic,
    "api_statistic": api_statistic,
    "task_time": task_time,
}
