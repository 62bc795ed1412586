"""What tests of several ranks need."""

from __future__ import annotations

import functools
import unittest
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.distributed as dist

__all__ = ["TestSkip", "init_pg", "skipIfUnsupportMultiNPU", "with_comms"]


class TestSkip(NamedTuple):
    """How a rank says that it skips: its exit code, and why."""

    exit_code: int
    message: str


def skipIfUnsupportMultiNPU(npu_number_needed: int) -> Callable:
    """Decorator: the test runs if there are so many NPUs."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def test(*args: Any, **kwargs: Any) -> Any:
            if (count := torch.npu.device_count()) < npu_number_needed:
                raise unittest.SkipTest(f"needs {npu_number_needed} NPUs, there are {count}")
            return function(*args, **kwargs)

        return test

    return decorate


def init_pg(
    backend: str = "hccl", world_size: int = 1, rank: int = 0, file_name: str = "file://"
) -> None:
    """Joins the group whose ranks meet in a file (file:///path), on the NPU of this rank."""
    if backend not in ("hccl", "gloo"):
        raise ValueError(f"expected backend as hccl or gloo, got {backend!r}")
    if backend == "hccl":
        torch.npu.set_device(rank)
    dist.init_process_group(backend, init_method=file_name, world_size=world_size, rank=rank)


def with_comms(func: Callable) -> Callable:
    """Decorator for methods of a test that has init_pg() and destroy_pg(): calls them around it."""

    @functools.wraps(func)
    def test(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.init_pg()
        try:
            return func(self, *args, **kwargs)
        finally:
            self.destroy_pg()

    return test
