"""torch.npu: what torch.cuda is for GPUs."""

from __future__ import annotations

from typing import Any

import torch

from torch_npu.npu import _utils as _utils
from torch_npu.npu import amp, graphs, memory, random, storages, streams, utils
from torch_npu.npu.autocast import *  # noqa: F403
from torch_npu.npu.autocast import __all__ as _autocast
from torch_npu.npu.core_limits import *  # noqa: F403
from torch_npu.npu.core_limits import __all__ as _core_limits
from torch_npu.npu.deterministic import *  # noqa: F403
from torch_npu.npu.deterministic import __all__ as _deterministic
from torch_npu.npu.device import *  # noqa: F403
from torch_npu.npu.device import __all__ as _device
from torch_npu.npu.device import _exchange_device as _exchange_device
from torch_npu.npu.device import _is_in_bad_fork as _is_in_bad_fork
from torch_npu.npu.device import _lazy_call as _lazy_call
from torch_npu.npu.device import _lazy_init as _lazy_init
from torch_npu.npu.device import _maybe_exchange_device as _maybe_exchange_device
from torch_npu.npu.executor_cache import *  # noqa: F403
from torch_npu.npu.executor_cache import __all__ as _executor_cache
from torch_npu.npu.fallback import *  # noqa: F403
from torch_npu.npu.fallback import __all__ as _fallback
from torch_npu.npu.graphed_callables import *  # noqa: F403
from torch_npu.npu.graphed_callables import __all__ as _graphed_callables
from torch_npu.npu.graphs import *  # noqa: F403
from torch_npu.npu.memory import *  # noqa: F403
from torch_npu.npu.mstx import mstx
from torch_npu.npu.options import *  # noqa: F403
from torch_npu.npu.options import __all__ as _options
from torch_npu.npu.overflow import *  # noqa: F403
from torch_npu.npu.overflow import __all__ as _overflow
from torch_npu.npu.random import *  # noqa: F403
from torch_npu.npu.storages import *  # noqa: F403
from torch_npu.npu.streams import *  # noqa: F403
from torch_npu.npu.sync_debug import *  # noqa: F403
from torch_npu.npu.sync_debug import __all__ as _sync_debug
from torch_npu.npu.tensor_types import *  # noqa: F403
from torch_npu.npu.tensor_types import __all__ as _tensor_types
from torch_npu.npu.unavailable import INSTEAD as _INSTEAD

# What torch calls the device; it had another name in old versions of Ascend's adapter.
native_device = "npu"

default_generators: tuple[torch.Generator, ...]  # of all devices, by index


def __getattr__(name: str) -> Any:
    if name == "default_generators":  # counts the devices, which imports should not
        return random._default_generators()
    if name == "_initialized":  # torch.utils.checkpoint keeps random states only if this is true
        return is_initialized()  # noqa: F405
    instead = f": {_INSTEAD[name]}" if name in _INSTEAD else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{instead}")


__all__ = [
    "amp",
    "default_generators",
    "graphs",
    "memory",
    "mstx",
    "native_device",
    "random",
    "streams",
    "utils",
    *_autocast,
    *_core_limits,
    *_deterministic,
    *_device,
    *_executor_cache,
    *_fallback,
    *_graphed_callables,
    *_options,
    *_overflow,
    *_sync_debug,
    *_tensor_types,
    *graphs.__all__,
    *memory.__all__,
    *random.__all__,
    *storages.__all__,
    *streams.__all__,
]
