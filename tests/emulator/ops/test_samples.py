"""Every function of the fact base runs, and gives what torch's CPU operators give."""

import re
from pathlib import Path

import pytest
import samples_attention
import samples_foreach
import samples_images
import samples_indexing
import samples_linalg
import samples_nn
import samples_norm
import samples_pointwise
import samples_recurrent
import samples_reduction
import samples_sparse
import samples_vendor
import torch
from device import FUNCTIONS, Device, DeviceTensor, Encoder
from sample import Dynamic, Out

MODULES = (
    samples_pointwise,
    samples_reduction,
    samples_indexing,
    samples_nn,
    samples_norm,
    samples_foreach,
    samples_images,
    samples_linalg,
    samples_recurrent,
    samples_attention,
    samples_sparse,
    samples_vendor,
)
SAMPLES = [sample for module in MODULES for sample in module.samples()]


def _identifier(index: int) -> str:
    name = SAMPLES[index][0]
    return f"{name}-{sum(other == name for other, _ in SAMPLES[:index])}"


@pytest.mark.parametrize("index", range(len(SAMPLES)), ids=_identifier)
def test_result(device: Device, index: int) -> None:
    name, arguments = SAMPLES[index]
    before = device.task_count()
    encoder = Encoder(device)
    try:
        values = [host_tensor(argument) for argument in arguments]
        encoded = [
            encoder.encode(*pair) for pair in zip(FUNCTIONS[name].parameters, values, strict=True)
        ]
        device.launch(name, device.prepare(name, encoded))
        device.synchronize()
        tensors = {id(tensor.tensor): tensor for _, tensor in encoder.tensors}
        for argument, value in zip(arguments, values, strict=True):
            check(argument, value, tensors)
    finally:
        encoder.destroy()
        encoder.free()
    assert device.task_count() == before + 1


def check(argument, value, tensors: dict[int, DeviceTensor]) -> None:
    """Compares what the device has put into `value` with what the sample expects."""
    if isinstance(argument, list) and argument and isinstance(argument[0], Out):
        for element, result in zip(argument, value, strict=True):
            check(element, result, tensors)
    elif isinstance(argument, Out):
        tensors[id(value)].download()
        close(value, argument.expected, argument.tolerance)
    elif isinstance(argument, Dynamic):
        tensor = tensors[id(value)]
        tensor.download()
        shape = tensor.view_shape()
        assert shape == list(argument.expected.shape)
        close(value.flatten()[: argument.expected.numel()].reshape(shape), argument.expected)


def host_tensor(argument):
    if isinstance(argument, Out):
        return argument.tensor().clone()
    if isinstance(argument, Dynamic):
        return torch.zeros(argument.capacity, dtype=argument.expected.dtype)
    if isinstance(argument, list):
        return [host_tensor(element) for element in argument]
    return argument


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def test_no_function_without_a_test() -> None:
    sampled = {name for name, _ in SAMPLES}
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    called = set(re.findall(r'"(aclnn\w+)"', sources))
    assert not set(FUNCTIONS) - sampled - called
