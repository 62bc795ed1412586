"""Marks and ranges of a program in the profile: torch.npu.mstx, which is torch.cuda.nvtx for NPUs.

They are recorded while torch_npu.profiler runs with mstx; otherwise they cost a look. A bad
argument is a warning: marks must not end a program.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from torch_npu import _C

__all__ = ["mstx"]

Function = TypeVar("Function", bound=Callable[..., Any])

_DEFAULT = "default"
_open_ranges = threading.local()  # ids of what range_push has begun, by domain


def _is_bad(message: object, stream: object, domain: object) -> bool:
    if not isinstance(message, str) or not message:
        problem = f"the message must be a text that is not empty, got {message!r}"
    elif stream is not None and not isinstance(stream, torch.Stream):
        problem = f"the stream must be a torch.npu.Stream or None, got {stream!r}"
    elif not isinstance(domain, str) or not domain:
        problem = f"the domain must be a text that is not empty, got {domain!r}"
    else:
        return False
    warnings.warn(f"nothing is marked: {problem}", stacklevel=3)
    return True


def _ids(stream: torch.Stream | None) -> tuple[int, int] | None:
    return None if stream is None else (stream.stream_id, stream.device_index)


def _stack(domain: str) -> list[int]:
    if not hasattr(_open_ranges, "stacks"):
        _open_ranges.stacks = defaultdict(list)
    return _open_ranges.stacks[domain]


class annotate:
    """Context manager and decorator: a range around a block or a function.

    message: of a function its name, if none is given. stream: the device marks begin and end, too.
    """

    def __init__(
        self, message: str = "", stream: torch.Stream | None = None, domain: str = _DEFAULT
    ):
        self.message = message
        self.stream = stream
        self.domain = domain

    def __enter__(self) -> annotate:
        self._range = mstx.range_start(self.message, self.stream, self.domain)
        return self

    def __exit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None:
        if self._range:
            mstx.range_end(self._range, self.domain)

    def __call__(self, func: Function) -> Function:
        message = self.message or func.__name__

        @functools.wraps(func)
        def annotated(*args: Any, **kwargs: Any) -> Any:
            with annotate(message, self.stream, self.domain):
                return func(*args, **kwargs)

        return annotated


class mstx:
    """Marks and ranges. stream: a torch.npu.Stream whose device marks the moment, too, in order
    with its operators; None: the host alone. domain: a name to select by."""

    annotate = annotate

    @staticmethod
    def mark(message: str, stream: torch.Stream | None = None, domain: str = _DEFAULT) -> None:
        """Marks a moment."""
        if _C._profiler._marks_recorded() and not _is_bad(message, stream, domain):
            _C._profiler._mark(message, _ids(stream), domain)

    @staticmethod
    def range_start(
        message: str, stream: torch.Stream | None = None, domain: str = _DEFAULT
    ) -> int:
        """Begins a range; its number, or 0 if nothing is recorded."""
        if not _C._profiler._marks_recorded() or _is_bad(message, stream, domain):
            return 0
        return _C._profiler._range_start(message, _ids(stream), domain)

    @staticmethod
    def range_end(range_id: int, domain: str = _DEFAULT) -> None:
        """Ends the range that range_start() gave the number of, in any thread."""
        if not isinstance(range_id, int):
            warnings.warn(
                f"no range ends: expected what range_start() returned, got {range_id!r}",
                stacklevel=2,
            )
        elif range_id:
            _C._profiler._range_end(range_id, domain)

    @staticmethod
    def range_push(message: str, stream: torch.Stream | None = None, domain: str = _DEFAULT) -> int:
        """Begins a range within those that this thread has begun in the domain: how many there
        were, or -1 if nothing is recorded."""
        range_id = mstx.range_start(message, stream, domain)
        if not range_id:
            return -1
        _stack(domain).append(range_id)
        return len(_stack(domain)) - 1

    @staticmethod
    def range_pop(domain: str = _DEFAULT) -> int:
        """Ends the range that this thread has begun last in the domain: how many are left, or -1 if
        there was none."""
        if not _stack(domain):
            return -1
        mstx.range_end(_stack(domain).pop(), domain)
        return len(_stack(domain))

    @staticmethod
    def mstx_range(
        message: str, stream: torch.Stream | None = None, domain: str = _DEFAULT
    ) -> Callable[[Function], Function]:
        """Decorator: a range around each call of a function."""
        return annotate(message, stream, domain)
