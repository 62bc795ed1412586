"""Many tensors in one piece of memory, so that one operator updates all of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["get_part_combined_tensor", "is_combined_tensor_valid", "npu_combine_tensors"]


def _checked(list_of_tensor: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    tensors = list(list_of_tensor)
    first = tensors[0]
    for tensor in tensors:
        if (tensor.dtype, tensor.device) != (first.dtype, first.device):
            raise ValueError(
                "tensors that are combined must have one dtype and one device, but one is "
                f"{first.dtype} on {first.device} and another {tensor.dtype} on {tensor.device}"
            )
        if tensor.layout != torch.strided:
            raise ValueError(f"expected dense tensors to combine, got one with {tensor.layout}")
    return tensors


def _place(flat: torch.Tensor, offset: int, tensor: torch.Tensor) -> torch.Tensor:
    """The part of `flat` for `tensor`: with its shape, and its strides if they leave no gaps."""
    part = flat[offset : offset + tensor.numel()]
    if torch.empty_like(tensor, device="meta").stride() == tensor.stride():
        return part.as_strided(tensor.size(), tensor.stride())
    return part.view(tensor.size())


def npu_combine_tensors(
    list_of_tensor: Sequence[torch.Tensor], require_copy_value: bool = True
) -> torch.Tensor | None:
    """Moves all tensors into one new tensor [sum of their numel], which is returned; None for none.

    The tensors keep their shapes and become views of it: what is written to it is written to them.
    require_copy_value: False leaves the values unset. Raises ValueError if dtypes or devices
    differ.
    """
    if not list_of_tensor:
        return None
    tensors = _checked(list_of_tensor)
    first = tensors[0]
    total = sum(tensor.numel() for tensor in tensors)
    flat = torch.empty(total, dtype=first.dtype, device=first.device)
    offset = 0
    for tensor in tensors:
        part = _place(flat, offset, tensor)
        if require_copy_value:
            part.copy_(tensor.detach())
        tensor.data = part
        offset += tensor.numel()
    return flat


def get_part_combined_tensor(
    combined_tensor: torch.Tensor | None, index: int, size: int
) -> torch.Tensor | None:
    """Elements [index, index + size) of a combined tensor, in its memory. Raises IndexError if it
    does not have so many."""
    if combined_tensor is None or size == 0:
        return None
    if index < 0 or size < 0 or index + size > combined_tensor.numel():
        raise IndexError(
            f"elements {index} to {index + size} of a combined tensor that has "
            f"{combined_tensor.numel()}"
        )
    return combined_tensor[index : index + size]


def is_combined_tensor_valid(
    combined_tensor: torch.Tensor | None, list_of_tensor: Sequence[torch.Tensor]
) -> bool:
    """Whether the tensors still lie in `combined_tensor`, one behind the other, and fill it."""
    if combined_tensor is None:
        return False
    address = combined_tensor.data_ptr()
    for tensor in list_of_tensor:
        if tensor.dtype != combined_tensor.dtype or tensor.data_ptr() != address:
            return False
        address += tensor.numel() * tensor.element_size()
    total = combined_tensor.numel() * combined_tensor.element_size()
    return address == combined_tensor.data_ptr() + total
