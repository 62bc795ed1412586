"""What tests of NPU code need."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import time
import unittest
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from torch_npu import _loader
from torch_npu.utils.cann_version import get_cann_version

__all__ = [
    "SkipIfNotGteCANNVersion",
    "SkipIfNotRegistered",
    "SupportedDevices",
    "check_operators_in_prof",
    "create_common_tensor",
    "create_dtype_tensor",
    "freeze_rng_state",
    "get_cycles_per_ms",
    "get_npu_device",
    "is_iterable",
    "iter_indices",
    "set_npu_device",
]


def get_npu_device() -> str:
    """The device that tests run on: npu:0, or what SET_NPU_DEVICE says."""
    index = os.environ.get("SET_NPU_DEVICE") or "0"
    return f"npu:{index.removeprefix('npu:')}"


def set_npu_device() -> None:
    """Makes get_npu_device() the current device."""
    torch.npu.set_device(get_npu_device())


def create_common_tensor(
    item: Sequence, minValue: float, maxValue: float, device: str | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """A random tensor on the CPU, and the same on the NPU (or `device`).

    item: (numpy dtype, format, shape) of values in [minValue, maxValue); the format is not used, as
    torch_npu chooses formats itself.
    """
    dtype, _, shape = item
    values = np.random.uniform(minValue, maxValue, shape).astype(dtype)
    cpu = torch.from_numpy(np.asarray(values))
    return cpu, cpu.to(device or get_npu_device())


def create_dtype_tensor(
    shape: Sequence[int],
    dtype: torch.dtype,
    npu_format: int = -1,
    min_value: float = -5,
    max_value: float = 5,
    no_zero: bool = False,
    device: str | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A random tensor of a torch dtype on the CPU, and the same on the NPU. no_zero: ones for 0."""
    if dtype == torch.bool:
        cpu = torch.randint(0, 2, tuple(shape)).bool()
    elif dtype.is_floating_point or dtype.is_complex:
        cpu = (torch.rand(tuple(shape)) * (max_value - min_value) + min_value).to(dtype)
    else:
        low = max(int(min_value), torch.iinfo(dtype).min)
        cpu = torch.randint(low, int(max_value), tuple(shape)).to(dtype)
    if no_zero:
        cpu = torch.where(cpu == 0, torch.ones_like(cpu), cpu)
    return cpu, cpu.to(device or get_npu_device())


@contextlib.contextmanager
def freeze_rng_state() -> Iterator[None]:
    """Context behind which random numbers go on as if it had not been."""
    cpu, npu = torch.get_rng_state(), torch.npu.get_rng_state_all()
    try:
        yield
    finally:
        torch.set_rng_state(cpu)
        torch.npu.set_rng_state_all(npu)


def is_iterable(obj: Any) -> bool:
    """Whether iter(obj) works."""
    try:
        iter(obj)
    except TypeError:
        return False
    return True


def iter_indices(tensor: torch.Tensor) -> Iterator[int | tuple[int, ...]]:
    """The index of every element; plain numbers for tensors of one dimension."""
    if tensor.dim() == 1:
        return iter(range(tensor.size(0)))
    return itertools.product(*(range(size) for size in tensor.size()))


@functools.cache
def get_cycles_per_ms() -> float:
    """Additions to a small tensor that the NPU does in a millisecond: how long to keep it busy."""
    value, count = torch.zeros(1, device=get_npu_device()), 200
    torch.npu.synchronize()
    start = time.perf_counter()
    for _ in range(count):
        value.add_(1)
    torch.npu.synchronize()
    return count / ((time.perf_counter() - start) * 1e3)


def check_operators_in_prof(
    expected_operators: Sequence[str],
    prof: torch.autograd.profiler.profile,
    unexpected_operators: Sequence[str] | None = None,
) -> bool:
    """Whether a profile has all the expected operators and none of the others."""
    names = [event.key for event in prof.key_averages()]
    unexpected = unexpected_operators or ()
    return all(any(name in key for key in names) for name in expected_operators) and not any(
        name in key for name in unexpected for key in names
    )


def _skipping(condition: Callable[[], bool], reason: Callable[[], str]) -> Callable:
    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def test(*args: Any, **kwargs: Any) -> Any:
            if condition():
                raise unittest.SkipTest(reason())
            return function(*args, **kwargs)

        return test

    return decorate


class SupportedDevices:
    """Decorator: the test runs on SoCs whose names begin with one of these, such as Ascend910B."""

    def __init__(self, supported_devices: Sequence[str]) -> None:
        self.supported_devices = list(supported_devices)

    def __call__(self, function: Callable) -> Callable:
        return _skipping(
            lambda: not torch.npu.get_device_name(0).startswith(tuple(self.supported_devices)),
            lambda: f"needs one of {self.supported_devices}, not {torch.npu.get_device_name(0)}",
        )(function)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


class SkipIfNotGteCANNVersion:
    """Decorator: the test runs with this version of CANN, or of a part of it, or a later one."""

    def __init__(self, base_version: str, module: str = "CANN") -> None:
        self.base_version = base_version
        self.module = module

    def __call__(self, function: Callable) -> Callable:
        def found() -> str:
            return get_cann_version(self.module)

        return _skipping(
            lambda: _numbers(found()) < _numbers(self.base_version),
            lambda: f"needs {self.module} {self.base_version}, not {found() or 'none'}",
        )(function)


class SkipIfNotRegistered:
    """Decorator: the test runs if torch.ops.npu has the operator."""

    def __init__(self, operator: str) -> None:
        self.operator = operator

    def __call__(self, function: Callable) -> Callable:
        return _skipping(
            lambda: not hasattr(torch.ops.npu, self.operator),
            lambda: f"there is no torch.ops.npu.{self.operator} (CANN in {_loader.cann_home()})",
        )(function)
