"""Operators that no OpInfo calls, against the CPU."""

import pytest
import torch
from torch.nn import functional as F

import torch_npu

X = torch.arange(12.0).reshape(3, 4).sin()
N = torch.tensor([[1, 2, 3], [4, 5, 6]])
COLUMNS = torch.arange(2 * 12 * 9.0).reshape(2, 12, 9).sin()
ROWS = torch.tensor([[2, 1], [0, 3], [2, 1], [0, 1], [0, 3]])
CHANNELS = torch.arange(96.0).reshape(4, 3, 8).sin()

IMAGE = torch.arange(96.0).reshape(2, 3, 4, 4).sin()
KERNEL = torch.arange(24.0).reshape(2, 3, 2, 2).cos()
BIAS = torch.tensor([1.0, -1.0])
VOLUME = torch.arange(162.0).reshape(2, 3, 3, 3, 3).sin()
KERNEL3 = torch.arange(48.0).reshape(2, 3, 2, 2, 2).cos()
THETA = torch.arange(12.0).reshape(2, 2, 3).sin()
A = torch.ops.aten

CALLS = {
    "shifts": lambda d: [N.to(d) << 2, N.to(d) << N.to(d), N.to(d) >> 1, N.to(d) >> N.to(d)],
    "aminmax": lambda d: [*torch._aminmax(X.to(d)), *torch._aminmax(X.to(d), 1, True)],
    "col2im": lambda d: [F.fold(COLUMNS.to(d), (4, 4), 2)],
    "range": lambda d: [torch.range(1, 4, 0.5, device=d)],
    "unique_dim": lambda d: [*torch.unique(ROWS.to(d), dim=0, return_inverse=True,
                                           return_counts=True)],
    "unique_dim_consecutive": lambda d: [
        *torch.ops.aten.unique_dim_consecutive(ROWS.to(d), 0, True, True)],
    "multilabel_margin_loss": lambda d: [
        F.multilabel_margin_loss(X.to(d), torch.tensor([[3, 0, -1, 1]] * 3).to(d))],
    "nonzero_static": lambda d: [torch.nonzero_static((X > 0).to(d), size=2),
                                 torch.nonzero_static((X > 2).to(d), size=3, fill_value=7)],
    "embedding_max_norm": lambda d: [F.embedding(N.to(d) % 3, X.to(d), max_norm=0.5)],
    "triu_indices": lambda d: [torch.triu_indices(3, 4, 1, device=d)],
    "nearest_scales": lambda d: [
        F.interpolate(CHANNELS.to(d), scale_factor=1.7, mode="nearest"),
        F.interpolate(CHANNELS.to(d), scale_factor=1.7, mode="nearest-exact")],
    "bicubic_antialias": lambda d: [
        F.interpolate(CHANNELS[None].to(d), (2, 5), mode="bicubic", antialias=True)],
    "pdist": lambda d: [torch.pdist(X.to(d)), torch.pdist(X.to(d), 3.0)],
    "slow_conv2d": lambda d: [
        A._slow_conv2d_forward(IMAGE.to(d), KERNEL.to(d), [2, 2], BIAS.to(d), [1, 2], [1, 0]),
        A.slow_conv_dilated2d(IMAGE.to(d), KERNEL.to(d), [2, 2], None, [1, 1], [1, 1], [2, 1]),
        A.slow_conv_transpose2d(IMAGE.to(d), KERNEL.transpose(0, 1).to(d), [2, 2], None, [2, 2])],
    "slow_conv3d": lambda d: [
        A.slow_conv3d_forward(VOLUME.to(d), KERNEL3.to(d), [2, 2, 2], None, [1, 1, 1], [0, 1, 0]),
        A.slow_conv_dilated3d(VOLUME.to(d), KERNEL3.to(d), [2, 2, 2], None, [1, 1, 1], [1, 0, 0]),
        A.slow_conv_transpose3d(VOLUME.to(d), KERNEL3.transpose(0, 1).to(d), [2, 2, 2])],
    "slow_conv2d_backward": lambda d: list(A._slow_conv2d_backward.output_mask(
        IMAGE[:, :, :3, :3].to(d), IMAGE.to(d), torch.ones(3, 3, 2, 2).to(d), [2, 2], [1, 1],
        [0, 0],
        [True, True, True])),
    "add_relu": lambda d: [
        A._add_relu(X.to(d), X[:1].to(d), alpha=-2), A._add_relu_(X.clone().to(d), X[:1].to(d))],
    "affine_grid": lambda d: [F.affine_grid(THETA.to(d), [2, 1, 3, 4], align)
                              for align in (False, True)],
    "chunk_cat": lambda d: [
        torch._chunk_cat([X.to(d), X.repeat(3, 1).to(d)], 0, 2),
        torch._chunk_cat([X.to(d), X.to(d)], 1, 3), torch._chunk_cat([N.to(d), N.to(d)], 0, 2),
        torch._chunk_cat([X.to(d), X.to(d)], 0, 2, out=torch.empty(0, device=d))],
    "isin_many": lambda d: [torch.isin(N.to(d), torch.arange(0, 200, 3).to(d)),
                            torch.isin(N.to(d), torch.arange(0, 200, 3).to(d), invert=True)],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_same_as_cpu(name: str) -> None:
    expected = CALLS[name]("cpu")
    torch_npu._C.reset_fallback_stats()
    torch.testing.assert_close([t.cpu() for t in CALLS[name]("npu")], expected)
    assert not torch_npu._C.fallback_stats()


def test_depthwise_convolutions() -> None:
    """CUDA's names for them; the CPU has none."""
    weight, weight3 = KERNEL[0][:, None], KERNEL3[0][:, None]
    actual = A._conv_depthwise2d(IMAGE.npu(), weight.npu(), [2, 2], None, [1, 1], [1, 0], [1, 2])
    expected = F.conv2d(IMAGE, weight, None, 1, (1, 0), (1, 2), groups=3)
    torch.testing.assert_close(actual.cpu(), expected)
    arguments = [2, 2, 2], None, [1, 1, 1], [0, 0, 0], [1, 1, 1]
    actual = A.conv_depthwise3d(VOLUME.npu(), weight3.npu(), *arguments)
    torch.testing.assert_close(actual.cpu(), F.conv3d(VOLUME, weight3, groups=3))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_products_in_another_dtype(dtype: torch.dtype) -> None:
    """float32 results of half inputs; the CPU has none."""
    a, b = X.to("npu", dtype), X.t().to("npu", dtype)
    bias = torch.ones(3, device="npu", dtype=dtype)
    product = a.float() @ b.float()
    whole, batch = torch.float32, (a[None], b[None])
    actual = [
        torch.mm(a, b, whole),
        torch.addmm(bias, a, b, whole, beta=2, alpha=0.5),
        torch.bmm(*batch, whole)[0],
        torch.baddbmm(bias, *batch, whole)[0],
    ]
    expected = [product, 2 + product / 2, product, 1 + product]
    torch.testing.assert_close(actual, expected)
    assert all(result.dtype == whole for result in actual)
    with pytest.raises(RuntimeError, match="out_dtype must be"):
        torch.mm(a, b, torch.int32)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.float32, torch.int64])
