"""Lossless compression: what the codec gives back are the same bits, in less room if it can."""

import pytest
import torch
from device import AclError, Device
from vendor_compression import NUMBERS, buffers

DTYPES = [torch.float32, torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES)
def test_round_trip(device: Device, dtype: torch.dtype) -> None:
    x = NUMBERS.to(dtype)
    pdf, mantissa, fixed, var = buffers(x)
    device.call("aclnnHansEncode", x, pdf, True, False, mantissa, fixed, var)
    assert pdf.sum() == x.numel()
    # Numbers around 0 have few exponents: the rest of the codes' room stays as it was.
    assert var.view(torch.uint8).nonzero().max() < 0.9 * x.numel()
    out = torch.zeros_like(x)
    device.call("aclnnHansDecode", mantissa, fixed, var, pdf, False, out)
    assert torch.equal(out.view(torch.uint8), x.view(torch.uint8))


def test_random_bits_fit_into_the_documented_room(device: Device) -> None:
    x = torch.randint(0, 2**15, (256, 128), dtype=torch.int16).view(torch.bfloat16)
    pdf, mantissa, fixed, var = buffers(x)
    device.call("aclnnHansEncode", x, pdf, True, True, mantissa, fixed, var)
    out = torch.zeros_like(x)
    device.call("aclnnHansDecode", mantissa, fixed, var, pdf, True, out)
    assert torch.equal(out.view(torch.int16), x.view(torch.int16))


def test_too_little_room_is_an_error(device: Device) -> None:
    pdf, mantissa, fixed, var = buffers(NUMBERS)
    with pytest.raises(AclError, match="fixedOut and varOut have 576 bytes, the codes need"):
        device.call("aclnnHansEncode", NUMBERS, pdf, True, False, mantissa, fixed, var[:16].clone())
    device.new_stream()
