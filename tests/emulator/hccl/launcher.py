"""Runs a function as every rank of a communicator, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tests.emulator.hccl import cann

DEADLINE_S = 60


class RankFailed(Exception):
    """A rank raised; the text is its traceback."""


def _run(
    function: Callable, pipe: Connection, rank: int, size: int, env: dict, arguments: tuple
) -> None:
    os.environ.update(env)
    try:
        me = cann.Rank(rank, size)
        if rank == 0:
            pipe.send(("root", me.root_info()))
        root = pipe.recv()
        pipe.send(("result", function(me, root, *arguments)))
    except cann.CannError as error:
        pipe.send(("error", error))
    except Exception:  # noqa: BLE001 - the parent raises it
        pipe.send(("traceback", traceback.format_exc()))


class Ranks:
    """The processes of one run. Leaves none behind."""

    def __init__(
        self, function: Callable, size: int, *arguments: object, env: dict | None = None
    ) -> None:
        # The children import the test's module by its name.
        root = str(Path(__file__).parents[3])
        if root not in sys.path:
            sys.path.append(root)
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for rank in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_run, args=(function, theirs, rank, size, env or {}, arguments)
            )
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)
        root = self._receive(0, "root")
        for pipe in self.pipes:
            pipe.send(root)

    def __enter__(self) -> Ranks:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()

    def _receive(self, rank: int, expected: str) -> object:
        if not self.pipes[rank].poll(DEADLINE_S):
            raise TimeoutError(f"rank {rank} said nothing for {DEADLINE_S} s")
        kind, value = self.pipes[rank].recv()
        if kind == "traceback":
            raise RankFailed(f"rank {rank}:\n{value}")
        if kind == "error" and expected != "error":
            raise value
        assert kind == expected, f"rank {rank} sent {kind}: {value}"
        return value

    def results(self) -> list:
        return [self._receive(rank, "result") for rank in range(len(self.pipes))]

    def error(self, rank: int) -> cann.CannError:
        return self._receive(rank, "error")

    def kill(self, rank: int) -> float:
        """SIGKILL; the time of death."""
        os.kill(self.processes[rank].pid, signal.SIGKILL)
        self.processes[rank].join()
        return time.monotonic()


def run_ranks(function: Callable, size: int, *arguments: object, env: dict | None = None) -> list:
    """What `function(rank, root_info, *arguments)` returns on each rank."""
    with Ranks(function, size, *arguments, env=env) as ranks:
        return ranks.results()
