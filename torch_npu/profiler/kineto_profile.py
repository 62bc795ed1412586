"""Recording from start to stop: what every kind of profile has in common."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from torch_npu._C._profiler import ProfilerActivity

from . import log
from .analysis import export_trace
from .experimental_config import _ExperimentalConfig, supported_activities
from .metadata import Metadata, trace_id
from .report import AnalysedResult, KeyAverages, Summary
from .session import Session

# Options that are accepted but record nothing yet: said aloud, never silently ignored.
_NOT_AVAILABLE = (
    "profile_memory",
    "with_stack",
    "with_flops",
    "with_modules",
)


class _KinetoProfile:
    """Records from start() to stop(), without a schedule."""

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: _ExperimentalConfig | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        execution_trace_observer: Any = None,
    ) -> None:
        given = locals()
        for name in _NOT_AVAILABLE:
            if given[name]:
                log.warning(f"profile: {name} is not available yet and has no effect.")
        options = {
            "record_shapes": _checked_bool("record_shapes", record_shapes),
            **dict.fromkeys(_NOT_AVAILABLE, False),
        }
        if experimental_config is None:
            experimental_config = _ExperimentalConfig()
        elif not isinstance(experimental_config, _ExperimentalConfig):
            log.warning(
                "profile: experimental_config is no _ExperimentalConfig; defaults are used."
            )
            experimental_config = _ExperimentalConfig()
        self._session = Session(_checked_activities(activities), options, experimental_config)
        self._metadata = Metadata()
        self._trace_id_callback = custom_trace_id_callback
        self._trace_id = ""
        self._observer = execution_trace_observer
        self._handler: Callable | None = None
        self._analysed: AnalysedResult | None = None

    @property
    def result_directory(self) -> Path | None:
        """The directory of the last session, None before the first."""
        return self._session.directory

    @result_directory.setter
    def result_directory(self, directory: Path) -> None:
        self._session.directory = directory

    def start(self) -> None:
        if log.under_msprof():
            return
        self.init()
        self.start_recording()

    def stop(self) -> None:
        if log.under_msprof():
            return
        self.stop_recording()
        self.finalize()

    def init(self) -> None:
        self._trace_id = trace_id(self._trace_id_callback)
        self._session.init(self._handler, self._schedule_json())

    def start_recording(self) -> None:
        self._session.start()
        if self._observer is not None:
            self._observer.start()

    def stop_recording(self) -> None:
        if self._observer is not None:
            self._observer.stop()
        self._session.stop()

    def finalize(self) -> None:
        self._session.finalize(self._metadata.values, self._trace_id)

    def add_metadata(self, key: str, value: str) -> None:
        self._metadata.add(key, value)

    def add_metadata_json(self, key: str, value: str) -> None:
        """As add_metadata, with a value that is JSON text and stored as what it says."""
        self._metadata.add_json(key, value)

    def set_custom_trace_id_callback(self, callback: Callable[[], str]) -> None:
        self._trace_id_callback = callback

    def get_trace_id(self) -> str:
        return self._trace_id

    def export_chrome_trace(self, output_path: str) -> None:
        """Writes the timeline of the last session to `output_path` (.json or .json.gz)."""
        export_trace(self._recorded("export_chrome_trace"), Path(output_path))

    def export_perfetto_trace(self, output_path: str) -> None:
        """Writes the timeline of the last session for ui.perfetto.dev (.perfetto-trace)."""
        self._result("export_perfetto_trace").write_perfetto(Path(output_path))

    def export_html_report(self, output_path: str) -> None:
        """Writes a page with the summary of the last session, which needs nothing but itself."""
        self._result("export_html_report").write_html(Path(output_path))

    def key_averages(self, group_by_input_shape: bool = False) -> KeyAverages:
        """Times by operator and by kernel of the last session; print its table()."""
        return self._result("key_averages").key_averages(group_by_input_shape)

    def summary(self) -> Summary:
        """Where the time of the last session went: steps, gaps of the device, kernels. Print it."""
        return self._result("summary").summary()

    def _recorded(self, caller: str) -> Path:
        directory = self.result_directory
        if directory is None or not directory.is_dir():
            raise RuntimeError(f"{caller}: nothing has been recorded yet; call stop() first")
        return directory

    def _result(self, caller: str) -> AnalysedResult:
        directory = self._recorded(caller)
        if self._analysed is None or self._analysed.directory != directory:
            self._analysed = AnalysedResult(directory)
        return self._analysed

    def export_stacks(self, output_path: str, metric: str = "self_cpu_time_total") -> None:
        raise NotImplementedError("export_stacks is not available yet: stacks are not recorded")

    def export_memory_timeline(self, output_path: str, device: str | None = None) -> None:
        raise NotImplementedError(
            "export_memory_timeline is not available yet: memory is not recorded"
        )

    def _schedule_json(self) -> dict:
        return {}


def _checked_bool(name: str, value: bool) -> bool:
    if isinstance(value, bool):
        return value
    log.warning(f"profile: {name} must be a bool, got {value!r}; False is used.")
    return False


def _checked_activities(activities: Iterable[ProfilerActivity] | None) -> set[ProfilerActivity]:
    wanted = supported_activities() if activities is None else set(activities)
    if not wanted or not wanted <= supported_activities():
        log.warning(f"profile: unknown activities {activities!r}; CPU and NPU are recorded.")
        wanted = supported_activities()
    if ProfilerActivity.NPU in wanted and not torch.npu.is_available():
        log.warning("profile: there is no NPU; only the host is recorded.")
        wanted = {ProfilerActivity.CPU}
    return wanted
