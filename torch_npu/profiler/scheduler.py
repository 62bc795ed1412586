"""When to record: a function of the step number."""

from enum import Enum

from . import log


class ProfilerAction(Enum):
    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def _default_schedule_fn(_step: int) -> ProfilerAction:
    return ProfilerAction.RECORD


class Schedule:
    """After `skip_first` steps, cycles of `wait` idle, `warmup` and `active` recorded steps.

    `repeat` cycles, 0 means without end. The wait of the first cycle is left out if
    `skip_first_wait` is not 0. A negative or non-integer field is replaced by its default.
    """

    def __init__(
        self,
        wait: int,
        active: int,
        warmup: int = 0,
        repeat: int = 0,
        skip_first: int = 0,
        skip_first_wait: int = 0,
    ) -> None:
        self.wait = _checked("wait", wait, 0, 0)
        self.active = _checked("active", active, 1, 1)
        self.warmup = _checked("warmup", warmup, 0, 0)
        self.repeat = _checked("repeat", repeat, 0, 0)
        self.skip_first = _checked("skip_first", skip_first, 0, 0)
        self.skip_first_wait = _checked("skip_first_wait", skip_first_wait, 0, 0)
        if self.warmup == 0:
            log.warning("schedule: warmup is 0, the first recorded step may be distorted.")

    def __call__(self, step: int) -> ProfilerAction:
        if step < 0:
            raise ValueError(f"Invalid profiler step {step}: a step number is 0 or more")
        step -= self.skip_first
        if step < 0:
            return ProfilerAction.NONE
        if self.skip_first_wait:
            step += self.wait
        cycle, position = divmod(step, self.wait + self.warmup + self.active)
        if self.repeat and cycle >= self.repeat:
            return ProfilerAction.NONE
        if position < self.wait:
            return ProfilerAction.NONE
        if position < self.wait + self.warmup:
            return ProfilerAction.WARMUP
        last = position == self.wait + self.warmup + self.active - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD


def _checked(name: str, value: int, least: int, default: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    log.warning(
        f"schedule: {name} must be an integer of at least {least}, got {value!r}; "
        f"{default} is used."
    )
    return default
