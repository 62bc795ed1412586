"""What happens between two steps, by the actions that the schedule gives them."""

from .scheduler import ProfilerAction

NONE, WARMUP = ProfilerAction.NONE, ProfilerAction.WARMUP
RECORD, SAVE = ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE

_SAVE = ("stop_recording", "finalize", "ready")
_BROKEN_OFF = ("warn", "stop_recording", "finalize")

# (action of the step that ends, action of the step that begins) -> methods of profile, in order.
# The end of profiling is None.
TRANSITIONS: dict[tuple[ProfilerAction, ProfilerAction | None], tuple[str, ...]] = {
    (NONE, NONE): (),
    (NONE, WARMUP): ("init", "warmup"),
    (NONE, RECORD): ("init", "start_recording"),
    (NONE, SAVE): ("init", "start_recording"),
    (NONE, None): (),
    (WARMUP, NONE): ("warn", "discard"),
    (WARMUP, WARMUP): (),
    (WARMUP, RECORD): ("start_recording",),
    (WARMUP, SAVE): ("start_recording",),
    (WARMUP, None): ("warn", "discard"),
    (RECORD, NONE): _BROKEN_OFF,
    (RECORD, WARMUP): (*_BROKEN_OFF, "init", "warmup"),
    (RECORD, RECORD): (),
    (RECORD, SAVE): (),
    (RECORD, None): ("warn", *_SAVE),
    (SAVE, NONE): _SAVE,
    (SAVE, WARMUP): (*_SAVE, "init", "warmup"),
    (SAVE, RECORD): (*_SAVE, "init", "start_recording"),
    (SAVE, SAVE): (*_SAVE, "init", "start_recording"),
    (SAVE, None): ("warn", *_SAVE),
}
