"""Inverses and Cholesky factors of matrices that have none, and what is solved with factors."""

import pytest
import torch

import torch_npu

X = torch.arange(18.0).reshape(2, 3, 3).sin()
POSITIVE = X @ X.mT + torch.eye(3)
SINGULAR = torch.ones(3, 3)


@pytest.fixture(autouse=True)
def on_device():
    torch_npu._C.reset_fallback_stats()
    yield
    assert not torch_npu._C.fallback_stats()


def test_singular_matrices_are_named() -> None:
    both = torch.stack([torch.eye(3), SINGULAR]).npu()
    assert torch.linalg.inv_ex(both).info.tolist() == [0, 1]
    assert torch.linalg.cholesky_ex(-both).info.tolist() == [1, 1]
    with pytest.raises(torch.linalg.LinAlgError, match=r"Batch element 1.*singular"):
        torch.linalg.inv(both)
    with pytest.raises(torch.linalg.LinAlgError, match="not positive-definite"):
        torch.linalg.cholesky(-torch.eye(3).npu())


def test_nothing_has_an_inverse() -> None:
    empty = torch.empty(0, 3, 3, device="npu")
    assert torch.linalg.inv(empty).shape == (0, 3, 3)
    assert torch.linalg.inv_ex(torch.empty(2, 0, 0, device="npu")).info.tolist() == [0, 0]


@pytest.mark.parametrize("upper", [False, True])
def test_solving_with_factors(upper: bool) -> None:
    factor = torch.linalg.cholesky(POSITIVE.npu(), upper=upper)
    torch.testing.assert_close(factor.cpu(), torch.linalg.cholesky(POSITIVE, upper=upper))
    solved = torch.cholesky_solve(X.npu(), factor, upper=upper)
    torch.testing.assert_close((POSITIVE.npu() @ solved).cpu(), X)
    inverse = torch.cholesky_inverse(factor, upper=upper)
    torch.testing.assert_close(inverse.cpu(), torch.linalg.inv(POSITIVE))


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 30.0])
def test_matrix_exponential(scale: float) -> None:
    x = torch.arange(32.0).reshape(2, 4, 4).sin() * torch.tensor([1.0, scale]).reshape(2, 1, 1)
    expected = torch.linalg.matrix_exp(x.double()).float()
    torch.testing.assert_close(
        torch.linalg.matrix_exp(x.npu()).cpu(), expected, rtol=1e-4, atol=1e-5
    )


def test_exponential_of_what_is_not_finite() -> None:
    x = torch.stack([torch.full((2, 2), torch.nan), torch.eye(2)])
    result = torch.linalg.matrix_exp(x.npu()).cpu()
    assert result[0].isnan().all()
    torch.testing.assert_close(result[1], torch.linalg.matrix_exp(x[1]))


def test_gradients() -> None:
    leaves = [POSITIVE.clone().requires_grad_(), POSITIVE.npu().requires_grad_()]
    for leaf in leaves:
        (torch.linalg.inv(leaf).sum() + torch.linalg.cholesky(leaf).square().sum()).backward()
    torch.testing.assert_close(leaves[1].grad.cpu(), leaves[0].grad)
