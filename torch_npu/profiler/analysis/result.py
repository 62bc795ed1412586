"""One result directory as the analysis finds it."""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import log, output_directory
from . import device_timeline, gc_events, host_ops, msprof, queue_marks
from .join import Joined, join
from .stages import Stages

OUTPUT = "ASCEND_PROFILER_OUTPUT"
_INTERMEDIATE = ("mindstudio_profiler_output", "mindstudio_profiler_log", "analyze")
DETAILED_LEVELS = ("Level1", "Level2")
_PROF_NAME = re.compile(r"^PROF_\d+_\d+_[0-9A-Za-z]+$")


class ResultDirectory:
    """What is known of one result directory, and its records as columns."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.output = directory / OUTPUT
        self.info = output_directory.read_info(directory)
        experimental = self.info["config"]["experimental_config"]
        self.level: str = experimental["_profiler_level"]
        self.simplify: bool = experimental["_data_simplification"]
        self.export_types: list[str] = experimental["_export_type"]
        found = sorted(entry for entry in directory.iterdir() if _PROF_NAME.match(entry.name))
        self.prof = found[-1] if found else None
        self.unix_offset = self._unix_offset()
        self.cann_output: Path | None = None
        self.stages = Stages()

    @property
    def rank(self) -> int | None:
        return self.info.get("rank_id")

    @property
    def has_device(self) -> bool:
        return self.cann_output is not None and self.level != "Level_none"

    def metadata(self) -> dict:
        path = self.directory / "profiler_metadata.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def remove_intermediate(self) -> None:
        """Deletes what msprof has exported, unless it shall be kept: raw data has it all."""
        if self.simplify and self.prof is not None:
            for name in _INTERMEDIATE:
                shutil.rmtree(self.prof / name, ignore_errors=True)

    def collections(self) -> gc_events.GcEvents:
        return gc_events.read(self._framework("torch.gc_record"), self.unix_offset)

    def joined(self) -> Joined:
        """Reads all records; what msprof has to export is exported first."""
        if self.prof is not None:
            with self.stages("export of device records by msprof"):
                self.cann_output = self._export(self.prof)
        # Numpy lets go of the interpreter's lock, so that two threads are faster than one.
        with ThreadPoolExecutor(1) as pool:
            host = pool.submit(self._read_host)
            with self.stages("reading the device timeline"):
                timeline = device_timeline.DeviceTimeline()
                if self.cann_output is not None:
                    timeline = device_timeline.read(self.cann_output, self.level)
            ops, marks = host.result()
        with self.stages("joining device tasks to host operators"):
            return join(ops, marks, timeline)

    def _export(self, prof: Path) -> Path | None:
        try:
            return msprof.export(prof)
        except RuntimeError as error:
            if self.info["end_info"]:
                raise
            # The process was killed: what CANN had not written yet may be what msprof needs.
            log.error(f"Only the host's records are analysed, as the device's are cut off: {error}")
            return None

    def _read_host(self) -> tuple[host_ops.HostOps, queue_marks.QueueMarks]:
        with self.stages("reading host operators"):
            ops = host_ops.read(self._framework("torch.op_range"), self.unix_offset)
        with self.stages("reading marks of the task queue"):
            return ops, queue_marks.read(self._framework("torch.op_mark"), self.unix_offset)

    def _framework(self, name: str) -> Path:
        return self.directory / "FRAMEWORK" / name

    def _unix_offset(self) -> int:
        """What turns the clock of the records into Unix ns."""
        if self.prof is not None:
            # The device's records use this offset: both sides must agree to the nanosecond.
            start = json.loads((self.prof / "host" / "start_info").read_text())
            return int(start["collectionTimeBegin"]) * 1000 - int(start["clockMonotonicRaw"])
        end, start = self.info["end_info"], self.info["start_info"]
        if end:
            return end["collectionTimeEnd"] - end["MonotonicTimeEnd"]
        return start["collectionTimeBegin"] - start["start_monotonic"]  # the process was killed
