"""Finding the places where the host waits for the device."""

from __future__ import annotations

from torch_npu import _C

__all__ = ["get_sync_debug_mode", "set_sync_debug_mode"]

_MODES = {"default": 0, "warn": 1, "error": 2}


def set_sync_debug_mode(debug_mode: int | str) -> None:
    """What happens where the host waits for a stream: .item(), .cpu(), nonzero, a copy that blocks,
    Stream.synchronize(). "default" or 0: nothing; "warn" or 1: a warning; "error" or 2:
    RuntimeError after the wait. Event.synchronize() and torch.npu.synchronize() are meant and go
    through.
    """
    if isinstance(debug_mode, str):
        if debug_mode not in _MODES:
            raise ValueError(f"the mode must be one of {', '.join(_MODES)}, got {debug_mode!r}")
        debug_mode = _MODES[debug_mode]
    _C._set_sync_debug_mode(debug_mode)


def get_sync_debug_mode() -> int:
    """The mode as a number: 0 default, 1 warn, 2 error."""
    return _C._get_sync_debug_mode()
