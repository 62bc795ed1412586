"""torch_npu.profiler.profile: the object that users hold."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from torch_npu._C._profiler import ProfilerActivity

from . import log
from .kineto_profile import _KinetoProfile
from .scheduler import ProfilerAction, Schedule, _default_schedule_fn
from .transitions import TRANSITIONS


def _never(_step: int) -> ProfilerAction:
    return ProfilerAction.NONE


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
        if log.under_msprof():
            log.warning("profile: the msprof command records this process; nothing is recorded.")
            schedule = _never
        self._schedule = schedule
        self._action_of = schedule if schedule is not None else _default_schedule_fn
        self._handler = on_trace_ready
        self._running = False
        self._step = 0
        self._action = ProfilerAction.NONE
        self._first_step = 0  # the number by which step 0 goes in results
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
            self._step_range = torch.profiler.record_function(
                f"ProfilerStep#{self._first_step + self._step}"
            )
            self._step_range.__enter__()

    def _close_step(self) -> None:
        if self._step_range is not None:
            self._step_range.__exit__(None, None, None)
            self._step_range = None

    def _schedule_json(self) -> dict:
        return vars(self._schedule) if isinstance(self._schedule, Schedule) else {}
