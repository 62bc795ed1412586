"""Result directories with known content, as recording and msprof leave them."""

import json
import struct
from pathlib import Path

from torch_npu.profiler.analysis import msprof

HOST_PID = 42
CANN_PID, NPU_PID, COMM_PID, OVERLAP_PID = (
    HOST_PID << 10 | index << 5 | device for index, device in ((7, 31), (14, 0), (16, 0), (31, 0))
)
THREAD, QUEUE_THREAD = 100, 200


def microseconds(nanoseconds: int) -> str:
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def field(tag: int, text: str) -> bytes:
    return struct.pack("<HI", tag, len(text.encode())) + text.encode() if text else b""


class SyntheticResult:
    """Collects records; write() puts them into a directory. Times: Unix ns."""

    def __init__(self, parent: Path, name: str = "host_1_20250101000000000_ascend_pt") -> None:
        self.directory = parent / name
        self.prof = self.directory / "PROF_000001_20250101000000000_1AA"
        self.level = "Level1"
        self.export_types = ["text"]
        self.extra_info: dict = {}
        self.operators = b""
        self.marks = b""
        self.events: list[dict] = []
        self.connections = 0
        for pid, process, label in (
            (CANN_PID, "CANN", "CPU"),
            (NPU_PID, "Ascend Hardware", "NPU 0"),
            (COMM_PID, "Communication", "NPU 0"),
            (OVERLAP_PID, "Overlap Analysis", "NPU 0"),
        ):
            for event, args in (
                ("process_name", {"name": process}),
                ("process_labels", {"labels": label}),
            ):
                self.events.append({"ph": "M", "name": event, "pid": pid, "tid": 0, "args": args})

    def op(self, name, start, end, *, thread=THREAD, shapes="", dtypes="", stack="", modules=""):
        head = struct.pack("<3q4QB?", start, end, -1, HOST_PID, thread, thread, 0, 0, False)
        fields = ((2, name), (3, dtypes), (4, shapes), (8, stack), (9, modules))
        body = head + b"".join(field(tag, text) for tag, text in fields)
        self.operators += struct.pack("<HI", 1, len(body)) + body

    def queued(self, name, correlation, enqueue, dequeue) -> None:
        """`enqueue`, `dequeue`: (begin, end)."""
        times = (*enqueue, *dequeue)
        for category, time in enumerate(times):
            thread = THREAD if category < 2 else QUEUE_THREAD
            body = struct.pack("<q4Q", time, category, correlation, thread, HOST_PID)
            body += field(1, name)
            self.marks += struct.pack("<HI", 2, len(body)) + body

    def kernel(self, name, launch, start, end, *, thread=THREAD, stream=3, kind="AI_CORE") -> int:
        """A launch of 10 ns, and its task; returns their connection."""
        self.connections += 1
        args = {"connection_id": self.connections}
        self._slice("Node@launch", CANN_PID, thread, launch, launch + 10, args)
        args = {"Task Type": kind, "Task Id": self.connections, **args}
        self._slice(name, NPU_PID, stream, start, end, args)
        return self.connections

    def overlap(self, name, start, end) -> None:
        self._slice(name, OVERLAP_PID, 0, start, end, {})

    def _slice(self, name, pid, tid, start, end, args) -> None:
        event = {"ph": "X", "name": name, "pid": pid, "tid": tid, "ts": microseconds(start)}
        self.events.append({**event, "dur": (end - start) / 1000, "args": args})

    def write(self, monkeypatch) -> Path:
        framework, cann = self.directory / "FRAMEWORK", self.prof / "mindstudio_profiler_output"
        for folder in (framework, self.prof / "host", cann):
            folder.mkdir(parents=True)
        (framework / "torch.op_range").write_bytes(self.operators)
        if self.marks:
            (framework / "torch.op_mark").write_bytes(self.marks)
        clocks = {"collectionTimeBegin": "0", "clockMonotonicRaw": "0"}
        (self.prof / "host" / "start_info").write_text(json.dumps(clocks))
        (cann / "msprof_1.json").write_text(json.dumps(self.events))
        experimental = {
            "_profiler_level": self.level,
            "_data_simplification": False,
            "_export_type": self.export_types,
        }
        info = {
            "config": {"experimental_config": experimental},
            "start_info": {},
            "end_info": {},
            **self.extra_info,
        }
        suffix = f"_{info['rank_id']}" if "rank_id" in info else ""
        (self.directory / f"profiler_info{suffix}.json").write_text(json.dumps(info))
        monkeypatch.setattr(msprof, "export", lambda prof: prof / "mindstudio_profiler_output")
        return self.directory
