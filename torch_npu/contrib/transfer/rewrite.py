"""Values that name a CUDA device or NCCL, as an NPU has them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from types import FrameType
from typing import Any, NamedTuple

import torch

from torch_npu.contrib.cuda_names import KEYWORDS

_device = torch.device  # the real one, also while torch.device is another
_DEVICE = re.compile(r"cuda(:\d+)?")
_TENSOR_TYPE = re.compile(r"torch\.cuda\.\w+Tensor")
_BACKENDS = re.compile(r"nccl|(\w+:\w+)(,\w+:\w+)*")  # nccl or cpu:gloo,cuda:nccl


def rewritten(value: Any) -> Any:
    """`value`, or what stands for it on an NPU; the very same object if nothing changes."""
    if type(value) is str:
        if _DEVICE.fullmatch(value):
            return "npu" + value[4:]
        if _TENSOR_TYPE.fullmatch(value):
            return value.replace(".cuda.", ".npu.")
        if _BACKENDS.fullmatch(value) and "nccl" in value:
            return value.replace("cuda:", "npu:").replace("nccl", "hccl")
    elif type(value) is _device and value.type == "cuda":
        return _device("npu") if value.index is None else _device("npu", value.index)
    return value


class Rewrite(NamedTuple):
    """How often an argument of `name` was taken as another, and where (file:line) it was first."""

    name: str
    before: str
    after: str
    count: int
    first: str


_counts: Counter[tuple[str, str, str]] = Counter()
_first: dict[tuple[str, str, str], str] = {}


def _caller(frame: FrameType | None) -> str:
    """File and line of the frame that is neither torch's nor this package's."""
    own = ("torch", "torch_npu", "functools", "contextlib")
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in own:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "unknown"


def _count(name: str, before: Any, after: Any) -> None:
    key = (name, str(before), str(after))
    _counts[key] += 1
    if key not in _first:
        _first[key] = _caller(sys._getframe(2))


def counted() -> list[Rewrite]:
    return [Rewrite(*key, count, _first[key]) for key, count in sorted(_counts.items())]


def forget_counts() -> None:
    _counts.clear()
    _first.clear()


def rewrite_arguments(name: str, args: tuple, kwargs: dict[str, Any]) -> tuple:
    """`args` with devices of CUDA as NPUs, and `kwargs` likewise, in place."""
    for position, value in enumerate(args):
        if (new := rewritten(value)) is not value:
            _count(name, value, new)
            args = (*args[:position], new, *args[position + 1 :])
    for key in KEYWORDS & kwargs.keys():
        value = kwargs[key]
        if (new := rewritten(value)) is not value:
            _count(name, value, new)
            kwargs[key] = new
    return args
