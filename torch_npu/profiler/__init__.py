"""Profiler of torch_npu: what ran on the host and on the NPU, when, and why.

    with torch_npu.profiler.profile(
        schedule=torch_npu.profiler.schedule(wait=1, warmup=1, active=2, repeat=1),
        on_trace_ready=torch_npu.profiler.tensorboard_trace_handler("./result"),
    ) as prof:
        for batch in loader:
            train(batch)
            prof.step()

Times are nanoseconds inside, microseconds in files. The result is a directory
``result/{worker}_{pid}_{time}_ascend_pt``; its ``ASCEND_PROFILER_OUTPUT/trace_view.json`` opens in
chrome://tracing and MindStudio Insight, tables lie next to it.
"""

from torch_npu._C._profiler import ProfilerActivity

from .experimental_config import (
    AiCMetrics,
    ExportType,
    HostSystem,
    ProfilerLevel,
    _ExperimentalConfig,
    supported_activities,
    supported_ai_core_metrics,
    supported_export_type,
    supported_profiler_level,
)
from .kineto_profile import _KinetoProfile as _KinetoProfile
from .profile import profile
from .scheduler import ProfilerAction, Schedule
from .trace_handler import tensorboard_trace_handler

schedule = Schedule

__all__ = [
    "AiCMetrics",
    "ExportType",
    "HostSystem",
    "ProfilerAction",
    "ProfilerActivity",
    "ProfilerLevel",
    "_ExperimentalConfig",
    "profile",
    "schedule",
    "supported_activities",
    "supported_ai_core_metrics",
    "supported_export_type",
    "supported_profiler_level",
    "tensorboard_trace_handler",
]
