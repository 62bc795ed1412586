"""Tensors that are views: strides, offsets, broadcast and transposed memory, in and out."""

import ctypes

import pytest
import torch
from device import DEVICE_FAULT, FORMAT_ND, AclError, Device
from sample import seeded

BASE = seeded(8, 9)
VIEWS = {
    "transposed": lambda x: x.t()[:6, :4],
    "offset": lambda x: x[2:8, 3:7],
    "steps": lambda x: x[::2, 1::2].t()[:4, :4],
    "row": lambda x: x[3:4].expand(6, 9)[:, :4],
}


@pytest.mark.parametrize("view", VIEWS)
def test_input(device: Device, view: str) -> None:
    x = VIEWS[view](BASE.clone())
    out = torch.zeros(x.shape)
    device.call("aclnnAdd", x, x, 2.0, out)
    torch.testing.assert_close(out, x * 3)


@pytest.mark.parametrize("view", [name for name in VIEWS if name != "row"])
@pytest.mark.parametrize("function", ["aclnnMul", "aclnnSWhere", "aclnnCat"])
def test_output_is_written_through_its_strides(device: Device, view: str, function: str) -> None:
    memory = torch.full((8, 9), 5.0)
    out = VIEWS[view](memory)
    x = seeded(*out.shape)
    expected_memory = memory.clone()
    if function == "aclnnMul":
        VIEWS[view](expected_memory).copy_(x * x)
        device.call(function, x, x, out)
    elif function == "aclnnSWhere":
        VIEWS[view](expected_memory).copy_(x.relu())
        device.call(function, x > 0, x, torch.zeros_like(x), out)
    else:
        VIEWS[view](expected_memory).copy_(x)
        device.call(function, [x[:1], x[1:]], 0, out)
    torch.testing.assert_close(memory, expected_memory)


def test_matmul_of_transposed_views(device: Device) -> None:
    a, b, memory = seeded(5, 3), seeded(4, 5, seed=1), torch.zeros(4, 3)
    device.call("aclnnMm", a.t(), b.t(), memory.t(), 0)
    torch.testing.assert_close(memory.t(), a.t() @ b.t())


def test_output_may_be_the_input(device: Device) -> None:
    x = seeded(4, 5)
    tensor = device.tensor(x.clone())
    alpha = device.nnopbase.aclCreateScalar(ctypes.byref(ctypes.c_float(2)), 0)
    handle = ctypes.c_void_p(tensor.handle)
    executor = device.prepare("aclnnAdd", [handle, handle, ctypes.c_void_p(alpha), handle])
    device.launch("aclnnAdd", executor)
    device.synchronize()
    tensor.download()
    torch.testing.assert_close(tensor.tensor, x * 3)


def _abs_of(device: Device, pointer: int, size: int, stride: int, offset: int) -> None:
    dims, strides = (ctypes.c_int64 * 1)(size), (ctypes.c_int64 * 1)(stride)
    handle = ctypes.c_void_p(
        device.nnopbase.aclCreateTensor(
            dims, ctypes.c_uint64(1), 0, strides, ctypes.c_int64(offset), FORMAT_ND, dims,
            ctypes.c_uint64(1), ctypes.c_void_p(pointer),
        )
    )  # fmt: skip
    device.launch("aclnnAbs", device.prepare("aclnnAbs", [handle, handle]))
    device.nnopbase.aclDestroyTensor(handle)
    device.synchronize()


@pytest.mark.parametrize(
    ("size", "stride", "offset"), [(10**6, 1, 0), (2, 10**6, 0), (1, 1, 10**6)]
)
def test_view_beyond_its_block(device: Device, size: int, stride: int, offset: int) -> None:
    pointer = device.malloc(4096)
    try:
        with pytest.raises(AclError) as caught:
            _abs_of(device, pointer, size, stride, offset)
    finally:
        device.new_stream()
        device.free(pointer)
    assert caught.value.code == DEVICE_FAULT
    for text in ("aclnnAbs", "self", "bytes", "block"):
        assert text in caught.value.message


def test_host_memory_is_no_device_memory(device: Device) -> None:
    host = torch.zeros(4)
    try:
        with pytest.raises(AclError, match=r"self.* not in a live block") as caught:
            _abs_of(device, host.data_ptr(), 4, 1, 0)
    finally:
        device.new_stream()
    assert caught.value.code == DEVICE_FAULT
