"""PyTorch's parallelism beyond DDP, unpatched, over hccl: the losses are those of one process."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, MixedPrecisionPolicy, fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.distributed.pipelining import PipelineStage, Schedule1F1B
from torch.distributed.tensor import Shard, distribute_tensor
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    PrepareModuleInput,
    RowwiseParallel,
    SequenceParallel,
    parallelize_module,
)
from torch.nn.parallel import DistributedDataParallel

from tests.distributed.launcher import run_ranks

STEPS, BATCH, WIDTH = 4, 8, 16
RANKS = (2, 4)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(nn.functional.gelu(self.up(self.norm(x))))


def make_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*(Block() for _ in range(4)))


def make_data() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(BATCH, WIDTH, generator=generator), torch.ones(BATCH, WIDTH))
        for _ in range(STEPS)
    ]


def adam(parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-2)


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, data: list) -> list[float]:
    losses = []
    for x, target in data:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def part_of(data: list, rank: int, size: int) -> list:
    """One rank's rows of each batch."""
    return [tuple(x.chunk(size)[rank].npu() for x in pair) for pair in data]


def whole(data: list) -> list:
    return [tuple(x.npu() for x in pair) for pair in data]


def fsdp2(rank: int, size: int, data: list) -> list[float]:
    model = make_model().npu()
    for block in model:
        fully_shard(block)
    fully_shard(model)
    assert model[0].up.weight.to_local().shape[0] == 4 * WIDTH // size
    return steps(model, adam(model.parameters()), part_of(data, rank, size))


def hybrid_fsdp2(rank: int, size: int, data: list) -> list[float]:
    mesh = init_device_mesh("npu", (2, size // 2), mesh_dim_names=("replicate", "shard"))
    model = fully_shard(make_model().npu(), mesh=mesh)
    return steps(model, adam(model.parameters()), part_of(data, rank, size))


def fsdp1(rank: int, size: int, data: list) -> list[float]:
    model = FullyShardedDataParallel(make_model().npu(), device_id=rank, use_orig_params=True)
    return steps(model, adam(model.parameters()), part_of(data, rank, size))


def zero(rank: int, size: int, data: list) -> list[float]:
    model = DistributedDataParallel(make_model().npu(), device_ids=[rank])
    optimizer = ZeroRedundancyOptimizer(model.parameters(), torch.optim.Adam, lr=1e-2)
    return steps(model, optimizer, part_of(data, rank, size))


def tensor_parallel(rank: int, size: int, data: list) -> list[float]:
    mesh = init_device_mesh("npu", (size,))
    model = make_model().npu()
    for block in model:
        parallelize_module(block, mesh, {"up": ColwiseParallel(), "down": RowwiseParallel()})
    # DTensors and tensors, which foreach operators do not take together.
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, foreach=False)
    return steps(model, optimizer, whole(data))


def sequence_parallel(rank: int, size: int, data: list) -> list[float]:
    mesh = init_device_mesh("npu", (size,))
    model = make_model().npu()
    rows = {"input_layouts": Shard(0), "desired_input_layouts": Shard(0)}
    plan = {
        "norm": SequenceParallel(sequence_dim=0),
        "up": ColwiseParallel(input_layouts=Shard(0)),
        "down": RowwiseParallel(output_layouts=Shard(0), use_local_output=False),
    }
    for block in model:
        parallelize_module(block, mesh, plan)
    parallelize_module(model, mesh, PrepareModuleInput(**rows, use_local_output=False))
    batches = [tuple(distribute_tensor(x.npu(), mesh, [Shard(0)]) for x in pair) for pair in data]
    losses = []
    optimizer = adam(model.parameters())
    for x, target in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), target).full_tensor()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def pipeline(rank: int, size: int, data: list) -> list[float]:
    """Micro-batches of two rows; each rank has a part of the blocks."""
    model = make_model()
    blocks = nn.Sequential(*list(model)[rank * 4 // size : (rank + 1) * 4 // size]).npu()
    stage = PipelineStage(blocks, rank, size, torch.device("npu", rank))
    schedule = Schedule1F1B(stage, BATCH // 2, nn.functional.mse_loss)
    optimizer = adam(blocks.parameters())
    result = []
    for x, target in whole(data):
        optimizer.zero_grad()
        losses: list[Tensor] = []
        if rank == 0:
            schedule.step(x)
        elif rank == size - 1:
            schedule.step(target=target, losses=losses)
        else:
            schedule.step()
        optimizer.step()
        mean = torch.stack(losses).mean() if losses else torch.zeros((), device="npu")
        dist.broadcast(mean, size - 1)
        result.append(mean.item())
    return result


# How the ranks' losses give that of the batch.
IN_PARTS = (fsdp2, hybrid_fsdp2, fsdp1, zero)
WHOLE = (tensor_parallel, sequence_parallel, pipeline)


@pytest.mark.parametrize("size", RANKS)
@pytest.mark.parametrize("function", [*IN_PARTS, *WHOLE], ids=lambda f: f.__name__)
def test_losses_are_those_of_one_process(function: Callable, size: int, tmp_path: Path) -> None:
    data = make_data()
    results = torch.tensor(run_ranks(function, size, tmp_path, data))
    model = make_model()
    expected = torch.tensor(steps(model, adam(model.parameters()), data))
    if function in IN_PARTS:
        results = results.mean(0, keepdim=True)
    for losses in results:
        torch.testing.assert_close(losses, expected, rtol=1e-5, atol=0)


def bfloat16_fsdp2(rank: int, size: int, data: list) -> list[float]:
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    model = fully_shard(make_model().npu(), mp_policy=policy)
    data = [(x.bfloat16(), target.bfloat16()) for x, target in part_of(data, rank, size)]
    losses = steps(model, adam(model.parameters()), data)
    assert all(p.dtype == torch.float32 for p in model.parameters())
    return losses


def test_mixed_precision(tmp_path: Path) -> None:
    data = make_data()
    losses = torch.tensor(run_ranks(bfloat16_fsdp2, 2, tmp_path, data)).mean(0)
    model = make_model()
    expected = torch.tensor(steps(model, adam(model.parameters()), data))
    torch.testing.assert_close(losses, expected, rtol=2e-2, atol=0)


def save_after_two_steps(rank: int, size: int, data: list, folder: str) -> list[float]:
    model = fully_shard(make_model().npu())
    optimizer = adam(model.parameters())
    data = part_of(data, rank, size)
    losses = steps(model, optimizer, data[:2])
    state = dict(zip(("model", "optimizer"), get_state_dict(model, optimizer), strict=True))
    dcp.save(state, checkpoint_id=folder)
    return losses


def go_on(rank: int, size: int, data: list, folder: str) -> list[float]:
    model = fully_shard(make_model().npu())
    optimizer = adam(model.parameters())
    state = dict(zip(("model", "optimizer"), get_state_dict(model, optimizer), strict=True))
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(
        model,
        optimizer,
        model_state_dict=state["model"],
        optim_state_dict=state["optimizer"],
    )
    return steps(model, optimizer, part_of(data, rank, size)[2:])


def test_checkpoint_of_two_ranks_goes_on_with_four(tmp_path: Path) -> None:
    data = make_data()
    folder = str(tmp_path / "checkpoint")
    runs = (
        run_ranks(save_after_two_steps, 2, tmp_path, data, folder),
        run_ranks(go_on, 4, tmp_path, data, folder),
    )
    losses = torch.cat([torch.tensor(run).mean(0) for run in runs])
    model = make_model()
    expected = torch.tensor(steps(model, adam(model.parameters()), data))
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=0)
