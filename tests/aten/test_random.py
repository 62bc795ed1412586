"""Random operators: distributions, ranges, seeds and errors."""

import pytest
import torch

N = 200_000


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(1)


def test_normal() -> None:
    x = torch.empty(N, device="npu").normal_(2, 3)
    assert abs(x.mean().item() - 2) < 0.05
    assert abs(x.std().item() - 3) < 0.05
    with pytest.raises(RuntimeError, match="std >= 0"):
        x.normal_(0, -1)


def test_complex_numbers() -> None:
    x = torch.empty(N, device="npu", dtype=torch.complex64).normal_(2, 3).cpu()
    assert abs(x.mean().item() - 2) < 0.05
    for part in (x.real, x.imag):
        assert abs(part.std().item() - 3 / 2**0.5) < 0.05
    x = torch.rand(N, device="npu", dtype=torch.complex64).cpu()
    for part in (x.real, x.imag):
        assert 0 <= part.min().item() <= part.max().item() < 1
        assert abs(part.mean().item() - 0.5) < 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_uniform(dtype: torch.dtype) -> None:
    x = torch.empty(N, device="npu", dtype=dtype).uniform_(-1, 3).float()
    assert -1 <= x.min().item() <= x.max().item() <= 3
    assert abs(x.mean().item() - 1) < 0.02
    with pytest.raises(RuntimeError, match="from=3"):
        x.uniform_(3, 1)


