"""Importing this makes CUDA mean NPU: see torch_npu.contrib.transfer."""

from torch_npu.contrib.transfer import Report, disable, enable, is_enabled, report, scope

__all__ = ["Report", "disable", "enable", "is_enabled", "report", "scope"]

enable()
