"""Host time of a training step: operator by operator, and as one replay of a graph.

Both are measured in turn in one process, so that the ratio holds on a shared machine. Host time is
the CPU time of the calling thread: what a step costs before Python goes on, not the kernels.
"""

import statistics
import time
from collections.abc import Callable

import torch
from absl import app, flags

import torch_npu  # noqa: F401 registers the npu device

FLAGS = flags.FLAGS
flags.DEFINE_integer("steps", 20, "Steps in one round.", lower_bound=1)
flags.DEFINE_integer("rounds", 9, "Rounds; the median is printed.", lower_bound=1)


def mlp() -> tuple[torch.nn.Module, torch.Tensor]:
    layers = [torch.nn.Linear(64, 64) for _ in range(4)]
    model = torch.nn.Sequential(*(part for layer in layers for part in (layer, torch.nn.ReLU())))
    return model.npu(), torch.ones(8, 64, device="npu")


def transformer() -> tuple[torch.nn.Module, torch.Tensor]:
    model = torch.nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
    return model.npu(), torch.ones(2, 8, 32, device="npu")


def training_step(model: torch.nn.Module, x: torch.Tensor) -> Callable[[], None]:
    """Forward, backward and update."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        model(x).square().mean().backward()
        optimizer.step()

    return step


def captured(step: Callable[[], None]) -> Callable[[], None]:
    """The same step as a graph."""
    side = torch.npu.Stream()
    with torch.npu.stream(side):
        for _ in range(3):
            step()
    side.synchronize()
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        step()
    return graph.replay


def microseconds(call: Callable[[], None]) -> float:
    """CPU time of the calling thread for one step, in microseconds."""
    torch.npu.synchronize()
    started = time.thread_time_ns()
    for _ in range(FLAGS.steps):
        call()
    spent = time.thread_time_ns() - started
    torch.npu.synchronize()
    return spent / FLAGS.steps / 1e3


def main(argv: list[str]) -> None:
    del argv
    torch.set_num_threads(1)
    print(f"{'step':12} {'eager us':>10} {'replay us':>10} {'eager/replay':>13}")
    for build in (mlp, transformer):
        eager, replay = training_step(*build()), captured(training_step(*build()))
        pairs = [(microseconds(eager), microseconds(replay)) for _ in range(FLAGS.rounds)]
        slow, fast = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{build.__name__:12} {slow:10.1f} {fast:10.1f} {ratio:13.1f}")


if __name__ == "__main__":
    app.run(main)
