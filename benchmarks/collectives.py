"""Collectives of hccl on the emulated devices against gloo on the CPU, by size, in one run.

Both backends belong to the same processes and are timed in turn, so that the ratio holds on a
shared machine. A time is what the slowest rank needs from the call until its result may be read.
Bandwidth counts the tensor's bytes once: those of all ranks' parts where an operation has parts.
Above the table stands how fast the ranks copy memory, all at once: the machine's limit.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.distributed as dist
from absl import app, flags

import torch_npu  # noqa: F401 registers the npu device and hccl

FLAGS = flags.FLAGS
flags.DEFINE_list("ranks", ["2", "4"], "Numbers of ranks.")
flags.DEFINE_list("sizes", None, "Sizes in bytes; powers of 8 from 4 to 64 MiB, and 256 MiB.")
flags.DEFINE_list("operations", None, "Which of the operations; all of them.")
flags.DEFINE_integer("rounds", 5, "Rounds; the median is printed.", lower_bound=1)
flags.DEFINE_float("seconds", 0.1, "Time that a round takes at most, about.", lower_bound=0.001)

_SIZES = (*(4 * 8**power for power in range(9)), 256 << 20)
_COPIED_BYTES = 64 << 20
_MOST_CALLS = 200


class _Tensors(NamedTuple):
    whole: torch.Tensor  # of the size that is measured
    other: torch.Tensor
    part: torch.Tensor  # one rank's


def _send_or_receive(tensors: _Tensors, rank: int) -> None:
    """From each even rank to the next one."""
    peer = rank ^ 1
    if peer < dist.get_world_size():
        dist.recv(tensors.whole, peer) if rank & 1 else dist.send(tensors.whole, peer)


OPERATIONS: dict[str, Callable[[_Tensors, int], object]] = {
    "all_reduce": lambda t, rank: dist.all_reduce(t.whole),
    "all_gather_into_tensor": lambda t, rank: dist.all_gather_into_tensor(t.whole, t.part),
    "reduce_scatter_tensor": lambda t, rank: dist.reduce_scatter_tensor(t.part, t.whole),
    "all_to_all_single": lambda t, rank: dist.all_to_all_single(t.other, t.whole),
    "broadcast": lambda t, rank: dist.broadcast(t.whole, 0),
    "send/recv": _send_or_receive,
}
# At 4 bytes there is no part for each rank.
_IN_PARTS = ("all_gather_into_tensor", "reduce_scatter_tensor", "all_to_all_single")


def _tensors(device: str, size: int, ranks: int) -> _Tensors:
    elements = size // 4
    whole = torch.zeros(elements, device=device)
    return _Tensors(whole, torch.zeros_like(whole), whole.new_zeros(elements // ranks))


def _slowest(seconds: float) -> float:
    value = torch.tensor([seconds], dtype=torch.float64)
    dist.all_reduce(value, dist.ReduceOp.MAX)
    return value.item()


def _time(call: Callable[[], object], device: str, calls: int) -> float:
    """Seconds for one call."""
    dist.barrier()
    started = time.perf_counter()
    for _ in range(calls):
        call()
        if device == "npu":
            torch.npu.current_stream().synchronize()
    return _slowest((time.perf_counter() - started) / calls)


def _compare(operation: str, size: int, rank: int, ranks: int) -> tuple[float, float]:
    """Seconds on hccl and on gloo."""
    calls = {}
    for device in ("npu", "cpu"):
        tensors = _tensors(device, size, ranks)
        calls[device] = lambda tensors=tensors: OPERATIONS[operation](tensors, rank)
    count = {}
    for device, call in calls.items():
        _time(call, device, 1)  # sets connections up
        once = _time(call, device, 2)
        count[device] = min(_MOST_CALLS, max(1, math.ceil(FLAGS.seconds / once)))
    rounds = [
        [_time(call, device, count[device]) for device, call in calls.items()]
        for _ in range(FLAGS.rounds)
    ]
    npu, cpu = (statistics.median(side) for side in zip(*rounds, strict=True))
    return npu, cpu


def _copy_bandwidth() -> float:
    """GB/s that each rank copies while all do."""
    source = torch.zeros(_COPIED_BYTES, dtype=torch.uint8)
    target = torch.zeros_like(source)
    best = min(_time(lambda: target.copy_(source), "cpu", 4) for _ in range(FLAGS.rounds))
    return _COPIED_BYTES / best / 1e9


def _run(rank: int, ranks: int, port: int, arguments: list[str]) -> None:
    FLAGS(arguments)
    store = dist.TCPStore("127.0.0.1", port)
    torch.set_num_threads(1)
    torch.npu.set_device(rank)
    dist.init_process_group("cpu:gloo,npu:hccl", store=store, rank=rank, world_size=ranks)
    copied = _copy_bandwidth()
    if rank == 0:
        print(f"{ranks} ranks; each copies {copied:.2f} GB/s while all do")
        print(
            f"{'operation':24}{'bytes':>11}{'hccl us':>11}{'gloo us':>11}"
            f"{'hccl GB/s':>11}{'gloo GB/s':>11}{'gloo/hccl':>11}"
        )
    sizes = [int(size) for size in FLAGS.sizes or _SIZES]
    for operation in FLAGS.operations or OPERATIONS:
        for size in sizes:
            if operation in _IN_PARTS and size < 4 * ranks:
                continue
            npu, cpu = _compare(operation, size, rank, ranks)
            if rank == 0:
                print(
                    f"{operation:24}{size:11}{npu * 1e6:11.1f}{cpu * 1e6:11.1f}"
                    f"{size / npu / 1e9:11.3f}{size / cpu / 1e9:11.3f}{cpu / npu:11.2f}",
                    flush=True,
                )
    dist.destroy_process_group()


def main(argv: list[str]) -> None:
    del argv
    for ranks in map(int, FLAGS.ranks):
        store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        torch.multiprocessing.spawn(_run, args=(ranks, store.port, sys.argv), nprocs=ranks)


if __name__ == "__main__":
    app.run(main)
