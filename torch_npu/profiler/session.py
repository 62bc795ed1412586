"""One recorded session: directory, collection and descriptive files."""

import os
import tempfile
import time
import weakref
from pathlib import Path

from torch_npu import _C

from . import log, output_directory
from .experimental_config import _ExperimentalConfig
from .gc_detector import GcDetector
from .trace_handler import TraceHandler


class Session:
    """Drives collection in C++: init, [warmup], start, stop, finalize, and again from init."""

    def __init__(
        self, activities: set, options: dict[str, bool], experimental: _ExperimentalConfig
    ) -> None:
        self.activities = activities
        self._options = options
        self._experimental = experimental
        self._start_info = {"syscnt_enable": False, "freq": 0, "start_cnt": 0}
        self._open = False
        threshold = experimental.gc_detect_threshold
        self._gc = None if threshold is None else GcDetector(threshold)
        self._fallbacks: dict[str, int] = {}
        self._schedule: dict = {}
        self.directory: Path | None = None

    def init(self, handler, schedule: dict) -> None:
        self._schedule = schedule
        parent, worker = self._destination(handler)
        self.directory = output_directory.create(parent, worker)
        try:
            _C._profiler._init_profiler(str(self.directory), self.activities)
        except RuntimeError:
            output_directory.remove(self.directory)
            raise
        self._open = True

    def warmup(self) -> None:
        _C._profiler._warmup_profiler(self._native())

    def start(self) -> None:
        self._start_info |= {
            "start_monotonic": _C._profiler._get_monotonic(),
            "collectionTimeBegin": time.time_ns(),
        }
        # Written now, so that what a killed process leaves behind can be analysed.
        self._write_info(end_info={})
        self._fallbacks = _C.fallback_stats()
        _C._profiler._start_profiler(self._native())
        if self._gc is not None:
            self._gc.start()

    def stop(self) -> None:
        lost = _C._profiler._stop_profiler()
        if self._gc is not None:
            self._gc.stop(self.directory / "FRAMEWORK")
        if lost:
            log.warning(f"{lost} host events were lost: the disk did not keep up.")

    def close(self) -> None:
        """Ends collection, in whatever state it is. The directory stays."""
        if self._gc is not None:
            self._gc.detach()
        if self._open:
            self._open = False
            _C._profiler._finalize_profiler()

    def finalize(self, metadata: dict, trace_id: str) -> None:
        self.close()
        monotonic = _C._profiler._get_monotonic()
        self._write_info({"collectionTimeEnd": time.time_ns(), "MonotonicTimeEnd": monotonic})
        output_directory.write_metadata(self.directory, metadata, trace_id)

    def _write_info(self, end_info: dict) -> None:
        config = {
            "common_config": {
                "activities": sorted(str(activity) for activity in self.activities),
                "schedule": self._schedule,
                **self._options,
            },
            "experimental_config": self._experimental.to_json(),
        }
        fallbacks = {
            name: count - self._fallbacks.get(name, 0)
            for name, count in (_C.fallback_stats() if end_info else {}).items()
        }
        output_directory.write_info(
            self.directory,
            {
                "config": config,
                "start_info": self._start_info,
                "end_info": end_info,
                "cann_version": _cann_version(),
                "cpu_fallbacks": {name: count for name, count in fallbacks.items() if count},
            },
        )

    def discard(self) -> None:
        self.close()
        output_directory.remove(self.directory)

    def _native(self) -> _C._profiler.Config:
        return self._experimental.native(self._options["record_shapes"])

    def _destination(self, handler) -> tuple[Path, str | None]:
        """Where the directory is created, and the worker's name in it."""
        if isinstance(handler, TraceHandler) and handler.directory is not None:
            return handler.directory, handler.worker_name
        worker = handler.worker_name if isinstance(handler, TraceHandler) else None
        work_path = os.environ.get("ASCEND_WORK_PATH")
        if work_path:
            return Path(work_path) / "profiling_data", worker
        if handler is not None:
            return Path.cwd(), worker
        # Nobody asked for files: what an export needs lives as long as the session.
        temporary = Path(tempfile.mkdtemp(prefix="torch_npu_profiler_"))
        weakref.finalize(self, output_directory.remove, temporary)
        return temporary, worker


def _cann_version() -> str:
    """From the line "Version=9.1.0" of the CANN in use."""
    from torch_npu import _loader

    version_file = Path(_loader.cann_home() or "") / "version.cfg"
    if version_file.is_file():
        for line in version_file.read_text().splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "Version":
                return value.strip()
    return "unknown"
