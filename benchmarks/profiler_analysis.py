"""Speed and memory of the profiler's analysis, on synthetic results that no device had to make.

A kernel stands for two host operators, four marks of the task queue, a CANN call, a launch, a task,
both ends of the arrow between them, and a row of op_summary. What CANN's msprof exports is
prepared, so its own time is not counted.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_BEGIN = 1_735_689_600_000_000_000  # Unix ns
_PERIOD = 20_000  # ns between launches
_NAMES = [f"aclnnOp{i}_OpAiCore_Op" for i in range(40)]
_RECORDS_PER_KERNEL = 12
_STEPS = 10
_THREAD, _QUEUE_THREAD = 2, 4
_SUMMARY_HEADER = (
    "Device_id,Model ID,Task ID,Stream ID,Op Name,OP Type,OP State,Task Type,Task Start Time(us),"
    "Task Duration(us),Task Wait Time(us),Block Num,Mix Block Num,HF32 Eligible,Input Shapes,"
    "Input Data Types,Input Formats,Output Shapes,Output Data Types,Output Formats,Context ID"
)


def write_result(directory: Path, kernels: int) -> int:
    """Writes a result directory as recording and msprof leave it; returns its records."""
    framework, prof = directory / "FRAMEWORK", directory / "PROF_000001_20250101000000000_1AA"
    cann = prof / "mindstudio_profiler_output"
    for folder in (framework, prof / "host", cann):
        folder.mkdir(parents=True)
    (prof / "host" / "start_info").write_text(
        json.dumps({"collectionTimeBegin": "0", "clockMonotonicRaw": "0"})
    )
    experimental = {
        "_profiler_level": "Level1",
        "_data_simplification": False,
        "_export_type": ["text"],
    }
    info = {"config": {"experimental_config": experimental}, "start_info": {}, "end_info": {}}
    (directory / "profiler_info.json").write_text(json.dumps(info))
    _write_operators(framework / "torch.op_range", kernels)
    _write_marks(framework / "torch.op_mark", kernels)
    _write_timeline(cann / "msprof_20250101000000.json", kernels)
    _write_summary(cann / "op_summary_20250101000000.csv", kernels)
    return kernels * _RECORDS_PER_KERNEL + _STEPS


def _operator_bytes(name: bytes, shapes: bytes) -> np.dtype:
    length = 58 + 6 + len(name) + 6 + len(shapes)
    return np.dtype(
        [
            ("kind", "<u2"),
            ("length", "<u4"),
            ("start", "<i8"),
            ("end", "<i8"),
            ("sequence", "<i8"),
            ("process", "<u8"),
            ("thread", "<u8"),
            ("end_thread", "<u8"),
            ("forward_thread", "<u8"),
            ("flags", "<u2"),
            ("name_tag", "<u2"),
            ("name_length", "<u4"),
            ("name", f"S{len(name)}"),
            ("shapes_tag", "<u2"),
            ("shapes_length", "<u4"),
            ("shapes", f"S{len(shapes)}"),
        ],
        metadata={"length": length},
    )


def _write_operators(path: Path, kernels: int) -> None:
    starts = _BEGIN + np.arange(kernels) * _PERIOD
    with open(path, "wb") as file:
        step = kernels // _STEPS
        for number in range(_STEPS):
            begin = _BEGIN + number * step * _PERIOD - 500
            end = _BEGIN + (number + 1) * step * _PERIOD - 600
            _write_range(file, np.array([begin]), np.array([end]), f"ProfilerStep#{number}")
        for group in range(50):
            rows = starts[group::50]
            _write_range(file, rows, rows + 16_000, f"aten::outer{group}")
            _write_range(file, rows + 1_000, rows + 15_000, f"aten::inner{group}")


def _write_range(file, starts: np.ndarray, ends: np.ndarray, name: str) -> None:
    encoded, shapes = name.encode(), b"128,256;256,512"
    dtype = _operator_bytes(encoded, shapes)
    rows = np.zeros(len(starts), dtype)
    rows["kind"], rows["length"] = 1, dtype.metadata["length"]
    rows["start"], rows["end"], rows["sequence"] = starts, ends, -1
    rows["process"], rows["thread"], rows["end_thread"] = 1, _THREAD, _THREAD
    rows["name_tag"], rows["name_length"], rows["name"] = 2, len(encoded), encoded
    rows["shapes_tag"], rows["shapes_length"], rows["shapes"] = 4, len(shapes), shapes
    file.write(rows.tobytes())


def _write_marks(path: Path, kernels: int) -> None:
    name = b"aclnnOp"
    dtype = np.dtype(
        [
            ("kind", "<u2"),
            ("length", "<u4"),
            ("time", "<i8"),
            ("category", "<u8"),
            ("correlation", "<u8"),
            ("thread", "<u8"),
            ("process", "<u8"),
            ("name_tag", "<u2"),
            ("name_length", "<u4"),
            ("name", f"S{len(name)}"),
        ]
    )
    rows = np.zeros((kernels, 4), dtype)
    rows["kind"], rows["length"] = 2, 40 + 6 + len(name)
    rows["time"] = (_BEGIN + np.arange(kernels) * _PERIOD)[:, None] + [1500, 1900, 2900, 9500]
    rows["category"], rows["correlation"] = range(4), np.arange(kernels)[:, None]
    rows["thread"], rows["process"] = [_THREAD, _THREAD, _QUEUE_THREAD, _QUEUE_THREAD], 1
    rows["name_tag"], rows["name_length"], rows["name"] = 1, len(name), name
    path.write_bytes(rows.tobytes())


def _microseconds(nanoseconds: int) -> str:
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def _write_timeline(path: Path, kernels: int) -> None:
    cann, device, overlap = 1 << 10 | 7 << 5 | 31, 1 << 10 | 14 << 5, 1 << 10 | 31 << 5
    with open(path, "w") as file:
        file.write("[\n")
        for pid, name, label in (
            (cann, "CANN", "CPU"),
            (device, "Ascend Hardware", "NPU 0"),
            (overlap, "Overlap Analysis", "NPU 0"),
        ):
            for event, args in (("process_name", {"name": name}), ("process_labels", label)):
                args = args if isinstance(args, dict) else {"labels": args}
                row = {"name": event, "pid": pid, "tid": 0, "args": args, "ph": "M"}
                file.write(json.dumps(row) + ",\n")
        for i in range(kernels):
            launch, start = _BEGIN + i * _PERIOD + 3_000, _BEGIN + i * _PERIOD + 9_000
            name, flow = _NAMES[i % len(_NAMES)], (i + 1) << 32
            call = (
                f'"args": {{"Thread Id": {_QUEUE_THREAD}, "Mode": "x", "level": "node", "id": "x", '
                f'"item_id": "0", "connection_id": {i + 1}}}, "ph": "X"}},\n'
            )
            file.write(
                f'{{"name": "AscendCL@aclnnOp", "pid": {cann}, "tid": {_QUEUE_THREAD}, '
                f'"ts": "{_microseconds(launch)}", "dur": 6.0, {call}'
                f'{{"name": "Node@launch", "pid": {cann}, "tid": {_QUEUE_THREAD}, '
                f'"ts": "{_microseconds(launch + 2_000)}", "dur": 2.5, {call}'
                f'{{"name": "{name}", "pid": {device}, "tid": 3, "ts": "{_microseconds(start)}", '
                f'"dur": 8.125, "args": {{"Model Id": 4294967295, "Task Type": "AI_CORE", '
                f'"Physic Stream Id": 3, "Task Id": {i}, "Batch Id": 0, '
                f'"Subtask Id": 4294967295, "connection_id": {i + 1}}}, "ph": "X"}},\n'
                f'{{"name": "HostToDevice{flow}", "cat": "HostToDevice", "id": "{flow}", '
                f'"ph": "s", "pid": {cann}, "tid": {_QUEUE_THREAD}, '
                f'"ts": "{_microseconds(launch + 2_000)}"}},\n'
                f'{{"name": "HostToDevice{flow}", "cat": "HostToDevice", "id": "{flow}", '
                f'"ph": "f", "bp": "e", "pid": {device}, "tid": 3, '
                f'"ts": "{_microseconds(start)}"}},\n'
            )
        file.write(
            f'{{"name": "Computing", "pid": {overlap}, "tid": 0, "ts": "{_microseconds(_BEGIN)}", '
            f'"dur": {kernels * 8.125}, "args": {{}}, "ph": "X"}}\n]\n'
        )


def _write_summary(path: Path, kernels: int) -> None:
    with open(path, "w", newline="") as file:
        file.write(_SUMMARY_HEADER + "\n")
        shapes = ('"128,256;256,512"', "FLOAT;FLOAT", "ND;ND")
        csv.writer(file, lineterminator="\n").writerows(
            (
                *(0, 4294967295, i, 3, _NAMES[i % len(_NAMES)], "Op", "dynamic", "AI_CORE"),
                _microseconds(_BEGIN + i * _PERIOD + 9_000) + "\t",
                *("8.125", "11.875", 20, 0, "NO", *shapes, *shapes, "N/A"),
            )
            for i in range(kernels)
        )


def measure(directory: Path, records: int) -> None:
    """In a process of its own, whose peak memory is that of the analysis."""
    import resource

    import torch_npu.profiler.report  # noqa: F401 - everything that the analysis imports
    from torch_npu.profiler.analysis import analyse_directory, msprof

    msprof.export = lambda prof: prof / "mindstudio_profiler_output"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, cpu = time.monotonic(), time.process_time()
    result = analyse_directory(directory)
    seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    written = sum(path.stat().st_size for path in result.output.iterdir())
    print(
        f"{records} records: {seconds:.2f} s, {records / seconds:,.0f} records/s "
        f"({cpu:.2f} s of CPU, {records / cpu:,.0f} records/s), peak memory {peak / 1e6:.0f} MB, "
        f"{peak / records:.0f} B/record, {written / 1e6:.0f} MB written"
    )
    for name, part in sorted(result.stages.seconds.items(), key=lambda item: -item[1]):
        print(f"  {part:7.2f} s  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernels", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--directory", type=Path, help="where results are written and deleted")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), int(options.measure[1]))
        return
    for kernels in options.kernels:
        with tempfile.TemporaryDirectory(dir=options.directory) as folder:
            directory = Path(folder) / "host_1_20250101000000000_ascend_pt"
            records = write_result(directory, kernels)
            command = [sys.executable, __file__, "--measure", str(directory), str(records)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
