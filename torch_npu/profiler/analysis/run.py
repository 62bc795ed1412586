"""Analysis of one result directory, from raw records to files."""

import csv
import gzip
import json
import re
import shutil
import time
from pathlib import Path

from .. import log, output_directory
from . import device_timeline, host_ops, msprof, tables, trace_view
from .join import Joined, join
from .step_time import step_trace_time

_OUTPUT = "ASCEND_PROFILER_OUTPUT"
_PROF_NAME = re.compile(r"^PROF_\d+_\d+_[0-9A-Za-z]+$")
_DETAILED_LEVELS = ("Level1", "Level2")


class _Result:
    """What is known of one result directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        info = output_directory.read_info(directory)
        self.level = info["config"]["experimental_config"]["_profiler_level"]
        self.simplify = info["config"]["experimental_config"]["_data_simplification"]
        found = sorted(entry for entry in directory.iterdir() if _PROF_NAME.match(entry.name))
        self.prof = found[-1] if found else None
        end = info["end_info"]
        self.unix_offset = end["collectionTimeEnd"] - end["MonotonicTimeEnd"]
        if self.prof is not None:
            # The device's records use this offset: host and device must agree to the nanosecond.
            start = json.loads((self.prof / "host" / "start_info").read_text())
            self.unix_offset = int(start["collectionTimeBegin"]) * 1000 - int(
                start["clockMonotonicRaw"]
            )
        self.cann_output = msprof.export(self.prof) if self.prof is not None else None

    def joined(self) -> Joined:
        ops = host_ops.read(self.directory / "FRAMEWORK" / "torch.op_range", self.unix_offset)
        timeline = device_timeline.DeviceTimeline()
        if self.cann_output is not None:
            timeline = device_timeline.read(self.cann_output)
        return join(ops, timeline)


def analyse_directory(directory: Path) -> Path:
    """Writes ASCEND_PROFILER_OUTPUT, replacing that of an earlier analysis; returns it."""
    begin = time.monotonic()
    log.info(f"Start parsing profiling data in sync mode at: {directory}")
    result = _Result(directory)
    joined = result.joined()
    output = directory / _OUTPUT
    shutil.rmtree(output, ignore_errors=True)
    output_directory.make_directory(output)
    with output_directory.open_file(output / "trace_view.json") as file:
        trace_view.write(joined, result.level, file)
    for name, table in _tables(result, joined):
        _write_csv(output / f"{name}.csv", table)
    if result.simplify and result.prof is not None:
        shutil.rmtree(result.cann_output)
    with output_directory.open_file(output / "analyse.done"):
        pass  # empty: says that everything else is complete
    _report_unjoined(joined)
    seconds = time.monotonic() - begin
    log.info(f"All profiling data parsed in a total time of {seconds:.1f}s: {output}")
    return output


def export_trace(directory: Path, output_path: Path) -> None:
    """Writes trace_view.json alone to `output_path`, compressed if that ends in .gz."""
    result = _Result(directory)
    output_directory.make_directory(output_path.absolute().parent)
    if output_path.suffix == ".gz":
        with gzip.open(output_path, "wt") as file:
            trace_view.write(result.joined(), result.level, file)
    else:
        with output_directory.open_file(output_path) as file:
            trace_view.write(result.joined(), result.level, file)


def _tables(result: _Result, joined: Joined):
    if len(joined.ops):
        yield "operator_details", tables.operator_details(joined)
    if result.cann_output is None or result.level == "Level_none":
        return
    yield "kernel_details", tables.kernel_details(joined, result.cann_output, result.level)
    yield "step_trace_time", step_trace_time(joined)
    yield "task_time", tables.copied(result.cann_output, "task_time")
    if result.level in _DETAILED_LEVELS:
        for name in ("op_statistic", "api_statistic"):
            yield name, tables.copied(result.cann_output, name)


def _write_csv(path: Path, table: tables.Table) -> None:
    header, rows = table
    rows = list(rows)
    if not rows:  # a table without rows is no file
        return
    with output_directory.open_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _report_unjoined(joined: Joined) -> None:
    if not len(joined.ops):
        return
    lost = int((joined.is_kernel & (joined.op < 0)).sum())
    if lost:
        log.warning(
            f"{lost} of {int(joined.is_kernel.sum())} kernels were launched outside of any "
            "recorded operator; trace_view.json has no torch_to_npu arrow for them."
        )
