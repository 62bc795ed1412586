"""One recorded session: directory, collection and descriptive files."""

import os
import tempfile
import weakref
from pathlib import Path

from torch_npu import _C

from . import log, output_directory
from .experimental_config import _ExperimentalConfig
from .trace_handler import TraceHandler


class Session:
    """Drives collection in C++: init, [warmup], start, stop, finalize, and again from init."""

    def __init__(
        self, activities: set, options: dict[str, bool], experimental: _ExperimentalConfig
    ) -> None:
        self.activities = activities
        self._options = options
        self._experimental = experimental
        self._start_monotonic = 0
        self._open = False
        self.directory: Path | None = None

    def init(self, handler) -> None:
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
        self._start_monotonic = _C._profiler._get_monotonic()
        _C._profiler._start_profiler(self._native())

    def stop(self) -> None:
        lost = _C._profiler._stop_profiler()
        if lost:
            log.warning(f"{lost} host events were lost: the disk did not keep up.")

    def close(self) -> None:
        """Ends collection, in whatever state it is. The directory stays."""
        if self._open:
            self._open = False
            _C._profiler._finalize_profiler()

    def finalize(self, schedule: dict, metadata: dict, trace_id: str) -> None:
        self.close()
        config = {
            "common_config": {
                "activities": sorted(str(activity) for activity in self.activities),
                "schedule": schedule,
                **self._options,
            },
            "experimental_config": self._experimental.to_json(),
        }
        monotonic = _C._profiler._get_monotonic()
        output_directory.write_info(
            self.directory, config, self._start_monotonic, monotonic, _cann_version()
        )
        output_directory.write_metadata(self.directory, metadata, trace_id)

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