def test_bernoulli() -> None:
    x = torch.empty(N, device="npu").bernoulli_(0.3)
    assert set(x.unique().tolist()) == {0, 1}
    assert abs(x.mean().item() - 0.3) < 0.01
    p = torch.tensor([0.0, 1.0]).repeat(N // 2).npu()
    assert torch.equal(torch.bernoulli(p).cpu(), p.cpu())
    with pytest.raises(RuntimeError, match=r"p=2"):
        x.bernoulli_(2)


def test_random_integers() -> None:
    x = torch.randint(-3, 4, (N,), device="npu")
    counts = torch.bincount(x.cpu() + 3, minlength=7)
    assert counts.min().item() > N / 7 * 0.9
    assert x.random_(5).max().item() == 4
    assert torch.empty(N, dtype=torch.uint8, device="npu").random_().max().item() == 255
    assert torch.empty(N, dtype=torch.bool, device="npu").random_().sum().item() > N * 0.4
    with pytest.raises(RuntimeError, match="from=4"):
        x.random_(4, 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_composed_distributions(dtype: torch.dtype) -> None:
    x = torch.empty(N, device="npu", dtype=dtype)
    cauchy = x.cauchy_(2, 3).float()
    assert abs(cauchy.median().item() - 2) < 0.1
    assert abs((cauchy < 5).float().mean().item() - 0.75) < 0.01
    log_normal = x.log_normal_(0.5, 0.2).float().log()
    assert abs(log_normal.mean().item() - 0.5) < 0.01
    assert abs(log_normal.std().item() - 0.2) < 0.01
    geometric = x.geometric_(0.25).float()
    assert geometric.min().item() == 1
    assert abs(geometric.mean().item() - 4) < 0.05
    whole = torch.empty(N, device="npu", dtype=torch.int64).geometric_(0.5)
    assert abs((whole == 1).float().mean().item() - 0.5) < 0.01
    for wrong in (lambda: x.cauchy_(0, 0), lambda: x.log_normal_(0, 0), lambda: x.geometric_(1)):
        with pytest.raises(RuntimeError, match="expects"):
            wrong()


def test_rrelu() -> None:
    x = -torch.ones(N, device="npu")
    slopes = -torch.nn.functional.rrelu(x, 0.2, 0.6, training=True)
    assert 0.2 <= slopes.min().item() < slopes.max().item() < 0.6
    assert abs(slopes.mean().item() - 0.4) < 0.01
    assert torch.nn.functional.rrelu(-x, 0.2, 0.6, training=True).sum().item() == N
    assert torch.nn.functional.rrelu(x[:2], 0.2, 0.6).tolist() == pytest.approx([-0.4, -0.4])


def test_randperm() -> None:
    x = torch.randperm(1000, device="npu")
    assert x.dtype == torch.int64
    assert not torch.equal(x.cpu(), torch.arange(1000))
    assert torch.equal(x.sort().values.cpu(), torch.arange(1000))
    assert torch.randperm(0, device="npu").numel() == 0


def test_multinomial() -> None:
    weights = torch.tensor([1.0, 0.0, 3.0]).npu()
    x = weights.multinomial(N, replacement=True).cpu()
    counts = torch.bincount(x, minlength=3)
    assert counts[1] == 0
    assert abs(counts[2].item() / N - 0.75) < 0.01
    assert sorted(weights.multinomial(2).tolist()) == [0, 2]
    with pytest.raises(RuntimeError, match="without replacement"):
        weights.multinomial(4)


def test_dropout() -> None:
    x = torch.ones(N, device="npu", requires_grad=True)
    y = torch.nn.functional.dropout(x, 0.25)
    kept = y != 0
    assert abs(kept.float().mean().item() - 0.75) < 0.01
    assert torch.allclose(y[kept].detach().cpu(), torch.tensor(1 / 0.75))
    y.sum().backward()
    assert torch.equal(x.grad.cpu() != 0, kept.cpu())  # the mask of the forward pass
    values, mask = torch.native_dropout(x.detach(), 0.5, True)
    assert mask.dtype == torch.bool
    assert torch.equal((values != 0).cpu(), mask.cpu())
    assert torch.equal(torch.native_dropout(x.detach(), 0.5, False)[0].cpu(), x.detach().cpu())


def test_seed_makes_it_repeat() -> None:
    def draw() -> list[torch.Tensor]:
        return [torch.randn(100, device="npu").cpu(), torch.rand(7, device="npu").cpu()]

    torch.manual_seed(5)
    first = draw()
    second = draw()
    torch.manual_seed(5)
    again = draw()
    for a, b, c in zip(first, second, again, strict=True):
        assert torch.equal(a, c)
        assert not torch.equal(a, b)


def test_generator_argument() -> None:
    generator = torch.Generator(device="npu").manual_seed(3)
    a = torch.rand(10, device="npu", generator=generator)
    b = torch.rand(10, device="npu", generator=generator.manual_seed(3))
    assert torch.equal(a.cpu(), b.cpu())
    with pytest.raises(RuntimeError, match="device"):
        torch.rand(10, device="npu", generator=torch.Generator())


def test_normal_of_tensors() -> None:
    mean = torch.tensor([0.0, 100.0], device="npu").expand(5000, 2)
    std = torch.tensor([1.0, 10.0], device="npu").expand(5000, 2)
    generator = torch.Generator("npu").manual_seed(0)
    draws = [
        torch.normal(mean, 1.0, generator=generator),
        torch.normal(0.0, std, generator=generator),
        torch.normal(mean, std, generator=generator),
    ]
    means = torch.tensor([[0.0, 100.0], [0.0, 0.0], [0.0, 100.0]])
    deviations = torch.tensor([[1.0, 1.0], [1.0, 10.0], [1.0, 10.0]])
    for draw, expected, deviation in zip(draws, means, deviations, strict=True):
        torch.testing.assert_close(draw.mean(0).cpu(), expected, rtol=0, atol=1)
        torch.testing.assert_close(draw.std(0).cpu(), deviation, rtol=0.1, atol=0.1)
    assert torch.normal(mean, std, out=torch.empty(0, device="npu")).shape == (5000, 2)


def test_exponential() -> None:
    x = torch.empty(20000, device="npu").exponential_(2.0)
    assert x.min().item() >= 0
    assert abs(x.mean().item() - 0.5) < 0.02
    assert abs(x.std().item() - 0.5) < 0.03
    with pytest.raises(RuntimeError, match=r"lambda > 0"):
        x.exponential_(0)


def test_bernoulli_of_bfloat16() -> None:
    x = torch.full((5000,), 0.25, dtype=torch.bfloat16, device="npu")
    drawn = torch.bernoulli(x)
    assert drawn.dtype == torch.bfloat16
    assert abs(drawn.float().mean().item() - 0.25) < 0.03
