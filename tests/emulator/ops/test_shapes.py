"""Shapes that do not fit: refused at phase 1 where a rule knows, in the stream otherwise."""

import pytest
import torch
from device import DEVICE_FAULT, PARAM_INVALID, AclError, Device

A, B = torch.ones(3, 4), torch.ones(4, 5)


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("aclnnAdd", [A, torch.ones(2, 4), 1.0, torch.ones(3, 4)], "does not broadcast"),
        ("aclnnAdd", [A, A, 1.0, torch.ones(3, 5)], "out has shape [3, 5]"),
        ("aclnnAdd", [A, A, 1.0, torch.ones(12)], "the result has shape [3, 4]"),
        ("aclnnInplaceAdd", [torch.ones(4), A, 1.0], "selfRef has shape [4]"),
        ("aclnnExp", [A, torch.ones(1)], "out has shape [1]"),
        ("aclnnMm", [A, A, torch.ones(3, 4), 0], "mat2 has shape [3, 4]"),
        ("aclnnMm", [A, B, torch.ones(5, 3), 0], "the result has shape [3, 5]"),
        ("aclnnAddmm", [torch.ones(2), A, B, 1.0, 1.0, torch.ones(3, 5), 0], "self has shape [2]"),
        ("aclnnReduceSum", [A, [1], False, torch.float32, torch.ones(4)], "has shape [3]"),
        ("aclnnReduceSum", [A, [2], False, torch.float32, torch.ones(3)], "dimension 2"),
        ("aclnnInplaceCopy", [torch.ones(4), A], "selfRef has shape [4]"),
    ],
)
def test_refused(device: Device, name: str, arguments: list, text: str) -> None:
    with pytest.raises(AclError) as caught:
        device.call(name, *arguments)
    assert caught.value.code == PARAM_INVALID
    assert name in caught.value.message
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("aclnnEye", [3, 3, torch.zeros(2, 2)], "must match the size"),
        ("aclnnCat", [[A, A], 0, torch.zeros(5, 4)], "out has shape [5, 4]"),
        ("aclnnCat", [[A, A], 0, torch.zeros(7, 4)], "out has shape [7, 4]"),
        ("aclnnIndexSelect", [A, 0, torch.tensor([5]), torch.zeros(1, 4)], "out of range"),
        ("aclnnGeluBackwardV2", [A, A, "sigmoid", torch.zeros(3, 4)], "approximate"),
    ],
)
def test_fails_in_the_stream(device: Device, name: str, arguments: list, text: str) -> None:
    try:
        with pytest.raises(AclError) as caught:
            device.call(name, *arguments)
    finally:
        device.new_stream()
    assert caught.value.code == DEVICE_FAULT
    assert name in caught.value.message
    assert text in caught.value.message


def test_empty_tensors(device: Device) -> None:
    x, out = torch.empty(0, 4), torch.empty(0, 4)
    device.call("aclnnAdd", x, x, 1.0, out)
    total = torch.full((4,), 7.0)
    device.call("aclnnReduceSum", x, [0], False, torch.float32, total)
    assert total.tolist() == [0.0] * 4


def test_reduction_of_a_scalar(device: Device) -> None:
    out = torch.tensor(0.0)
    device.call("aclnnReduceSum", torch.tensor(3.0), [], False, torch.float32, out)
    assert out.item() == 3
