"""How torch.multiprocessing sends npu tensors: by where they lie in the device's memory.

The sender keeps the memory until the receiver has freed its tensor; like CUDA's, it has to live
that long. Both have to see the device under the same index.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import torch
from torch.multiprocessing.reductions import (
    StorageWeakRef,
    reduce_tensor,
    shared_cache,
    storage_from_cache,
)

from torch_npu import _C

__all__ = ["rebuild_npu_event", "rebuild_npu_tensor"]

Reduced = tuple[Callable[..., Any], tuple[Any, ...]]


def rebuild_npu_event(device: torch.device | int, handle: bytes) -> torch.Event:
    """The event that another process sent."""
    return torch.npu.Event.from_ipc_handle(device, handle)


def rebuild_npu_tensor(
    tensor_cls: type[torch.Tensor],
    tensor_size: torch.Size,
    tensor_stride: tuple[int, ...],
    tensor_offset: int,
    storage_cls: type,
    dtype: torch.dtype,
    storage_device: int,
    storage_handle: bytes | None,
    storage_size_bytes: int,
    storage_offset_bytes: int,
    requires_grad: bool,
    ref_counter_handle: bytes,
    ref_counter_offset: int,
    event_handle: bytes,
    event_sync_required: bool,
) -> torch.Tensor:
    """The tensor that another process sent. The sender has waited for its work, so event_handle and
    event_sync_required say nothing: they are there for the signature that callers know."""
    if storage_handle is None:
        storage = torch.UntypedStorage(0, device=torch.device("npu", storage_device))
    else:
        shared = (
            storage_device,
            storage_handle,
            storage_offset_bytes,
            storage_size_bytes,
            ref_counter_handle,
            ref_counter_offset,
        )
        storage = _open(shared, (storage_handle, storage_offset_bytes))
    typed = torch.TypedStorage(wrap_storage=storage, dtype=dtype, _internal=True)
    tensor = torch._utils._rebuild_tensor(typed, tensor_offset, tensor_size, tensor_stride)
    if tensor_cls is torch.nn.Parameter:
        return torch.nn.Parameter(tensor, requires_grad=requires_grad)
    tensor.requires_grad = requires_grad
    return tensor


def _open(shared: tuple[Any, ...], name: tuple[bytes, int]) -> torch.UntypedStorage:
    storage = storage_from_cache(torch.UntypedStorage, name)
    if storage is None:
        storage = _C._open_shared_storage(*shared)
        shared_cache[name] = StorageWeakRef(storage)
    else:
        _C._release_shared_storage(*shared)
    return storage


def _reduce_npu_tensor(tensor: torch.Tensor) -> Reduced:
    if tensor.device.type != "npu" or tensor.layout != torch.strided or tensor.is_nested:
        return reduce_tensor(tensor)
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "a tensor with a gradient function cannot be sent to another process, where autograd "
            "could not follow: send tensor.detach()"
        )
    torch.utils.hooks.warn_if_has_hooks(tensor)
    storage = tensor.untyped_storage()
    if storage.nbytes() == 0:
        device, key, offset, size, counter_file, counter = (tensor.device.index, None, 0, 0, b"", 0)
    else:
        device, key, offset, size, counter_file, counter = _C._share_storage(storage)
        shared_cache[(key, offset)] = StorageWeakRef(storage)
    return rebuild_npu_tensor, (
        type(tensor),
        tensor.size(),
        tensor.stride(),
        tensor.storage_offset(),
        torch.UntypedStorage,
        tensor.dtype,
        device,
        key,
        size,
        offset,
        tensor.requires_grad,
        counter_file,
        counter,
        b"",
        False,
    )


def _reduce_npu_event(event: torch.npu.Event) -> Reduced:
    return rebuild_npu_event, (event.device, event.ipc_handle())


def register() -> None:
    """Makes torch.multiprocessing send npu tensors and events."""
    from torch_npu.npu.streams import Event

    for kind in (torch.Tensor, torch.nn.Parameter):
        ForkingPickler.register(kind, _reduce_npu_tensor)
    ForkingPickler.register(Event, _reduce_npu_event)
