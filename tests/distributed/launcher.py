"""Runs a function as every rank of an hccl process group, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import torch.distributed as dist

DEADLINE_S = 180


def _run(
    function: Callable,
    rank: int,
    size: int,
    port: int,
    results: multiprocessing.Queue,
    output: str,
    env: dict,
    timeout_s: float,
    arguments: tuple,
) -> None:
    os.environ.update(env)
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    import torch

    import torch_npu  # noqa: F401 - nothing autoloads it from a source tree

    torch.npu.set_device(rank)
    store = dist.TCPStore("127.0.0.1", port, is_master=False)
    # How long a rank takes to start must not count for the time-outs of the others.
    store.set(f"started{rank}", "")
    store.wait([f"started{other}" for other in range(size)])
    try:
        dist.init_process_group(
            "hccl",
            store=dist.PrefixStore("test", store),
            rank=rank,
            world_size=size,
            timeout=timedelta(seconds=timeout_s),
        )
        results.put((rank, True, function(rank, size, *arguments)))
        dist.destroy_process_group()
    except Exception:
        results.put((rank, False, traceback.format_exc()))
        raise


class Ranks:
    """The processes of one run. Leaves none behind."""

    def __init__(
        self,
        function: Callable,
        size: int,
        folder: Path,
        *arguments: object,
        env: dict | None = None,
        timeout_s: float = 60,
    ) -> None:
        self.store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        # The children import the test's module by its name.
        root = str(Path(__file__).parents[2])
        if root not in sys.path:
            sys.path.append(root)
        context = multiprocessing.get_context("spawn")
        self.queue = context.Queue()
        self.values: dict[int, tuple[bool, object]] = {}
        self.outputs = [folder / f"rank{rank}.log" for rank in range(size)]
        self.processes = []
        for rank in range(size):
            self.outputs[rank].touch()
            process = context.Process(
                target=_run,
                args=(
                    *(function, rank, size, self.store.port, self.queue),
                    *(str(self.outputs[rank]), env or {}, timeout_s, arguments),
                ),
            )
            process.start()
            self.processes.append(process)

    def __enter__(self) -> Ranks:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.join(10)
            if process.is_alive():
                process.kill()
                process.join()

    def value(self, rank: int) -> object:
        """What the rank's function returned; raises what it raised, or how it died."""
        end = time.monotonic() + DEADLINE_S
        while rank not in self.values:
            process = self.processes[rank]
            alive = process.is_alive()
            try:
                other, good, value = self.queue.get(timeout=0.2)
                self.values[other] = (good, value)
            except queue.Empty:
                if not alive:
                    raise RuntimeError(f"rank {rank} ended: {self.stderr(rank)}") from None
                if time.monotonic() > end:
                    raise TimeoutError(f"rank {rank} takes longer than {DEADLINE_S} s") from None
        good, value = self.values[rank]
        if not good:
            raise RuntimeError(f"rank {rank}:\n{value}")
        return value

    def stderr(self, rank: int) -> str:
        return self.outputs[rank].read_text()

    def wait_for_exit(self, rank: int, seconds: float) -> int | None:
        """The exit code, None if it still runs."""
        self.processes[rank].join(seconds)
        return self.processes[rank].exitcode

    def kill(self, rank: int) -> float:
        """SIGKILL; the time of death."""
        os.kill(self.processes[rank].pid, signal.SIGKILL)
        self.processes[rank].join()
        return time.monotonic()


def run_ranks(function: Callable, size: int, folder: Path, *arguments: object, **options) -> list:
    """What `function(rank, size, *arguments)` returns on each rank."""
    with Ranks(function, size, folder, *arguments, **options) as ranks:
        return [ranks.value(rank) for rank in range(size)]
