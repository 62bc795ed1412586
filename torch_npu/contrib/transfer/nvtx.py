"""torch.cuda.nvtx: ranges of the host, which profiles show."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import torch

__all__ = ["mark", "range", "range_end", "range_pop", "range_push", "range_start"]

_local = threading.local()
_open: dict[int, Any] = {}


def _stack() -> list:
    if not hasattr(_local, "stack"):
        _local.stack = []
    return _local.stack


def _enter(msg: str) -> Any:
    record = torch.profiler.record_function(str(msg))
    record.__enter__()
    return record


def range_push(msg: str) -> int:
    """Opens a range within the last one; returns how many were open."""
    _stack().append(_enter(msg))
    return len(_stack()) - 1


def range_pop() -> int:
    """Closes the last range; returns how many are left, -1 if there was none."""
    if not _stack():
        return -1
    _stack().pop().__exit__(None, None, None)
    return len(_stack())


def range_start(msg: str) -> int:
    """Opens a range that range_end(number) closes; returns the number."""
    record = _enter(msg)
    _open[id(record)] = record
    return id(record)


def range_end(range_id: int) -> None:
    """Closes a range of range_start(); nothing happens for a number that is not open."""
    if (record := _open.pop(range_id, None)) is not None:
        record.__exit__(None, None, None)


@contextlib.contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """Context that is one range, named msg.format(*args, **kwargs)."""
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()


def mark(msg: str) -> None:
    """A range without length."""
    _enter(msg).__exit__(None, None, None)
