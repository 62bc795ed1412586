"""Repeatable executors: prepared once, launched with other addresses, destroyed by the caller."""

import ctypes

import pytest
import torch
from device import PARAM_INVALID, PARAM_NULLPTR, AclError, Device

HANDLE = ctypes.c_void_p


@pytest.fixture
def prepared(device: Device):
    """aclnnAdd on three tensors, and the scalar 1."""
    tensors = [device.tensor(t) for t in (torch.ones(4), torch.ones(4), torch.zeros(4))]
    one = torch.tensor(1.0)
    alpha = HANDLE(device.nnopbase.aclCreateScalar(HANDLE(one.data_ptr()), 0))
    left, right, out = (HANDLE(t.handle) for t in tensors)
    executor = device.prepare("aclnnAdd", [left, right, alpha, out])
    device.check(device.nnopbase.aclSetAclOpExecutorRepeatable(executor))
    yield tensors, executor
    device.synchronize()
    device.check(device.nnopbase.aclDestroyAclOpExecutor(executor))
    for tensor in tensors:
        tensor.free()


def point(device: Device, executor, index: int, tensor, pointer: int) -> None:
    device.check(
        device.nnopbase.aclSetTensorAddr(
            executor, ctypes.c_size_t(index), HANDLE(tensor.handle), HANDLE(pointer)
        )
    )


def test_launches_see_the_addresses_of_their_time(device: Device, prepared) -> None:
    tensors, executor = prepared
    others = [device.tensor(torch.full((4,), float(i))) for i in range(5)]
    results = [device.tensor(torch.zeros(4)) for _ in others]
    device.ascendcl.emulatorSetKernelDelayMicros(ctypes.c_uint64(20_000))
    for other, result in zip(others, results, strict=True):  # no kernel has run before the next
        point(device, executor, 0, tensors[0], other.pointer)
        point(device, executor, 2, tensors[2], result.pointer)
        device.launch("aclnnAdd", executor)
    device.ascendcl.emulatorSetKernelDelayMicros(ctypes.c_uint64(0))
    device.synchronize()
    for i, result in enumerate(results):
        result.download()
        assert result.tensor.tolist() == [i + 1.0] * 4
    for tensor in (*others, *results):
        tensor.free()


def test_wrong_addresses_are_refused(device: Device, prepared) -> None:
    tensors, executor = prepared
    for index, tensor in ((1, tensors[0]), (3, tensors[2])):
        with pytest.raises(AclError, match="was not prepared with this tensor") as error:
            point(device, executor, index, tensor, tensor.pointer)
        assert error.value.code == PARAM_INVALID
    assert device.nnopbase.aclSetTensorAddr(None, ctypes.c_size_t(0), None, None) == PARAM_NULLPTR
    assert device.nnopbase.aclSetAclOpExecutorRepeatable(None) == PARAM_NULLPTR


def test_elements_of_lists(device: Device) -> None:
    parts = [device.tensor(torch.full((2,), float(i))) for i in range(3)]
    out = device.tensor(torch.zeros(4))
    handles = (ctypes.c_void_p * 2)(parts[0].handle, parts[1].handle)
    tensors = HANDLE(device.nnopbase.aclCreateTensorList(handles, ctypes.c_uint64(2)))
    executor = device.prepare("aclnnCat", [tensors, ctypes.c_int64(0), HANDLE(out.handle)])
    device.check(device.nnopbase.aclSetAclOpExecutorRepeatable(executor))
    set_address = device.nnopbase.aclSetDynamicTensorAddr
    first, second = ctypes.c_size_t(0), ctypes.c_size_t(1)
    device.check(set_address(executor, first, second, tensors, HANDLE(parts[2].pointer)))
    device.launch("aclnnCat", executor)
    device.synchronize()
    out.download()
    assert out.tensor.tolist() == [0, 0, 2, 2]
    too_far = ctypes.c_size_t(2)
    assert set_address(executor, first, too_far, tensors, None) == PARAM_INVALID
    device.check(device.nnopbase.aclDestroyAclOpExecutor(executor))
    for tensor in (*parts, out):
        tensor.free()
