"""Results in the types that networks use: half precision, integers, and mixtures of them."""

import pytest
import torch
from device import Device
from sample import seeded

HALVES = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", [*HALVES, torch.float32, torch.float64, torch.int64, torch.int8])
@pytest.mark.parametrize("name", ["Add", "Sub", "Mul"])
def test_arithmetic(device: Device, name: str, dtype: torch.dtype) -> None:
    x, y, out = (
        seeded(3, 4, dtype=dtype),
        seeded(4, dtype=dtype, seed=1),
        torch.zeros(3, 4).to(dtype),
    )
    alpha = [] if name == "Mul" else [1]
    device.call(f"aclnn{name}", x, y, *alpha, out)
    torch.testing.assert_close(out, getattr(torch, name.lower())(x, y))


@pytest.mark.parametrize("dtype", HALVES)
def test_matmul(device: Device, dtype: torch.dtype) -> None:
    a, b, out = seeded(8, 16, dtype=dtype), seeded(16, 4, dtype=dtype), torch.zeros(8, 4).to(dtype)
    device.call("aclnnMm", a, b, out, 0)
    torch.testing.assert_close(out, a @ b)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("parameter_dtype", [torch.float32, None])
def test_normalization_of_half_precision(device: Device, dtype, parameter_dtype) -> None:
    x = seeded(4, 6, dtype=dtype)
    weight = seeded(6, dtype=parameter_dtype or dtype, seed=1)
    out, mean, rstd = torch.zeros_like(x), torch.zeros(4, 1), torch.zeros(4, 1)
    device.call("aclnnLayerNorm", x, [6], weight, None, 1e-5, out, mean, rstd)
    expected = torch.nn.functional.layer_norm(x.float(), (6,), weight.float())
    torch.testing.assert_close(out, expected.to(dtype))


def test_integer_by_float_scalar(device: Device) -> None:
    x, out = seeded(3, dtype=torch.int32), torch.zeros(3)
    device.call("aclnnMuls", x, 0.5, out)
    torch.testing.assert_close(out, x * 0.5)


def test_result_is_cast_into_the_output(device: Device) -> None:
    x, y, out = seeded(3), seeded(3, seed=1), torch.zeros(3, dtype=torch.int32)
    device.call("aclnnAdd", x * 9, y, 1.0, out)
    assert out.tolist() == (x * 9 + y).int().tolist()


def test_integer_sum_with_float_alpha(device: Device) -> None:
    x, out = seeded(3, dtype=torch.int64), torch.zeros(3, dtype=torch.int64)
    device.call("aclnnAdd", x, x, 2.0, out)
    assert out.tolist() == (3 * x).tolist()


@pytest.mark.parametrize("source", [torch.float32, torch.int64, torch.bool, torch.bfloat16])
@pytest.mark.parametrize("target", [torch.float16, torch.int32, torch.bool, torch.float64])
def test_copy_converts(device: Device, source: torch.dtype, target: torch.dtype) -> None:
    x, out = seeded(3, 4, dtype=source), torch.zeros(4, 3).to(target)
    device.call("aclnnInplaceCopy", out.t(), x)
    torch.testing.assert_close(out.t(), x.to(target))


def test_softmax_from_half_to_float(device: Device) -> None:
    x, out = seeded(3, 4, dtype=torch.float16), torch.zeros(3, 4)
    device.call("aclnnSoftmax", x, 1, out)
    torch.testing.assert_close(out, x.softmax(1, dtype=torch.float32))


def test_complex(device: Device) -> None:
    x = torch.complex(seeded(3), seeded(3, seed=1))
    out = torch.zeros_like(x)
    device.call("aclnnMuls", x, 2j, out)
    torch.testing.assert_close(out, x * 2j)