@pytest.mark.parametrize("rows", [0, 3])
def test_logsumexp_of_nothing_and_of_complex_numbers(dtype: torch.dtype, rows: int) -> None:
    x = X[:rows].to(dtype)
    expected = torch.logsumexp(x, 1)
    actual = torch.logsumexp(x.npu(), 1)
    torch.testing.assert_close(actual.cpu(), expected)
    out = torch.empty(0, dtype=expected.dtype, device="npu")
    torch.testing.assert_close(torch.logsumexp(x.npu(), 1, out=out).cpu(), expected)


EXPANDED = {
    "fill": lambda x, hits: x.fill_(2),
    "zero": lambda x, hits: x.zero_(),
    "masked_fill": lambda x, hits: x.masked_fill_(hits, 5.0),
    "masked_fill_tensor": lambda x, hits: x.masked_fill_(hits, torch.tensor(5.0, device=x.device)),
    "masked_fill_row": lambda x, hits: x.masked_fill_(hits[0], 5.0),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_writing_to_expanded_tensors(name: str) -> None:
    results = {}
    for device in ("cpu", "npu"):
        x = torch.arange(4.0, device=device)[None].expand(3, 4)
        EXPANDED[name](x, torch.eye(3, 4, device=device) > 0)
        results[device] = x.cpu()
    assert torch.equal(results["npu"], results["cpu"])


@pytest.mark.parametrize("call", [torch.unique, torch.unique_consecutive])
@pytest.mark.parametrize(("size", "dim"), [((0, 3), 0), ((3, 0), 1), ((3, 0), -1)])
def test_unique_of_nothing(call, size: tuple[int, int], dim: int) -> None:
    options = {"return_inverse": True, "return_counts": True, "dim": dim}
    expected = call(torch.zeros(size), **options)
    torch.testing.assert_close([t.cpu() for t in call(torch.zeros(size).npu(), **options)],
                               list(expected))  # fmt: skip


def test_splitting_into_views() -> None:
    """FSDP's: strided outputs of one tensor."""
    flat = torch.zeros(3, 8, device="npu")
    parts = [flat[:, 1:3], flat[:, 4:6]]
    torch.split_with_sizes_copy(X.npu(), [2, 2], 1, out=parts)
    assert torch.equal(flat[:, 1:3].cpu(), X[:, :2])
    assert torch.equal(flat[:, 4:6].cpu(), X[:, 2:])
    with pytest.raises(RuntimeError):
        torch.split_with_sizes_copy(X.npu(), [1, 2], 1, out=parts)


def test_foreach_numbers_of_a_tensor() -> None:
    numbers = torch.tensor([0.5, 2.0])
    lists = [[X + i, N.float() + i] for i in range(3)]
    for op in (torch._foreach_addcmul, torch._foreach_addcdiv):
        actual = op(*[[t.npu() for t in tensors] for tensors in lists], numbers)
        torch.testing.assert_close([t.cpu() for t in actual], list(op(*lists, numbers)))


def test_shifts_in_place() -> None:
    x = N.npu()
    x <<= 2
    x >>= torch.tensor([1, 2, 0], device="npu")
    assert x.tolist() == [[2, 2, 12], [8, 5, 24]]


def test_is_set_to() -> None:
    x = torch.ones(3, device="npu")
    assert x.is_set_to(x.detach())
    assert not x.is_set_to(x.clone())


def test_equal() -> None:
    x = X.npu()
    assert torch.equal(x, X.npu())
    assert not torch.equal(x, x + 1)
    assert not torch.equal(x, x.t())
    assert torch.equal(x[:0], x[:0])
    assert torch.equal(torch.complex(x, x), torch.complex(x, x))
    with pytest.raises(RuntimeError, match="data type"):
        torch.equal(x, x.half())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_synchronised_batch_norm(dtype: torch.dtype) -> None:
    """Two halves of a batch, with their statistics put together, are like the whole."""
    x, grad = CHANNELS.to("npu", dtype), CHANNELS.cos().to("npu", dtype)
    weight, bias = torch.tensor([1.0, 2.0, 0.5]).npu(), torch.tensor([0.1, 0.2, 0.3]).npu()
    parts, eps = (x[:1], x[1:]), 1e-5
    mean, var = torch.zeros(3, device="npu"), torch.ones(3, device="npu")
    local = [torch.batch_norm_stats(part, eps) for part in parts]
    means, invstds = (torch.stack(values) for values in zip(*local, strict=True))
    counts = torch.tensor([part.numel() / 3 for part in parts]).npu()
    whole, invstd = torch.batch_norm_gather_stats_with_counts(
        x, means, invstds, mean, var, 0.1, eps, counts
    )
    out = torch.cat(
        [torch.batch_norm_elemt(part, weight, bias, whole, invstd, eps) for part in parts]
    )
    sums = [
        torch.batch_norm_backward_reduce(g, part, whole, invstd, weight, True, True, True)
        for g, part in zip((grad[:1], grad[1:]), parts, strict=True)
    ]
    sum_dy, sum_dy_xmu, grad_weight, grad_bias = (sum(s) for s in zip(*sums, strict=True))
    grad_input = torch.cat(
        [
            torch.batch_norm_backward_elemt(
                g, part, whole, invstd, weight, sum_dy, sum_dy_xmu, counts.int()
            )
            for g, part in zip((grad[:1], grad[1:]), parts, strict=True)
        ]
    )
    leaves = [t.cpu().float().requires_grad_() for t in (x, weight, bias)]
    running = [torch.zeros(3), torch.ones(3)]
    expected = F.batch_norm(leaves[0], *running, *leaves[1:], True, 0.1, eps)
    expected.backward(grad.cpu().float())
    tolerance = {"rtol": 1e-2, "atol": 1e-2} if dtype == torch.float16 else {}
    actual = [out, mean, var, grad_input, grad_weight, grad_bias]
    wanted = [expected, *running, *(leaf.grad for leaf in leaves)]
    torch.testing.assert_close(
        [t.cpu().float() for t in actual], [t.detach() for t in wanted], **tolerance
    )
