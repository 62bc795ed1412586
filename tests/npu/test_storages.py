"""Typed storages and the old tensor types."""

import pytest
import torch

import torch_npu
from torch_npu.npu import storages

TYPES = sorted(storages.DTYPES.items())
pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")


@pytest.mark.parametrize(("name", "dtype"), TYPES)
def test_storage_types(name, dtype):
    kind = getattr(torch.npu, f"{name}Storage")
    storage = torch.ones(3, dtype=dtype, device="npu").storage()
    assert kind.dtype == dtype and kind in torch._storage_classes
    assert isinstance(storage, kind)
    assert not isinstance(storage.cpu(), kind)
    assert storage.is_npu and not storage.cpu().is_npu
    assert storage.cpu().npu().device.type == "npu"
    wrapped = kind(wrap_storage=storage.untyped())
    assert wrapped.dtype == dtype and wrapped.tolist() == [1] * 3
    assert kind(5).device.type == "npu"


@pytest.mark.parametrize(("name", "dtype"), TYPES)
def test_tensor_types(name, dtype):
    kind = getattr(torch.npu, f"{name}Tensor")
    tensor = torch.ones(2, dtype=dtype, device="npu")
    assert tensor.type() == f"torch.npu.{name}Tensor"
    assert isinstance(tensor, kind) and not isinstance(tensor.cpu(), kind)
    assert torch.zeros(2).type(kind).device.type == "npu"
    made = kind([1, 0])
    assert made.dtype == dtype and made.device.type == "npu" and made.tolist() == [1, 0]
    assert kind(2, 3).shape == kind(torch.Size([2, 3])).shape == (2, 3)
    assert kind().shape == (0,)
    assert kind(tensor).data_ptr() == tensor.data_ptr()
    with pytest.raises(TypeError, match="expected sizes, a sequence or a tensor"):
        kind(tensor.cpu())
    assert getattr(torch_npu.npu, f"{name}Tensor") is kind


def test_untyped_storages_move():
    storage = torch.arange(4, dtype=torch.uint8).untyped_storage()
    moved = storage.npu()
    assert moved.is_npu and not storage.is_npu
    assert moved.device == torch.device("npu:0")
    assert storage.npu(torch.device("npu:1")).device.index == 1
    assert storage.npu(non_blocking=True).cpu().tolist() == [0, 1, 2, 3]
