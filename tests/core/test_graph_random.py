"""Random numbers in graphs: each replay draws new ones, from the generator's state at that time."""

import pytest
import torch
from torch import nn

import torch_npu  # noqa: F401


def capture(call):
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        result = call()
    return graph, result


@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.randn(64, device="npu"),
        lambda: torch.rand(64, device="npu"),
        lambda: torch.randint(0, 100, (64,), device="npu"),
    ],
)
def test_replays_draw_what_eager_draws(draw):
    graph, numbers = capture(lambda: (draw(), draw()))
    torch.npu.manual_seed(-7)
    expected = [(draw(), draw()) for _ in range(3)]
    state = torch.npu.get_rng_state()
    torch.npu.manual_seed(-7)
    for pair in expected:
        graph.replay()
        assert torch.equal(numbers[0], pair[0]) and torch.equal(numbers[1], pair[1])
    assert torch.equal(torch.npu.get_rng_state(), state)


def test_dropout_draws_anew_at_each_replay():
    x = torch.ones(4096, device="npu")
    graph, y = capture(lambda: nn.functional.dropout(x, 0.25))
    seen = []
    for _ in range(3):
        graph.replay()
        seen.append(y.clone())
        assert 0.70 < (y != 0).float().mean().item() < 0.80
    assert not torch.equal(seen[0], seen[1]) and not torch.equal(seen[1], seen[2])
    torch.npu.manual_seed(3)
    graph.replay()
    first = y.clone()
    torch.npu.manual_seed(3)
    graph.replay()
    assert torch.equal(first, y)


def test_memory_that_the_graph_reuses_is_not_that_of_the_seed():
    x = torch.ones(4, device="npu")

    def step() -> torch.Tensor:
        first = x * 2
        second = first + 1
        del first, second
        return torch.rand(8, device="npu")

    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        drawn = step()
    for seed in (1, 2):
        torch.npu.manual_seed(seed)
        expected = step().cpu()
        torch.npu.manual_seed(seed)
        graph.replay()
        assert torch.equal(drawn.cpu(), expected)
