"""Failures of a rank end the others in bounded time, with a message that names the cause."""

import re
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.distributed.launcher import Ranks
from tests.emulator.leftovers import shared_memory, sockets, sockets_of

# What the issue allows, from the death of a rank to the end of the others.
ENDED_S = 30


def train_until_killed(rank: int, size: int, started: str) -> None:
    tensor = torch.ones(1000, device="npu")
    dist.all_reduce(tensor)
    torch.npu.synchronize()
    Path(f"{started}{rank}").touch()
    if rank == 1:
        time.sleep(120)
    while True:
        dist.all_reduce(tensor)
        tensor.sum().item()


def wait_for_file(path: Path, ranks: Ranks) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, [ranks.stderr(rank) for rank in range(2)]
        time.sleep(0.1)


def test_a_killed_rank_ends_the_others_and_leaves_nothing(tmp_path: Path) -> None:
    before = shared_memory()
    with Ranks(train_until_killed, 2, tmp_path, str(tmp_path / "started")) as ranks:
        wait_for_file(tmp_path / "started0", ranks)
        wait_for_file(tmp_path / "started1", ranks)
        pids = [process.pid for process in ranks.processes]
        names = sockets_of(pids)
        assert names
        died = ranks.kill(1)
        assert ranks.wait_for_exit(0, ENDED_S) not in (None, 0)
        assert time.monotonic() - died < ENDED_S
        output = ranks.stderr(0)
        assert re.search(rf"rank 1 \(pid {pids[1]}, device 1.*has died", output), output
    assert not names & sockets()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert shared_memory() <= before


def one_is_missing(rank: int, size: int) -> None:
    tensor = torch.ones(4, device="npu")
    dist.all_reduce(tensor)
    torch.npu.synchronize()
    if rank == 1:
        time.sleep(25)
        return
    dist.all_reduce(tensor)
    time.sleep(25)  # the watchdog ends this process


def test_the_watchdog_names_the_collective_and_who_is_missing(tmp_path: Path) -> None:
    with Ranks(one_is_missing, 2, tmp_path, timeout_s=4) as ranks:
        assert ranks.wait_for_exit(0, 150) not in (None, 0)
        output = ranks.stderr(0)
    assert "HcclAllReduce number 2" in output
    assert "did not finish within 4000 ms" in output
    assert "Rank 1 is missing: its last collective is number 1" in output


def blocking(rank: int, size: int) -> str | None:
    tensor = torch.ones(4, device="npu")
    dist.all_reduce(tensor)
    if rank == 1:
        time.sleep(8)
        return None
    begin = time.monotonic()
    with pytest.raises(dist.DistBackendError) as raised:
        dist.all_reduce(tensor)
    assert time.monotonic() - begin < 8
    return str(raised.value)


def test_blocking_wait_raises(tmp_path: Path) -> None:
    env = {"TORCH_HCCL_BLOCKING_WAIT": "1"}
    with Ranks(blocking, 2, tmp_path, env=env, timeout_s=3) as ranks:
        message = ranks.value(0)
    assert "HcclAllReduce number 2" in message
    assert "longer than 3000 ms" in message


def mismatched(rank: int, size: int) -> str:
    tensor = torch.ones(4 + rank, device="npu")
    dist.all_reduce(tensor)
    with pytest.raises(RuntimeError) as raised:
        torch.npu.synchronize()
    return str(raised.value)


def test_mismatched_collectives_are_named_on_both_ranks(tmp_path: Path) -> None:
    env = {"TORCH_HCCL_ASYNC_ERROR_HANDLING": "0"}
    with Ranks(mismatched, 2, tmp_path, env=env) as ranks:
        for message in (ranks.value(0), ranks.value(1)):
            assert "do not match" in message
            assert "count=4" in message
            assert "count=5" in message


def never_connects(rank: int, size: int) -> str | None:
    if rank == 0:
        time.sleep(6)
        return None
    with pytest.raises(dist.DistBackendError) as raised:
        dist.all_reduce(torch.ones(4, device="npu"))
    return str(raised.value)


def test_a_root_that_never_comes_is_named(tmp_path: Path) -> None:
    with Ranks(never_connects, 2, tmp_path, timeout_s=2) as ranks:
        message = ranks.value(1)
    assert "rank 1 waited 2 s for rank 0 to start the communicator" in message
