"""What ATen's CPU kernels refuse of integers and booleans, and the hardware computes."""

import pytest
import torch
from device import Device

INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
WIDE = [torch.uint16, torch.uint32, torch.uint64]
TRUTH = torch.tensor([False, False, True, True])
OTHER = torch.tensor([False, True, False, True])


def result(device: Device, name: str, *arguments, dtype: torch.dtype, shape=(4,)) -> list:
    out = torch.ones(shape).to(dtype)
    device.call(f"aclnn{name}", *arguments, out)
    return out.tolist()


# aclnnFmodTensor does not accept INT16.
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int32, torch.int64])
@pytest.mark.parametrize(
    ("name", "extra", "expected"),
    [
        ("FloorDivide", [], 7 // 2),
        ("DivMod", [1], 7 // 2),
        ("DivMod", [2], 7 // 2),
        ("RemainderTensorTensor", [], 7 % 2),
        ("FmodTensor", [], 7 % 2),
    ],
)
def test_division_by_zero_does_not_trap(device, name, extra, expected, dtype) -> None:
    x, y = torch.tensor([7, 7, 0, 7], dtype=dtype), torch.tensor([2, 0, 0, 2], dtype=dtype)
    nothing = torch.tensor(-1).to(dtype).item()
    wanted = [expected, nothing, nothing, expected]
    assert result(device, name, x, y, *extra, dtype=torch.int64) == wanted


@pytest.mark.parametrize("name", ["FloorDivides", "RemainderTensorScalar", "FmodScalar"])
def test_division_by_the_scalar_zero_does_not_trap(device: Device, name: str) -> None:
    x = torch.tensor([1, 2, 3, -4], dtype=torch.int32)
    assert result(device, name, x, 0, dtype=torch.int32) == [-1] * 4


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("mode", [1, 2])
def test_division_that_overflows_does_not_trap(device: Device, mode: int, dtype) -> None:
    x = torch.tensor([torch.iinfo(dtype).min, -7, 7, -8], dtype=dtype)
    y = torch.tensor([-1, 2, -2, 4], dtype=dtype)
    rounded = [-3, -3] if mode == 1 else [-4, -4]
    assert result(device, "DivMod", x, y, mode, dtype=dtype)[1:] == [*rounded, -2]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_true_quotient_is_cast(device: Device, dtype: torch.dtype) -> None:
    x, y = torch.tensor([7, 8, 9, 2], dtype=dtype), torch.tensor([2, 2, 2, 4], dtype=dtype)
    assert result(device, "Div", x, y, dtype=dtype) == [3, 4, 4, 0]
    device.call("aclnnInplaceDivs", x, 2)
    assert x.tolist() == [3, 4, 4, 1]


def test_addcdiv(device: Device) -> None:
    x, a, b = torch.tensor([1, 2]), torch.tensor([7, 8]), torch.tensor([2, 3])
    assert result(device, "Addcdiv", x, a, b, 2, dtype=torch.int64, shape=2) == [8, 7]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_mean(device: Device, dtype: torch.dtype) -> None:
    x = torch.tensor([[1, 2, 6], [3, 3, 4]], dtype=dtype)
    assert result(device, "Mean", x, [1], False, dtype, dtype=dtype, shape=2) == [3, 3]
    assert result(device, "MeanV2", x, [1], False, False, dtype=dtype, shape=2) == [3, 3]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("Abs", [TRUTH], TRUTH),
        ("Sub", [TRUTH, OTHER, 1], TRUTH ^ OTHER),
        ("Subs", [TRUTH, True, 1], ~TRUTH),
        ("Div", [TRUTH, torch.ones(4).bool()], TRUTH),
        ("FloorDivide", [TRUTH, torch.ones(4).bool()], TRUTH),
        ("PowTensorTensor", [TRUTH, OTHER], torch.tensor([True, False, True, True])),
    ],
)
def test_arithmetic_of_booleans(device: Device, name: str, arguments, expected) -> None:
    # aclnnFloorDivide has no boolean result.
    dtype = torch.int8 if name == "FloorDivide" else torch.bool
    assert result(device, name, *arguments, dtype=dtype) == expected.to(dtype).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.bool])
def test_boolean_factor(device: Device, dtype: torch.dtype) -> None:
    x = torch.tensor([0, 1, 0, 1]).to(dtype)
    assert result(device, "Add", x, x, True, dtype=dtype) == (x + x).tolist()


def test_foreach_casts_into_integers(device: Device) -> None:
    x, out = [torch.tensor([0, 1, 2], dtype=torch.int8)], [torch.zeros(3, dtype=torch.int8)]
    device.call("aclnnForeachExp", x, out)
    assert out[0].tolist() == [1, 2, 7]
    device.call("aclnnForeachAddScalarV2", x, 1.5, out)
    assert out[0].tolist() == [1, 2, 3]
    device.call("aclnnForeachAddListV2", x, x, 2.0, out)
    assert out[0].tolist() == [0, 3, 6]


@pytest.mark.parametrize("dtype", WIDE)
def test_order_of_unsigned_integers(device: Device, dtype: torch.dtype) -> None:
    top = torch.iinfo(dtype).max
    numbers = [3, top, 0, top // 2 + 1]
    x, y = torch.tensor(numbers, dtype=dtype), torch.tensor([top, 3, 0, 3], dtype=dtype)
    assert result(device, "LtTensor", x, y, dtype=torch.bool) == [True, False, False, False]
    assert result(device, "GeTensor", x, y, dtype=torch.bool) == [False, True, True, True]
    assert result(device, "GtScalar", x, 2, dtype=torch.bool) == [True, True, False, True]
    value, place = torch.zeros((), dtype=dtype), torch.zeros((), dtype=torch.int64)
    device.call("aclnnKthvalue", x, 3, 0, False, value, place)
    assert (value.item(), place.item()) == (sorted(numbers)[2], 3)


@pytest.mark.parametrize("dtype", WIDE)
def test_places_of_unsigned_integers(device: Device, dtype: torch.dtype) -> None:
    top = torch.iinfo(dtype).max
    x, index = torch.tensor([[1, top], [2, 3]], dtype=dtype), torch.tensor([1, 0])
    assert result(device, "Take", x, index, dtype=dtype, shape=2) == [top, 1]
    gathered = result(device, "Gather", x, 1, index[:, None], dtype=dtype, shape=(2, 1))
    assert gathered == [[top], [2]]
    assert result(device, "Triu", x, 0, dtype=dtype, shape=(2, 2)) == [[1, top], [0, 3]]
    device.call("aclnnInplaceTril", x, 0)
    assert x.tolist() == [[1, 0], [2, 3]]


@pytest.mark.parametrize("dtype", WIDE)
def test_products_of_unsigned_integers(device: Device, dtype: torch.dtype) -> None:
    size = dtype.itemsize * 8
    half = 2 ** (size // 2)
    x = torch.tensor([half - 1, half + 1, half], dtype=dtype)
    wanted = [half - 1, 2**size - 1, 2**size - half]
    assert result(device, "Cumprod", x, 0, dtype, dtype=dtype, shape=3) == wanted
