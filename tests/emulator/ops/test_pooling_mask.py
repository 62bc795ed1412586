"""Max pooling whose positions are a bit mask, as this hardware keeps them."""

import pytest
import torch
from device import Device
from sample import seeded
from torch.nn import functional as F


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [
        ([2, 2], [2, 2], [0, 0], [1, 1]),
        ([3, 2], [2, 1], [1, 0], [1, 2]),
        ([1, 1], [1, 1], [0, 0], [1, 1]),
    ],
)
def test_forward_and_backward(device: Device, kernel, stride, padding, dilation) -> None:
    x = seeded(2, 3, 9, 10).requires_grad_()
    expected = F.max_pool2d(x, kernel, stride, padding, dilation)
    grad = seeded(*expected.shape, seed=1)
    (expected_grad,) = torch.autograd.grad(expected, x, grad)
    positions = expected.shape[2] * expected.shape[3]
    width = ((positions + 15) // 16 + 1) * 32
    mask = torch.zeros(2, 3, kernel[0] * kernel[1], width, dtype=torch.int8)
    window = [kernel, stride, padding, dilation, False]
    out = torch.zeros_like(expected.detach())
    device.call("aclnnMaxPool2dWithMask", x.detach(), *window, out, mask)
    torch.testing.assert_close(out, expected.detach())
    actual_grad = torch.zeros_like(x.detach())
    device.call("aclnnMaxPool2dWithMaskBackward", grad, x.detach(), mask, *window, actual_grad)
    torch.testing.assert_close(actual_grad, expected_grad)
