"""Samples of PyTorch's OpInfos, and their way to the device and back."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from tests.aten import implemented

DEVICE = "npu:0"
# Of each OpInfo; the first samples are the simple ones. The other dtypes are looked at briefly.
COUNTS = {
    torch.float32: 10, torch.float16: 4, torch.bfloat16: 4,
    torch.int64: 6, torch.bool: 4, torch.complex64: 6,
}  # fmt: skip
OTHERS = 2
# How far to look for samples of size zero and for scalars among the samples after those.
SCANNED = 60
EDGES = 2


def samples(info: OpInfo, dtype: torch.dtype, requires_grad: bool = False) -> Iterator[SampleInput]:
    """The first ones, and some without elements and without dimensions from those that follow."""
    seed()
    # Not info.sample_inputs(), which reads the stack of its caller every time.
    found = iter(info.sample_inputs_func(info, "cpu", dtype, requires_grad))
    count = implemented.named("samples").get(info.full_name, COUNTS.get(dtype, OTHERS))
    yield from itertools.islice(found, count)
    if count < COUNTS.get(dtype, OTHERS):
        return
    left = {is_empty: EDGES, is_scalar: EDGES}
    for sample in itertools.islice(found, SCANNED):
        kind = next((kind for kind in left if left[kind] and kind(sample)), None)
        if kind:
            left[kind] -= 1
            yield sample


def seed() -> None:
    """As torch.manual_seed(), which formats the stack for each backend that is not there."""
    torch.default_generator.manual_seed(0)
    random.seed(0)
    np.random.seed(0)


def tensors_of(sample: SampleInput) -> list[torch.Tensor]:
    leaves = pytree.tree_leaves((sample.input, sample.args, sample.kwargs))
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]


def is_empty(sample: SampleInput) -> bool:
    return any(tensor.numel() == 0 for tensor in tensors_of(sample))


def is_scalar(sample: SampleInput) -> bool:
    return isinstance(sample.input, torch.Tensor) and sample.input.dim() == 0


def edges(sample: SampleInput) -> list[SampleInput]:
    """The sample without elements, and as scalars: whether that means anything, the CPU decides."""
    size = sample.input.shape[:1] if isinstance(sample.input, torch.Tensor) else None

    def emptied(leaf: torch.Tensor) -> torch.Tensor:
        return leaf[:0] if leaf.dim() and leaf.shape[:1] == size else leaf

    def scalar(leaf: torch.Tensor) -> torch.Tensor:
        return leaf.flatten()[0] if leaf.numel() else leaf

    return [changed(sample, how) for how in (emptied, scalar)]


def changed(sample: SampleInput, how: Callable) -> SampleInput:
    """The sample with `how` applied to its tensors."""
    given, args, kwargs = pytree.tree_map_only(
        torch.Tensor, how, (sample.input, sample.args, sample.kwargs)
    )
    return SampleInput(
        given, args=args, kwargs=kwargs, output_process_fn_grad=sample.output_process_fn_grad
    )


def placed(value: object, device: str) -> object:
    """Copies on the device of the tensors inside `value`, as leaves that overlap as they do in
    `value`; where that names a device, it is this one."""
    storages: dict[int, torch.Tensor] = {}

    def place(leaf: object) -> object:
        if not isinstance(leaf, torch.Tensor):
            return device if leaf in ("cpu", torch.device("cpu")) else leaf
        if leaf.device.type != "cpu":
            return leaf
        storage = leaf.untyped_storage()
        if storage.data_ptr() not in storages:
            whole = leaf.detach().new_empty(0).set_(storage)
            storages[storage.data_ptr()] = whole.to(device, copy=True)
        there = storages[storage.data_ptr()].view(leaf.dtype)
        there = there.as_strided(leaf.size(), leaf.stride(), leaf.storage_offset())
        there = there.conj() if leaf.is_conj() else there
        there = torch._neg_view(there) if leaf.is_neg() else there
        return there.detach().requires_grad_(leaf.requires_grad)

    return pytree.tree_map(place, value)


def to_npu(value: object) -> object:
    return placed(value, DEVICE)


def moved(info: OpInfo, sample: SampleInput) -> SampleInput:
    given, args, kwargs = sample.input, sample.args, sample.kwargs
    if info.full_name in implemented.named("host_arguments"):
        given = to_npu(given)
    else:
        given, args, kwargs = to_npu((given, args, kwargs))
    return SampleInput(
        given, args=args, kwargs=kwargs, output_process_fn_grad=sample.output_process_fn_grad
    )


def to_cpu(value: object) -> object:
    return pytree.tree_map(lambda t: t.detach().cpu() if isinstance(t, torch.Tensor) else t, value)
