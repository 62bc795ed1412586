"""Handles of nnopbase: creation, inspection, and lives that end before the kernel runs."""

import ctypes
import time

import pytest
import torch
from device import FORMAT_ND, PARAM_INVALID, PARAM_NULLPTR, AclError, Device, Encoder
from device import FUNCTIONS as TABLE
from sample import seeded


def values(device: Device, function: str, handle: int) -> list[int]:
    array, size = ctypes.POINTER(ctypes.c_int64)(), ctypes.c_uint64()
    call = getattr(device.nnopbase, function)
    device.check(call(ctypes.c_void_p(handle), ctypes.byref(array), ctypes.byref(size)))
    return array[: size.value]


def number(device: Device, function: str, handle: int, kind=ctypes.c_int64) -> int:
    result = kind()
    device.check(getattr(device.nnopbase, function)(ctypes.c_void_p(handle), ctypes.byref(result)))
    return result.value


def test_tensor_tells_what_it_was_made_of(device: Device) -> None:
    tensor = device.tensor(torch.zeros(4, 6, dtype=torch.int64)[1:3, ::2])
    assert values(device, "aclGetViewShape", tensor.handle) == [2, 3]
    assert values(device, "aclGetViewStrides", tensor.handle) == [6, 2]
    assert values(device, "aclGetStorageShape", tensor.handle) == [24]
    assert number(device, "aclGetViewOffset", tensor.handle) == 6
    assert number(device, "aclGetDataType", tensor.handle, ctypes.c_int) == 9
    assert number(device, "aclGetFormat", tensor.handle, ctypes.c_int) == FORMAT_ND
    assert device.nnopbase.aclDestroyTensor(ctypes.c_void_p(tensor.handle)) == 0
    tensor.free()


@pytest.mark.parametrize(
    ("kind", "element", "items"),
    [
        ("IntArray", ctypes.c_int64, [3, 4, 5]),
        ("FloatArray", ctypes.c_float, [1.0]),
        ("BoolArray", ctypes.c_bool, [True, False]),
        ("IntArray", ctypes.c_int64, []),
    ],
)
def test_array_size(device: Device, kind: str, element, items: list) -> None:
    array = (element * max(len(items), 1))(*items)
    create = getattr(device.nnopbase, f"aclCreate{kind}")
    handle = create(array, ctypes.c_uint64(len(items)))
    assert number(device, f"aclGet{kind}Size", handle, ctypes.c_uint64) == len(items)
    assert getattr(device.nnopbase, f"aclDestroy{kind}")(ctypes.c_void_p(handle)) == 0


def test_destroying_nothing_is_allowed(device: Device) -> None:
    for kind in "Tensor Scalar IntArray FloatArray BoolArray TensorList ScalarList".split():
        assert getattr(device.nnopbase, f"aclDestroy{kind}")(None) == 0


def test_bad_tensors(device: Device) -> None:
    dims = (ctypes.c_int64 * 2)(3, -1)
    create = device.nnopbase.aclCreateTensor
    two = ctypes.c_uint64(2)
    assert create(dims, two, 0, None, ctypes.c_int64(0), 2, dims, two, None) is None
    with pytest.raises(AclError, match="negative"):
        device.check(PARAM_INVALID)
    assert create(None, two, 0, None, ctypes.c_int64(0), 2, dims, two, None) is None
    with pytest.raises(AclError, match="viewDims is null"):
        device.check(PARAM_NULLPTR)


def test_no_strides_means_contiguous(device: Device) -> None:
    dims = (ctypes.c_int64 * 3)(2, 3, 4)
    three = ctypes.c_uint64(3)
    handle = device.nnopbase.aclCreateTensor(
        dims, three, 0, None, ctypes.c_int64(0), 2, dims, three, None
    )
    assert values(device, "aclGetViewStrides", handle) == [12, 4, 1]


@pytest.fixture
def slow_kernels(device: Device):
    device.ascendcl.emulatorSetKernelDelayMicros(ctypes.c_uint64(200_000))
    yield
    device.ascendcl.emulatorSetKernelDelayMicros(ctypes.c_uint64(0))


def test_handles_may_go_before_the_kernel_runs(device: Device, slow_kernels) -> None:
    x, y = seeded(3, 4), seeded(3, 4, seed=1)
    cases = {
        "aclnnAdd": ([x, y, 2.0, torch.zeros(3, 4)], x + 2 * y),
        "aclnnCat": ([[x, y], 0, torch.zeros(6, 4)], torch.cat([x, y])),
        "aclnnReduceSum": ([x, [1], False, torch.float32, torch.zeros(3)], x.sum(1)),
        "aclnnForeachAddScalarList": ([[x, y], [1.0, 2.0], [torch.zeros(3, 4)] * 2], None),
        "aclnnGeluBackwardV2": ([x, y, "none", torch.zeros(3, 4)], None),
    }
    for name, (arguments, expected) in cases.items():
        encoder = Encoder(device)
        encoded = [
            encoder.encode(parameter, argument)
            for parameter, argument in zip(TABLE[name].parameters, arguments, strict=True)
        ]
        device.launch(name, device.prepare(name, encoded))
        encoder.destroy()
        del encoded
        device.synchronize()
        output = encoder.tensors[-1][1]
        output.download()
        if expected is not None:
            torch.testing.assert_close(output.tensor, expected)
        encoder.free()


def test_launch_returns_before_the_kernel_runs(device: Device, slow_kernels) -> None:
    device.ascendcl.emulatorSetKernelDelayMicros(ctypes.c_uint64(2_000_000))
    tensor = device.tensor(seeded(3))
    handle = ctypes.c_void_p(tensor.handle)
    before = device.task_count()
    started = time.monotonic()
    device.launch("aclnnNeg", device.prepare("aclnnNeg", [handle, handle]))
    assert device.task_count() == before
    device.synchronize()
    assert time.monotonic() - started >= 2
    assert device.task_count() == before + 1


def test_executor_of_another_function(device: Device) -> None:
    tensor = device.tensor(seeded(3))
    handle = ctypes.c_void_p(tensor.handle)
    with pytest.raises(AclError, match="prepared by aclnnNeg") as caught:
        device.launch("aclnnAbs", device.prepare("aclnnNeg", [handle, handle]))
    assert caught.value.code == PARAM_INVALID
