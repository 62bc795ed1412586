"""torch_npu.profiler.profile: the object that users hold."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from torch_npu._C._profiler import ProfilerActivity

from . import log
from .analysis import export_trace
from .experimental_config import _ExperimentalConfig, supported_activities
from .metadata import Metadata, trace_id
from .schedule import ProfilerAction, Schedule, always_record
from .session import Session
from .transitions import TRANSITIONS

# Options that are accepted but record nothing yet: said aloud, never silently ignored.
_NOT_AVAILABLE = (
    "profile_memory",
    "with_stack",
    "with_flops",
    "with_modules",
    "execution_trace_observer",
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
            **dict.fromkeys(_NOT_AVAILABLE[:-1], False),
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
        self._handler: Callable | None = None

    @property
    def result_directory(self) -> Path | None:
        """The directory of the last session, None before the first."""
        return self._session.directory

    @result_directory.setter
    def result_directory(self, directory: Path) -> None:
        self._session.directory = directory

    def start(self) -> None:
        self.init()
        self.start_recording()

    def stop(self) -> None:
        self.stop_recording()
        self.finalize()

    def init(self) -> None:
        self._trace_id = trace_id(self._trace_id_callback)
        self._session.init(self._handler)

    def start_recording(self) -> None:
        self._session.start()

    def stop_recording(self) -> None:
        self._session.stop()

    def finalize(self) -> None:
        self._session.finalize(self._schedule_json(), self._metadata.values, self._trace_id)

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
        if self.result_directory is None or not self.result_directory.is_dir():
            raise RuntimeError(
                "export_chrome_trace: nothing has been recorded yet; call stop() first"
            )
        export_trace(self.result_directory, Path(output_path))

    def export_stacks(self, output_path: str, metric: str = "self_cpu_time_total") -> None:
        raise NotImplementedError("export_stacks is not available yet: stacks are not recorded")

    def export_memory_timeline(self, output_path: str, device: str | None = None) -> None:
        raise NotImplementedError(
            "export_memory_timeline is not available yet: memory is not recorded"
        )

    def _schedule_json(self) -> dict:
        return {}


class profile(_KinetoProfile):
    """Records the steps that `schedule` selects and hands each result to `on_trace_ready`.

    Use it as a context manager and call step() after each training step. Without a schedule
    everything from entry to exit is one result. `activities`: what is recorded, by default host
    and NPU. `record_shapes`: input shapes and dtypes of host operators (kernels' shapes need
    Level1, see `experimental_config`).
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[["profile"], Any] | None = None,
        use_cuda: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init__(activities=activities, **options)
        if use_cuda is not None:
            log.warning("profile: use_cuda is deprecated and has no effect.")
        if schedule is not None and not callable(schedule):
            log.warning("profile: schedule is not callable; everything is recorded.")
            schedule = None
        self._schedule = schedule
        self._action_of = schedule if schedule is not None else always_record
        self._handler = on_trace_ready
        self._running = False
        self._step = 0
        self._action = ProfilerAction.NONE
        self._step_range: torch.profiler.record_function | None = None

    def __enter__(self) -> "profile":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        if self._running:
            raise RuntimeError("profile.start: it is running already; call stop() first")
        self._running = True
        self._step = 0
        self._move(ProfilerAction.NONE, self._action_of(0))
        self._open_step()

    def __del__(self) -> None:
        if getattr(self, "_running", False):
            self.stop()

    def step(self) -> None:
        """Ends the current step and begins the next one."""
        if not self._running:
            raise RuntimeError("profile.step: the profiler is not running; call start() first")
        self._close_step()
        self._step += 1
        self._move(self._action, self._action_of(self._step))
        self._open_step()

    def stop(self) -> None:
        if not self._running:
            return
        self._close_step()
        self._running = False
        self._move(self._action, None)

    def warmup(self) -> None:
        self._session.warmup()

    def discard(self) -> None:
        self._session.discard()

    def ready(self) -> None:
        if self._handler is not None:
            self._handler(self)

    def warn(self) -> None:
        if self._schedule is not None:
            log.warning(
                f"Profiling ends in step {self._step} before the schedule's cycle is complete; "
                "the result is partial or missing."
            )

    @classmethod
    def enable_profiler_in_child_thread(cls, **_options: bool) -> None:
        """Nothing to do: operators of every thread are recorded. Exists for ported scripts."""

    @classmethod
    def disable_profiler_in_child_thread(cls) -> None:
        """Nothing to do, see enable_profiler_in_child_thread."""

    def _move(self, ending: ProfilerAction, beginning: ProfilerAction | None) -> None:
        try:
            for method in TRANSITIONS[ending, beginning]:
                getattr(self, method)()
        except BaseException:
            # Whatever failed, the next profile must be able to start.
            self._running = False
            self._session.close()
            raise
        self._action = ProfilerAction.NONE if beginning is None else beginning

    def _open_step(self) -> None:
        if self._schedule is not None:
            self._step_range = torch.profiler.record_function(f"ProfilerStep#{self._step}")
            self._step_range.__enter__()

    def _close_step(self) -> None:
        if self._step_range is not None:
            self._step_range.__exit__(None, None, None)
            self._step_range = None

    def _schedule_json(self) -> dict:
        return vars(self._schedule) if isinstance(self._schedule, Schedule) else {}


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
