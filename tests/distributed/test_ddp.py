"""PyTorch's own DistributedDataParallel, unpatched, over hccl."""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.distributed.launcher import run_ranks

STEPS = 5
BATCH = 8


def make_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))


def make_data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(STEPS, BATCH, 16, generator=generator)
    return inputs, torch.randint(0, 4, (STEPS, BATCH), generator=generator)


def train(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for x, y in zip(inputs, targets, strict=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_rank(rank: int, size: int, options: dict) -> tuple[list[float], list[np.ndarray]]:
    device = torch.device("npu", rank)
    model = DistributedDataParallel(make_model().to(device), device_ids=[rank], **options)
    inputs, targets = (x.chunk(size, dim=1)[rank].to(device) for x in make_data())
    losses = train(model, inputs, targets)
    # As arrays: a tensor's storage would go with the process that made it.
    return losses, [parameter.detach().cpu().numpy() for parameter in model.module.parameters()]


def compare(folder: Path, **options) -> None:
    (losses, first), (others, second) = run_ranks(train_rank, 2, folder, options)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a, b)
    model = make_model()
    expected = train(model, *make_data())
    for a, b in zip(first, model.parameters(), strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-4, atol=1e-5)
    # Equal halves of a batch: the mean of the ranks' losses is the loss of the whole.
    mean = [(a + b) / 2 for a, b in zip(losses, others, strict=True)]
    torch.testing.assert_close(torch.tensor(mean), torch.tensor(expected), rtol=1e-4, atol=1e-5)


def test_two_ranks_train_as_one_process(tmp_path: Path) -> None:
    compare(tmp_path)


def test_gradients_as_views_of_small_buckets(tmp_path: Path) -> None:
    compare(tmp_path, gradient_as_bucket_view=True, bucket_cap_mb=0.001)


def test_static_graph(tmp_path: Path) -> None:
    """Whose first iteration records no end for the statistics that the second one asks for."""
    compare(tmp_path, static_graph=True)
