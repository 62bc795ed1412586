"""Operators in graphs, on memory that is mapped in pieces, and with injected faults."""

import ctypes

import pytest
import torch
from device import DEVICE_FAULT, AclError, Device, DeviceTensor

CHUNK = 2 << 20
Handle = ctypes.c_void_p


class PhysicalProperties(ctypes.Structure):
    """aclrtPhysicalMemProp."""

    _fields_ = [
        ("handle_type", ctypes.c_int),
        ("allocation_type", ctypes.c_int),
        ("attribute", ctypes.c_int),
        ("location_id", ctypes.c_uint32),
        ("location_type", ctypes.c_int),
        ("reserve", ctypes.c_uint64),
    ]


def operate(device: Device, name: str, *arguments: object) -> None:
    """Both phases; the handles of tensors are the caller's, who keeps them."""
    handles = [Handle(a.handle) if isinstance(a, DeviceTensor) else a for a in arguments]
    device.launch(name, device.prepare(name, handles))


class Perceptron:
    """relu(x w1) w2, on the device and on the CPU."""

    def __init__(self, device: Device) -> None:
        self.device = device
        generator = torch.Generator().manual_seed(0)
        shapes = [(16, 32), (32, 64), (64, 8)]
        self.host = [torch.randn(shape, generator=generator) for shape in shapes]
        self.x, self.w1, self.w2 = map(device.tensor, self.host)
        self.hidden = device.tensor(torch.zeros(16, 64))
        self.y = device.tensor(torch.zeros(16, 8))

    def launch(self) -> None:
        cube = ctypes.c_int8(0)
        operate(self.device, "aclnnMm", self.x, self.w1, self.hidden, cube)
        operate(self.device, "aclnnInplaceRelu", self.hidden)
        operate(self.device, "aclnnMm", self.hidden, self.w2, self.y, cube)

    def result(self) -> torch.Tensor:
        self.device.synchronize()
        self.y.download()
        return self.y.tensor.clone()

    def forget_handles(self) -> None:
        for tensor in (self.x, self.w1, self.w2, self.hidden, self.y):
            self.device.check(self.device.nnopbase.aclDestroyTensor(Handle(tensor.handle)))


def test_a_graph_equals_eager_execution_with_new_inputs(device: Device) -> None:
    net, inputs = Perceptron(device), [torch.randn(16, 32) for _ in range(100)]
    eager = []
    for value in inputs:
        net.x.tensor.copy_(value)
        net.x.upload()
        net.launch()
        eager.append(net.result())
    acl, model = device.ascendcl, Handle()
    device.check(acl.aclmdlRICaptureBegin(device.stream, 0))
    before = device.task_count()
    net.launch()
    device.check(acl.aclmdlRICaptureEnd(device.stream, ctypes.byref(model)))
    net.forget_handles()  # the graph holds its own
    assert device.task_count() == before
    for value, expected in zip(inputs, eager, strict=True):
        net.x.tensor.copy_(value)
        net.x.upload()
        device.check(acl.aclmdlRIExecuteAsync(model, device.stream))
        assert torch.equal(net.result(), expected)
    assert device.task_count() - before == 3 * len(inputs)
    assert torch.allclose(expected, (value @ net.host[1]).relu() @ net.host[2], atol=1e-4)
    device.check(acl.aclmdlRIDestroy(model))


def test_a_tensor_may_span_mapped_chunks(device: Device) -> None:
    acl, address = device.ascendcl, Handle()
    size = ctypes.c_size_t(CHUNK)
    device.check(
        acl.aclrtReserveMemAddress(
            ctypes.byref(address), ctypes.c_size_t(4 * CHUNK), ctypes.c_size_t(0), None,
            ctypes.c_uint64(0),
        )
    )  # fmt: skip
    properties, nothing = PhysicalProperties(0, 0, 4, 0, 1, 0), ctypes.c_uint64(0)
    for chunk in (1, 0, 2):
        memory, where = Handle(), Handle(address.value + chunk * CHUNK)
        device.check(
            acl.aclrtMallocPhysical(
                ctypes.byref(memory), size, ctypes.byref(properties), nothing
            )
        )  # fmt: skip
        device.check(acl.aclrtMapMem(where, size, ctypes.c_size_t(0), memory, nothing))
    values = torch.randn(3 * CHUNK // 4 - 8)
    tensor = DeviceTensor(device, values.clone(), address.value + 32)
    operate(device, "aclnnInplaceNeg", tensor)
    device.synchronize()
    tensor.download()
    assert torch.equal(tensor.tensor, -values)
    device.check(acl.aclrtUnmapMem(Handle(address.value + CHUNK)))
    operate(device, "aclnnInplaceNeg", tensor)
    with pytest.raises(AclError, match="its block ends after"):
        device.synchronize()
    device.new_stream()


@pytest.mark.parametrize("faults", ["aclnnInplaceNeg:2", "Neg:2", "*:3"])
def test_the_named_kernel_fails_later_and_is_named(device: Device, faults: str) -> None:
    tensor = device.tensor(torch.ones(8))
    device.check(device.ascendcl.emulatorInjectFaults(faults.encode()))
    for name in ("aclnnInplaceNeg", "aclnnInplaceRelu", "aclnnInplaceNeg", "aclnnInplaceRelu"):
        operate(device, name, tensor)
    with pytest.raises(AclError, match=r"task \d+, aclnnInplaceNeg_.*injected") as error:
        device.synchronize()
    assert error.value.code == DEVICE_FAULT
    device.new_stream()
    operate(device, "aclnnInplaceNeg", tensor)
    device.synchronize()
