"""torch.profiler's names: torch_npu.profiler's, with CUDA as an activity."""

from __future__ import annotations

from typing import Any

from torch_npu import profiler as _npu
from torch_npu.profiler import (
    ProfilerAction,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity:
    """What is recorded: the host, the NPU."""

    CPU = _npu.ProfilerActivity.CPU
    CUDA = NPU = PrivateUse1 = _npu.ProfilerActivity.NPU


class profile(_npu.profile):
    """torch_npu.profiler.profile, which takes no notice of CUDA's own settings."""

    def __init__(self, *, experimental_config: Any = None, **options: Any) -> None:
        for name in ("acc_events", "post_processing_timeout_s", "use_cuda"):
            options.pop(name, None)
        if not isinstance(experimental_config, _npu._ExperimentalConfig):
            experimental_config = None
        super().__init__(experimental_config=experimental_config, **options)
