"""Analysis of one result directory, from raw records to files."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import log, output_directory
from . import communication, database, tables, trace_view
from .join import Joined
from .result import DETAILED_LEVELS, ResultDirectory
from .step_time import step_trace_time


def analyse_directory(directory: Path, export_types: list[str] | None = None) -> ResultDirectory:
    """Writes ASCEND_PROFILER_OUTPUT, replacing that of an earlier analysis.

    `export_types`: "text" and "db", by default what was asked for when recording.
    """
    log.info(f"Start parsing profiling data in sync mode at: {directory}")
    result = ResultDirectory(directory)
    joined = result.joined()
    output_directory.recreate(result.output)
    types = export_types or result.export_types
    if "text" in types:
        _write_text(result, joined)
    if "db" in types:
        with result.stages("writing databases"):
            database.write(result, joined)
    result.remove_intermediate()
    with output_directory.open_file(result.output / "analyse.done"):
        pass  # empty: says that everything else is complete
    _report_unjoined(joined)
    log.info(
        f"All profiling data parsed in a total time of {result.stages.total:.1f}s: {result.output}"
    )
    return result


def export_trace(directory: Path, output_path: Path) -> None:
    """Writes trace_view.json alone to `output_path`, compressed if that ends in .gz."""
    result = ResultDirectory(directory)
    joined, collections = result.joined(), result.collections()
    output_directory.make_directory(output_path.absolute().parent)
    with output_directory.open_file(output_path, "wb") as file:
        if output_path.suffix == ".gz":
            with gzip.open(file, "wb") as compressed:
                trace_view.write(joined, collections, compressed)
        else:
            trace_view.write(joined, collections, file)
    result.remove_intermediate()


def _write_text(result: ResultDirectory, joined: Joined) -> None:
    output = result.output
    with ThreadPoolExecutor(1) as pool:
        trace = pool.submit(_write_trace, result, joined)
        for name, texts in _tables(result, joined):
            with result.stages(f"writing {name}.csv"):
                _write_table(output / f"{name}.csv", texts)
        if result.has_device and result.level in DETAILED_LEVELS:
            with result.stages("communication"):
                communication.write_json(result, joined)
        trace.result()


def _write_trace(result: ResultDirectory, joined: Joined) -> None:
    with (
        result.stages("writing trace_view.json"),
        output_directory.open_file(result.output / "trace_view.json", "wb") as file,
    ):
        trace_view.write(joined, result.collections(), file)


# Tables that are msprof's own; those that it has not written are no file.
_DETAILED_TABLES = ("op_statistic", "api_statistic")
_COPIED_TABLES = (
    "task_time",
    *_DETAILED_TABLES,
    "l2_cache",
    "soc_pmu",
    "nic",
    "roce",
    "pcie",
    "hccs",
)


def _tables(result: ResultDirectory, joined: Joined) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield "operator_details", tables.operator_details(joined)
    if not result.has_device:
        return
    yield "kernel_details", tables.kernel_details(joined, result.cann_output, result.level)
    yield "step_trace_time", step_trace_time(joined)
    for name in _COPIED_TABLES:
        detailed = name in _DETAILED_TABLES
        if not detailed or result.level in DETAILED_LEVELS:
            yield name, tables.copied(result.cann_output, name)


def _write_table(path: Path, texts: Iterator[bytes]) -> None:
    """`texts`: the header, then the rows; a table without rows is no file."""
    header, first = next(texts, b""), next(texts, b"")
    if not first:
        return
    with output_directory.open_file(path, "wb") as file:
        file.write(header + first)
        file.writelines(texts)


def _report_unjoined(joined: Joined) -> None:
    if not len(joined.ops):
        return
    lost = int((joined.is_kernel & (joined.op < 0)).sum())
    if lost:
        log.warning(
            f"{lost} of {int(joined.is_kernel.sum())} kernels were launched outside of any "
            "recorded operator; trace_view.json has no torch_to_npu arrow for them."
        )
