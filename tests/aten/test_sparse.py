"""Sparse (COO) tensors: made, put in order, added, multiplied, and as gradients of embeddings."""

import pytest
import torch

import torch_npu

INDICES = torch.tensor([[0, 2, 0, 1], [1, 0, 1, 3]])
VALUES = torch.tensor([1.0, -2.0, 3.0, 0.5])
ROWS = torch.arange(8.0).reshape(4, 2)
DENSE = torch.arange(12.0).reshape(3, 4).sin()


@pytest.fixture(autouse=True)
def on_device():
    torch_npu._C.reset_fallback_stats()
    yield
    assert not torch_npu._C.fallback_stats()


def sparse(device: str, values: torch.Tensor = VALUES) -> torch.Tensor:
    size = (3, 4, *values.shape[1:])
    return torch.sparse_coo_tensor(INDICES.to(device), values.to(device), size)


CALLS = {
    "to_dense": lambda d: sparse(d).to_dense(),
    "hybrid": lambda d: sparse(d, ROWS).to_dense(),
    "coalesce": lambda d: sparse(d).coalesce(),
    "coalesce_hybrid": lambda d: sparse(d, ROWS).coalesce(),
    "to_sparse": lambda d: DENSE.to(d).relu().to_sparse(),
    "to_sparse_dim": lambda d: ROWS.to(d).to_sparse(1),
    "add_dense": lambda d: torch.add(DENSE.to(d), sparse(d), alpha=2),
    "add_sparse": lambda d: (sparse(d) + sparse(d, VALUES * 2)).coalesce(),
    "subtract": lambda d: (sparse(d) - sparse(d, VALUES * 3)).coalesce(),
    "scaled": lambda d: (sparse(d) * 3).coalesce(),
    "divided": lambda d: (sparse(d) / 4).coalesce(),
    "masked": lambda d: (sparse(d).coalesce() * DENSE.to(d)).coalesce(),
    "times_row": lambda d: (sparse(d) * DENSE[0].to(d)).to_dense(),
    "times_column": lambda d: (DENSE[:, :1].to(d) * sparse(d)).to_dense(),
    "times_sparse": lambda d: (sparse(d) * sparse(d, VALUES + 1)).to_dense(),
    "product": lambda d: sparse(d) @ DENSE.t().to(d),
    "addmm": lambda d: torch.addmm(DENSE[:, :3].to(d), sparse(d), DENSE.t().to(d), beta=2, alpha=3),
    "product_of_vector": lambda d: sparse(d).mv(DENSE[0].to(d)),
    "masked_dense": lambda d: DENSE.to(d).sparse_mask(sparse(d).coalesce()),
    "masked_sparse": lambda d: sparse(d).coalesce().sparse_mask(sparse(d, VALUES + 1).coalesce()),
    "sqrt": lambda d: sparse(d, VALUES.abs()).coalesce().sqrt(),
    "neg": lambda d: sparse(d).coalesce().neg(),
    "sum": lambda d: torch.sparse.sum(sparse(d)),
    "transposed": lambda d: sparse(d).t().coalesce(),
    "mask": lambda d: DENSE.to(d).sparse_mask(sparse(d).coalesce()),
    "joined": lambda d: torch.cat([sparse(d), sparse(d)]).coalesce(),
    "empty": lambda d: torch.sparse_coo_tensor((3, 4), device=d).coalesce(),
    "zeros": lambda d: torch.zeros(3, 4, device=d).to_sparse(),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_same_as_cpu(name: str) -> None:
    actual, expected = CALLS[name]("npu"), CALLS[name]("cpu")
    assert actual.device.type == "npu"
    assert actual.layout == expected.layout
    torch.testing.assert_close(actual.cpu(), expected)


ON_CPU = {
    "softmax": lambda d: torch.sparse.softmax(sparse(d).coalesce(), 1),
    "log_softmax": lambda d: torch.sparse.log_softmax(sparse(d).coalesce(), 1),
    "product_of_sparse": lambda d: (sparse(d) @ sparse(d).t()).coalesce(),
    "batch": lambda d: torch.bmm(torch.stack([sparse(d)] * 2), torch.stack([DENSE.t().to(d)] * 2)),
    "hspmm": lambda d: torch.hspmm(sparse(d), DENSE.t().to(d)).coalesce(),
    "selected": lambda d: sparse(d).coalesce().index_select(0, torch.tensor([2, 0], device=d)),
    "compressed": lambda d: sparse(d).coalesce().to_sparse_csr().to_dense(),
    "compressed_dense": lambda d: DENSE.to(d).relu().to_sparse_csr().to_dense(),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_CPU)
def test_runs_on_the_cpu_visibly(name: str) -> None:
    """Sparse operators without a kernel are counted, and their results come back."""
    actual, expected = ON_CPU[name]("npu"), ON_CPU[name]("cpu")
    assert actual.device.type == "npu"
    assert torch_npu._C.fallback_stats()
    torch_npu._C.reset_fallback_stats()
    assert actual.layout == expected.layout
    torch.testing.assert_close(actual.cpu(), expected)


def test_moves_and_shows() -> None:
    x = sparse("cpu").coalesce().npu()
    assert x.is_sparse and x.is_coalesced()
    assert x.is_npu
    assert "device='npu:0'" in repr(x)
    assert torch.equal(x.cpu().to_dense(), sparse("cpu").to_dense())


def test_dense_is_added_to_in_place_through_strides() -> None:
    x = torch.zeros(4, 3, device="npu").t()
    x += sparse("npu")
    assert torch.equal(x.cpu(), sparse("cpu").to_dense())


@pytest.mark.parametrize("optimizer", ["SGD", "SparseAdam", "Adagrad"])
def test_embeddings_with_sparse_gradients(optimizer: str) -> None:
    weights = {}
    for device in ("cpu", "npu"):
        torch.manual_seed(0)
        layer = torch.nn.Embedding(10, 4, sparse=True).to(device)
        update = getattr(torch.optim, optimizer)(layer.parameters(), lr=0.1)
        for step in range(3):
            index = torch.tensor([1, 2, step, 2, 9], device=device)
            update.zero_grad()
            layer(index).square().sum().backward()
            assert layer.weight.grad.is_sparse
            update.step()
        weights[device] = layer.weight.detach().cpu()
    torch.testing.assert_close(weights["npu"], weights["cpu"])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(RuntimeError, match="same size"):
        torch.zeros(2, 4, device="npu") + sparse("npu")
    with pytest.raises(RuntimeError, match="can be multiplied"):
        sparse("npu") @ DENSE.npu()
    with pytest.raises(RuntimeError, match=r"exceeds|out of bounds|size is inconsistent"):
        torch.sparse_coo_tensor(INDICES.npu(), VALUES.npu(), (2, 4), check_invariants=True)
