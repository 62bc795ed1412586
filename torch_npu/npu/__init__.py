"""torch.npu: what torch.cuda is for GPUs."""

from torch_npu.npu import _utils as _utils
from torch_npu.npu import amp, memory, random, streams
from torch_npu.npu.autocast import *  # noqa: F403
from torch_npu.npu.autocast import __all__ as _autocast
from torch_npu.npu.device import *  # noqa: F403
from torch_npu.npu.device import __all__ as _device
from torch_npu.npu.device import _exchange_device as _exchange_device
from torch_npu.npu.device import _is_in_bad_fork as _is_in_bad_fork
from torch_npu.npu.device import _lazy_init as _lazy_init
from torch_npu.npu.device import _maybe_exchange_device as _maybe_exchange_device
from torch_npu.npu.fallback import *  # noqa: F403
from torch_npu.npu.fallback import __all__ as _fallback
from torch_npu.npu.memory import *  # noqa: F403
from torch_npu.npu.random import *  # noqa: F403
from torch_npu.npu.streams import *  # noqa: F403

__all__ = [
    "amp",
    "memory",
    "random",
    "streams",
    *_autocast,
    *_device,
    *_fallback,
    *memory.__all__,
    *random.__all__,
    *streams.__all__,
]
