"""Migration from CUDA, and modules and functions that Ascend's scripts use."""

from typing import Any

from torch_npu.contrib.function import *  # noqa: F403
from torch_npu.contrib.function import __all__ as _functions
from torch_npu.contrib.module import *  # noqa: F403
from torch_npu.contrib.module import __all__ as _modules
from torch_npu.contrib.unavailable import INSTEAD as _INSTEAD

__all__ = [*_functions, *_modules]


def __getattr__(name: str) -> Any:
    instead = f": {_INSTEAD[name]}" if name in _INSTEAD else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{instead}")
