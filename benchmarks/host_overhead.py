"""Host time of one operator call on the NPU, as a ratio to the same call on the CPU.

One table for all levels of the task queue, each measured in a process of its own; in it CPU and NPU
take turns, so that the ratios hold on a shared machine. Host time is the CPU time of the calling
thread: what a call costs before Python goes on, not the kernel. The last lines: what the caching
allocator adds to torch.empty (against the meta device, which allocates nothing), and how many of
the calls of a steady training loop found a prepared executor.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from absl import app, flags

import torch_npu  # noqa: F401 registers the npu device

FLAGS = flags.FLAGS
flags.DEFINE_integer("calls", 2000, "Calls in one round.", lower_bound=1)
flags.DEFINE_integer("rounds", 9, "Rounds; the median is printed.", lower_bound=1)
flags.DEFINE_integer("level", None, "Measure this level only, and print JSON.")

LEVELS = (0, 1, 2)


def calls(device: str) -> dict[str, Callable[[], object]]:
    """The measured calls on small tensors of the device."""
    a, b, out = (torch.ones(8, device=device) for _ in range(3))
    m = torch.ones(8, 8, device=device)
    return {
        "empty(8)": lambda: torch.empty(8, device=device),
        "add": lambda: torch.add(a, b),
        "add(out=)": lambda: torch.add(a, b, out=out),
        "mul scalar": lambda: torch.mul(a, 2.0),
        "mul_": lambda: out.mul_(b),
        "sum": lambda: torch.sum(a),
        "mm 8x8": lambda: torch.mm(m, m),
        "view": lambda: a.view(2, 4),
    }


def microseconds(call: Callable[[], object]) -> float:
    """Thread CPU time of one call, in microseconds."""
    started = time.thread_time_ns()
    for _ in range(FLAGS.calls):
        call()
    spent = time.thread_time_ns() - started
    torch.npu.synchronize()
    return spent / FLAGS.calls / 1e3


def training_hits(**adamw: bool) -> float:
    """Percent of the operators that found a prepared executor, in 100 steps of a transformer with
    AdamW and a learning rate that changes at each step."""
    model = torch.nn.TransformerEncoder(
        torch.nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True), 4
    ).npu()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, **adamw)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200)
    data, target = torch.randn(8, 16, 32).npu(), torch.randn(8, 16, 32).npu()

    def steps(count: int) -> dict[str, int]:
        for _ in range(count):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(data), target).backward()
            optimizer.step()
            schedule.step()
        return torch.npu.executor_cache_stats()

    before, after = steps(5), steps(100)
    counts = {key: after[key] - before[key] for key in after}
    return 100 * counts["hits"] / sum(counts.values())


def measure() -> dict[str, float]:
    """Ratios by call, and the two figures at the end."""
    torch.set_num_threads(1)
    cpu, npu = calls("cpu"), calls("npu")
    figures = {}
    for name in cpu:
        pairs = [(microseconds(cpu[name]), microseconds(npu[name])) for _ in range(FLAGS.rounds)]
        figures[name] = statistics.median(n / c for c, n in pairs)
    empty = [
        microseconds(npu["empty(8)"]) - microseconds(lambda: torch.empty(8, device="meta"))
        for _ in range(FLAGS.rounds)
    ]
    figures["allocation (us)"] = statistics.median(empty)
    figures["cache hits, AdamW (%)"] = training_hits()
    figures["cache hits, fused AdamW (%)"] = training_hits(fused=True)
    return figures


def measure_level(level: int) -> dict[str, float]:
    command = [sys.executable, __file__, f"--calls={FLAGS.calls}", f"--rounds={FLAGS.rounds}",
               f"--level={level}"]  # fmt: skip
    environment = {**os.environ, "TASK_QUEUE_ENABLE": str(level)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(argv: list[str]) -> None:
    del argv
    if FLAGS.level is not None:
        print(json.dumps(measure()))
        return
    figures = {level: measure_level(level) for level in LEVELS}
    print(f"{'npu/cpu, TASK_QUEUE_ENABLE =':28}" + "".join(f"{level:>8}" for level in LEVELS))
    for name in figures[LEVELS[0]]:
        print(f"{name:28}" + "".join(f"{figures[level][name]:8.2f}" for level in LEVELS))


if __name__ == "__main__":
    app.run(main)
