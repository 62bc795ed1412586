"""Host time of one operator call on the NPU, as a ratio to the same call on the CPU.

Both are measured in turn in one process, so that the ratio holds on a shared machine. Host time is
the CPU time of the calling thread: what the call costs before Python goes on, not the kernel.
"""

import statistics
import time
from collections.abc import Callable

import torch
from absl import app, flags

import torch_npu  # noqa: F401 registers the npu device

FLAGS = flags.FLAGS
flags.DEFINE_integer("calls", 2000, "Calls in one round.", lower_bound=1)
flags.DEFINE_integer("rounds", 9, "Rounds; the median is printed.", lower_bound=1)


def calls(device: str) -> dict[str, Callable[[], object]]:
    """The measured calls on small tensors of the device."""
    a, b, out = (torch.ones(8, device=device) for _ in range(3))
    m = torch.ones(8, 8, device=device)
    return {
        "empty(8)": lambda: torch.empty(8, device=device),
        "add": lambda: torch.add(a, b),
        "add(out=)": lambda: torch.add(a, b, out=out),
        "add scalar": lambda: torch.add(a, 1.0),
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


def main(argv: list[str]) -> None:
    del argv
    torch.set_num_threads(1)
    cpu, npu = calls("cpu"), calls("npu")
    print(f"{'call':12} {'cpu us':>8} {'npu us':>8} {'npu/cpu':>8}")
    for name in cpu:
        pairs = [(microseconds(cpu[name]), microseconds(npu[name])) for _ in range(FLAGS.rounds)]
        host, device = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(n / c for c, n in pairs)
        print(f"{name:12} {host:8.2f} {device:8.2f} {ratio:8.2f}")


if __name__ == "__main__":
    app.run(main)
