"""Sharing npu tensors between processes: torch.multiprocessing does it once torch_npu is loaded."""

from torch_npu.multiprocessing import reductions

__all__ = ["reductions"]
