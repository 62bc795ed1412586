"""Exchange of npu tensors with other libraries through DLPack."""

import pytest
import torch
from torch.utils.dlpack import DLDeviceType, from_dlpack, to_dlpack

import torch_npu  # noqa: F401
from tests.core.emulated import slow_kernels


class Producer:
    """A tensor of a library that knows the protocol and nothing of torch."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor

    def __dlpack__(self, **options: object) -> object:
        return self._tensor.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._tensor.__dlpack_device__()


@pytest.mark.parametrize("device", ["npu:0", "npu:2"])
@pytest.mark.parametrize("wrap", [lambda tensor: tensor, Producer, to_dlpack])
def test_memory_is_shared(wrap, device):
    tensor = torch.arange(6.0, device=device).view(2, 3).t()
    twin = torch.from_dlpack(wrap(tensor))
    assert twin.device == tensor.device
    assert twin.data_ptr() == tensor.data_ptr()
    assert (twin.shape, twin.stride(), twin.dtype) == (tensor.shape, tensor.stride(), tensor.dtype)
    twin.fill_(4)
    assert tensor.tolist() == [[4.0, 4.0]] * 3


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_dtypes(dtype):
    tensor = torch.ones(5, dtype=dtype, device="npu")
    assert from_dlpack(tensor).dtype == dtype


def test_an_npu_is_an_extension_device():
    assert torch.ones(1, device="npu:3").__dlpack_device__() == (DLDeviceType.kDLExtDev, 3)
    assert torch.ones(1).__dlpack_device__() == (DLDeviceType.kDLCPU, 0)


def test_the_memory_outlives_its_first_owner():
    tensor = torch.full((1000,), 3.0, device="npu")
    twin = torch.from_dlpack(tensor)
    del tensor
    torch.full((1000,), 9.0, device="npu")
    assert twin.eq(3).all()


def test_copies_and_other_devices():
    tensor = torch.arange(4.0, device="npu")
    copied = torch.from_dlpack(tensor, copy=True)
    assert copied.data_ptr() != tensor.data_ptr() and copied.tolist() == tensor.tolist()
    host = torch.from_dlpack(tensor, device="cpu")
    assert host.device.type == "cpu" and host.tolist() == tensor.tolist()
    up = torch.from_dlpack(torch.arange(4.0), device="npu:1")
    assert up.device == torch.device("npu:1") and up.tolist() == tensor.tolist()


def test_the_consumers_stream_waits():
    consumer = torch.npu.Stream()
    tensor, seen = torch.zeros(4, device="npu"), torch.zeros(4, device="npu")
    torch.npu.synchronize()
    with slow_kernels(0.3):
        tensor.add_(7)
        twin = from_dlpack(tensor.__dlpack__(stream=consumer.npu_stream))
        with torch.npu.stream(consumer):
            seen.copy_(twin)
        consumer.synchronize()
    assert seen.tolist() == [7.0] * 4
    with torch.npu.stream(consumer):
        from_dlpack(tensor.__dlpack__(stream=None))
    with pytest.raises(TypeError, match="stream must be an int"):
        tensor.__dlpack__(stream="npu")


def test_what_cannot_be_exported_is_refused():
    with pytest.raises(BufferError, match="gradient"):
        torch.ones(2, device="npu", requires_grad=True).__dlpack__()


def test_numpy_still_reads_cpu_tensors():
    numpy = pytest.importorskip("numpy")
    assert numpy.from_dlpack(torch.arange(3)).tolist() == [0, 1, 2]
    assert torch.from_dlpack(numpy.arange(3)).tolist() == [0, 1, 2]
