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


@pytest.mark.parametrize(
    "call",
    [
        lambda z: torch.cumsum(z[:5], 0, out=z[1:]),
        lambda z: torch.cumprod(z[:5], 0, out=z[1:]),
        lambda z: torch.sort(z[:5], out=(z[1:], torch.empty(5, dtype=torch.int64, device="npu"))),
        lambda z: z[:5].index_put_((torch.arange(5, device="npu"),), z[1:]),
        lambda z: z[:1].expand(3).normal_(),
        lambda z: z[:1].expand(3).random_(),
        lambda z: z[:1].expand(3).uniform_(),
        lambda z: z[:1].expand(3).bernoulli_(0.5),
        lambda z: z[:1].expand(3).cumsum_(0),
        lambda z: z[:1].expand(3).fill_(torch.tensor(1.0)),
        lambda z: torch.cummax(z, 0, out=(z[:1].expand(6), torch.empty(6).long().npu())),
        lambda z: torch.cummin(z, 0, out=(torch.empty(6).npu(), z[:1].long().expand(6))),
        lambda z: z[:1].expand(3, 3).addmm_(torch.ones(3, 3).npu(), torch.ones(3, 3).npu()),
        lambda z: torch.mm(torch.ones(3, 3).npu(), torch.ones(3, 3).npu(), out=z[:1].expand(3, 3)),
        lambda z: torch.topk(z, 2, out=(z[:1].expand(2), torch.empty(2).long().npu())),
        lambda z: torch.argmax(torch.ones(3, 3).npu(), 0, out=z[:1].long().expand(3)),
    ],
)
def test_outputs_that_overlap(call) -> None:
    z = torch.arange(6.0, device="npu")
    with pytest.raises(RuntimeError, match="memory location"):
        call(z)
    assert z.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.to(torch.int8).clamp(0, 300),
        lambda x: x.half().clamp_min(2**40),
        lambda x: x.int() ** (2**40),
        lambda x: x.int() % 2**40,
        lambda x: torch.fmod(x.int(), 2**40),
        lambda x: x.long().scatter(0, torch.tensor([0], device="npu"), float("nan")),
        lambda x: torch.randint(0, 300, (3,), dtype=torch.uint8, device="npu"),
        lambda x: x.half().random_(0, 70000),
        lambda x: x.bool().random_(0, 7),
        lambda x: x.to(torch.uint8).random_(-5, None),
        lambda x: x.uniform_(-float("inf"), 1),
        lambda x: x.uniform_(-3e38, 3e38),
        lambda x: x.half().uniform_(0, 1e6),
        lambda x: x.index_fill(2, torch.tensor([0], device="npu"), 1),
        lambda x: x.index_fill(0, torch.zeros(1, 1, device="npu").long(), 1),
        lambda x: torch.index_select(x[0], 0, torch.zeros(2, device="npu").long()),
        lambda x: torch.nn.functional.hardtanh(x.to(torch.uint8)),
        lambda x: torch.abs(x, out=torch.empty(3, device="npu", dtype=torch.float64)),
        lambda x: torch.rsub(x.int(), x.int(), alpha=0.5),
        lambda x: torch.rsub(x.bool(), x.bool()),
        lambda x: x[:0].long().fill_(float("nan")),
        lambda x: torch.ones(0, 3).npu().mm(torch.ones(3, 2).npu().half()),
        lambda x: x.masked_select(torch.ones(3, device="npu:1") > 0),
        lambda x: torch.nn.functional.conv2d(x.view(1, 1, 1, 3), x.view(1, 1, 1, 3).half()),
        lambda x: torch.nn.functional.conv_transpose2d(
            x.view(1, 1, 1, 3), x.view(1, 1, 1, 3), output_padding=3
        ),
        lambda x: torch.nn.functional.cross_entropy(
            torch.rand(3, 2).npu(), torch.tensor([0, 1, 1]).npu(), weight=torch.ones(2).half().npu()
        ),
        lambda x: torch.poisson(x, generator=torch.Generator("npu")),
        lambda x: torch.normal(0.0, -x),
        lambda x: torch.normal(x, -x),
        lambda x: torch.histc(x / 0),
        lambda x: torch.histc(x, 4, 0, float("inf")),
        lambda x: torch.nn.functional.ctc_loss(
            torch.zeros(4, 2, 3).npu(), torch.tensor([1, 2, 1]).npu(), (4, 4), (2, 2)
        ),
        lambda x: torch.unique(torch.zeros(0, 0).npu(), dim=0),
        lambda x: torch.zeros(1, 3).long().npu().add_(x.view(1, 3).to_sparse()),
        lambda x: torch.ones(1, 3).long().npu().to_sparse().mul_(x.view(1, 3).to_sparse()),
    ],
)
def test_bad_arguments(call) -> None:
    with pytest.raises((RuntimeError, IndexError)) as error:
        call(torch.ones(3, device="npu"))
    assert not isinstance(error.value, torch.AcceleratorError)


def test_median_of_no_integers() -> None:
    for dtype in (torch.int64, torch.int32, torch.uint8):
        empty = torch.empty(0, dtype=dtype)
        assert empty.npu().median().item() == empty.median().item()


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: torch.searchsorted(x, y),
        lambda x, y: torch.bucketize(y, x),
        lambda x, y: torch.ops.npu.npu_swiglu_backward(x[:2], y),
        lambda x, y: torch.normal(x, 1.0, out=y),
    ],
)
def test_tensors_of_two_devices(call) -> None:
    x = torch.ones(4, device="npu")
    with pytest.raises(RuntimeError, match=r"same device"):
        call(x, x.cpu())
