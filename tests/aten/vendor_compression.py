"""Cases of signs as bits, and numbers and buffers for lossless compression."""

import torch
from vendor_case import Case, Fixed, integers, seeded

NUMBERS = seeded(256, 128)


def buffers(x):
    """pdf, mantissa, fixed and var for npu_hans_encode."""
    like = {"dtype": x.dtype, "device": x.device}
    size, count = x.element_size(), x.numel()
    return (
        torch.zeros(256, dtype=torch.int32, device=x.device),
        torch.zeros(count * (size - 1) // size, **like),
        torch.zeros(512 // size, **like),
        torch.zeros((count + count // 64 + 8448) // size, **like),
    )


def pack(x, size):
    bits = torch.zeros((x.numel() + 7) // 8 * 8, dtype=torch.int64)
    bits[: x.numel()] = ~(x < 0)
    return (bits.view(-1, 8) << torch.arange(8)).sum(1).to(torch.uint8).view(size, -1)


def unpack(x, size, dtype):
    bits = x.unsqueeze(1).long() >> torch.arange(8) & 1
    return (2 * bits - 1).to(dtype).view(size, -1)


SIGNS = torch.tensor([5, 4, -0.0, 2, 0, -1, -2, 4, float("nan"), 2, -1, 0, -1, -2])
BYTES = integers(0, 256, (6,), torch.uint8)

CASES = [
    Case("npu_sign_bits_pack", (SIGNS, 2), pack, dtypes=(torch.float32, torch.float16)),
    Case("npu_sign_bits_unpack", (Fixed(BYTES), 3, torch.float32), unpack, dtypes=(torch.float32,)),
    Case("npu_sign_bits_unpack", (Fixed(BYTES), 1, torch.float16), unpack, dtypes=(torch.float16,),
        note="half"),
]  # fmt: skip
