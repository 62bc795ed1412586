"""Reads a profiler's result directory the way its users' tools do."""

import csv
import ctypes
import json
from pathlib import Path

import ascend_emulator

import torch_npu.profiler as npu_profiler

LEVEL1 = {"profiler_level": npu_profiler.ProfilerLevel.Level1}


def emulator_task_count(device: int = 0) -> int:
    """Kernels that the emulator itself has counted."""
    library = ctypes.CDLL(str(Path(ascend_emulator.home()) / "lib64" / "libascendcl.so"))
    library.emulatorTaskCount.restype = ctypes.c_uint64
    return library.emulatorTaskCount(device)


def level1() -> npu_profiler._ExperimentalConfig:
    return npu_profiler._ExperimentalConfig(**LEVEL1)


class Result:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.output = directory / "ASCEND_PROFILER_OUTPUT"

    def trace(self) -> list[dict]:
        return json.loads((self.output / "trace_view.json").read_text())

    def slices(self, process: str) -> list[dict]:
        trace = self.trace()
        pids = {
            e["pid"] for e in trace if e["name"] == "process_name" and e["args"]["name"] == process
        }
        return [e for e in trace if e["ph"] == "X" and e["pid"] in pids]

    def kernels(self) -> list[dict]:
        """Slices of kernels, without copies and events."""
        quiet = ("MEMCPY", "EVENT", "HOST")
        return [
            e
            for e in self.slices("Ascend Hardware")
            if not e["args"]["Task Type"].startswith(quiet)
        ]

    def op_of_kernel(self) -> dict[tuple, dict]:
        """(pid, tid, ts) of a task -> the host operator's slice, by the torch_to_npu arrows."""
        trace = self.trace()
        ops = {(e["pid"], e["tid"], e["ts"]): e for e in self.slices("Python")}
        starts = {}
        for e in trace:
            if e.get("cat") == "async_npu" and e["ph"] == "s":
                starts.setdefault(e["id"], []).append(ops[e["pid"], e["tid"], e["ts"]])
        joined = {}
        for e in trace:
            if e.get("cat") == "async_npu" and e["ph"] == "f":
                joined[e["pid"], e["tid"], e["ts"]] = starts[e["id"]].pop(0)
        return joined

    def table(self, name: str) -> tuple[list[str], list[dict]]:
        with open(self.output / f"{name}.csv", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        return reader.fieldnames, rows


def only_result(parent: Path) -> Result:
    (directory,) = parent.iterdir()
    return Result(directory)


def position(event: dict) -> tuple:
    return event["pid"], event["tid"], event["ts"]
