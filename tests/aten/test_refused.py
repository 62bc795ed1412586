"""What the CPU refuses at the call is refused at the call: the device keeps working afterwards."""

import pytest
import torch


@pytest.fixture(autouse=True)
def device_still_works():
    yield
    torch.npu.synchronize()
    assert torch.ones(2, device="npu").sum().item() == 2


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (torch.mm, [(2, 2), (2, 2)]),
        (torch.bmm, [(1, 2, 2), (1, 2, 2)]),
        (torch.addmm, [(2, 2), (2, 2), (2, 2)]),
        (torch.baddbmm, [(1, 2, 2), (1, 2, 2), (1, 2, 2)]),
        (torch.addmv, [(2,), (2, 2), (2,)]),
    ],
)
def test_mixed_dtypes_of_matrices(op, shapes) -> None:
    tensors = [torch.ones(shape, device="npu") for shape in shapes]
    tensors[-1] = tensors[-1].half()
    with pytest.raises(RuntimeError, match=r"dtype|datatype|scalar type"):
        op(*tensors)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(torch.int64, float("nan")), (torch.uint8, 300), (torch.float16, 1e10), (torch.int8, 1j)],
)
def test_values_that_the_dtype_cannot_hold(dtype: torch.dtype, value: complex) -> None:
    x = torch.ones(2, device="npu").to(dtype)
    with pytest.raises(RuntimeError, match="cannot be converted"):
        x.fill_(value)
    with pytest.raises(RuntimeError, match="cannot be converted"):
        x.masked_fill(x > 0, value)


def test_masked_scatter_of_another_dtype() -> None:
    x = torch.ones(4, device="npu")
    with pytest.raises(RuntimeError, match="same dtype"):
        x.masked_scatter_(x > 0, torch.ones(4, device="npu", dtype=torch.int64))


def test_generator_of_another_device() -> None:
    with pytest.raises(
        RuntimeError, match=r"generator of device npu:0, but got one of device npu:1"
    ):
        torch.rand(2, device="npu:0", generator=torch.Generator("npu:1"))


def test_partial_overlap() -> None:
    x = torch.arange(5.0, device="npu")
    index = torch.tensor([0, 1, 2, 3], device="npu")
    for op in (
        lambda out: torch.index_select(x[:4], 0, index, out=out),
        lambda out: torch.take(x[:4], index, out=out),
        lambda out: torch.ops.aten.hardtanh.out(x[:4], -1, 1, out=out),
        lambda out: torch.cat([x[:2], x[:2]], out=out),
    ):
        with pytest.raises(RuntimeError, match="memory location"):
            op(x[1:])
    assert x.tolist() == [0, 1, 2, 3, 4]


def test_variance_of_integers() -> None:
    for size in (0, 3):
        with pytest.raises(RuntimeError, match="only support floating point"):
            torch.ones(size, dtype=torch.int64, device="npu").var()


def test_what_the_cpu_accepts() -> None:
    x = torch.tensor([1.0, 0.0], device="npu")
    assert torch.logical_and(x, torch.tensor(True)).tolist() == [True, False]
    assert torch.isnan(torch.empty(0, device="npu").median())
    assert torch.where(torch.tensor(True), x, -x).tolist() == [1, 0]
