"""What goes wrong between ranks ends in bounded time, with a message that names the cause."""

import ctypes
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest

from tests.emulator.hccl import cann
from tests.emulator.hccl.launcher import Ranks, run_ranks
from tests.emulator.leftovers import shared_memory, sockets, sockets_of

# A death is noticed within this time.
NOTICED_S = 10


def all_reduce(me: cann.Rank, count: int = 16, dtype: str = "float32", op: int = cann.SUM) -> None:
    buffer = me.buffer(np.ones(count, dtype))
    kind = cann.HCCL_TYPES[dtype]
    me.call("HcclAllReduce", buffer.address, buffer.address, count, kind, op)


def failed_synchronize(me: cann.Rank) -> str:
    with pytest.raises(cann.CannError) as raised:
        me.synchronize()
    return raised.value.message


def wait_for_the_dead(me: cann.Rank, root: bytes, ready: str) -> dict:
    me.join(root)
    all_reduce(me)
    me.synchronize()
    if me.rank != 1:
        all_reduce(me)
    Path(f"{ready}/{me.rank}").touch()
    if me.rank == 1:
        time.sleep(60)  # until it is killed
    message = failed_synchronize(me)
    noticed = time.monotonic()
    error, text = me.async_error()
    with pytest.raises(cann.CannError) as raised:
        all_reduce(me)
    assert raised.value.code == cann.HCCL_E_REMOTE
    again = raised.value.message
    me.destroy()
    return {
        "message": message,
        "noticed": noticed,
        "error": error,
        "text": text,
        "again": again,
    }


def test_a_killed_rank_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    before = shared_memory()
    with Ranks(wait_for_the_dead, 3, str(tmp_path)) as ranks:
        pids = [process.pid for process in ranks.processes]
        deadline = time.monotonic() + 60
        while len(os.listdir(tmp_path)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        names = sockets_of(pids)
        assert names
        died = ranks.kill(1)
        for rank in (0, 2):
            result = ranks._receive(rank, "result")
            assert f"rank 1 (pid {pids[1]}, device 1" in result["message"]
            assert "has died" in result["message"]
            assert "hcom_allReduce_" in result["message"]
            assert result["noticed"] - died < NOTICED_S
            assert result["error"] == cann.HCCL_E_REMOTE
            assert "rank 1" in result["text"]
            assert "rank 1" in result["again"]
    assert shared_memory() <= before
    assert not names & sockets()


def mismatched(me: cann.Rank, root: bytes, calls: list[dict]) -> str:
    me.join(root)
    all_reduce(me, **calls[me.rank])
    return failed_synchronize(me)


@pytest.mark.parametrize(
    "other", [{"count": 17}, {"dtype": "int32"}, {"op": cann.MAX}], ids=["count", "dtype", "op"]
)
def test_mismatched_collectives_are_named_on_all_ranks(other: dict) -> None:
    messages = run_ranks(mismatched, 2, [{}, other])
    # What precedes names the stream that failed, which differs.
    assert messages[0].split("HCCL:")[1] == messages[1].split("HCCL:")[1]
    assert "do not match" in messages[0]
    assert "count=16, float32, sum" in messages[0]
    assert str(next(iter(other.values()))) in messages[0] or "max" in messages[0]


def different_calls(me: cann.Rank, root: bytes) -> str:
    me.join(root)
    if me.rank == 0:
        all_reduce(me)
    else:
        me.call("HcclBarrier")
    return failed_synchronize(me)


def test_different_collectives_are_named() -> None:
    for message in run_ranks(different_calls, 2):
        assert "hcom_allReduce_(count=16, float32, sum)" in message
        assert "hcom_barrier_()" in message


def message_mismatch(me: cann.Rank, root: bytes) -> str:
    me.join(root)
    count = 8 if me.rank == 0 else 9
    buffer = me.buffer(np.ones(count, np.float32))
    name = "HcclSend" if me.rank == 0 else "HcclRecv"
    me.call(name, buffer.address, count, 4, ctypes.c_uint32(1 - me.rank))
    return failed_synchronize(me)


def test_a_message_of_another_size_is_named() -> None:
    for message in run_ranks(message_mismatch, 2):
        assert "rank 0 sends 8 float32 to rank 1, which expects 9 float32" in message


def absent(me: cann.Rank, root: bytes) -> str | None:
    me.join(root)
    if me.rank == 1:
        time.sleep(8)
        return None
    begin = time.monotonic()
    all_reduce(me)
    message = failed_synchronize(me)
    assert 0.9 < time.monotonic() - begin < 7
    assert me.async_error()[0] == cann.HCCL_E_TIMEOUT
    return message


def test_the_execution_timeout_names_who_is_missing() -> None:
    message, _ = run_ranks(absent, 2, env={"HCCL_EXEC_TIMEOUT": "1"})
    assert "waited 1 s (HCCL_EXEC_TIMEOUT)" in message
    assert re.search(r"for rank 1 \(pid \d+, device 1", message)


def configured_timeout(me: cann.Rank, root: bytes, size: int) -> str | None:
    me.join(root, cann.comm_config(exec_timeout=1, size=size))
    if me.rank == 1:
        time.sleep(6)
        return None
    all_reduce(me)
    return failed_synchronize(me)


@pytest.mark.parametrize("size", [2232, 2240, 2248])
def test_the_configuration_is_read_by_its_size(size: int) -> None:
    message, _ = run_ranks(configured_timeout, 2, size)
    assert "waited 1 s" in message


def never_joins(me: cann.Rank, root: bytes) -> float:
    if me.rank == 1:
        time.sleep(8)
        return 0
    begin = time.monotonic()
    with pytest.raises(cann.CannError, match=r"rank 1 \(not joined\)") as raised:
        me.join(root)
    assert raised.value.code == cann.HCCL_E_TIMEOUT
    return time.monotonic() - begin


def test_the_connect_timeout_names_who_is_missing() -> None:
    waited, _ = run_ranks(never_joins, 2, env={"HCCL_CONNECT_TIMEOUT": "1"})
    assert 0.9 < waited < 7


def dead_root(me: cann.Rank, root: bytes) -> str:
    if me.rank == 0:
        os._exit(0)
    time.sleep(3)
    with pytest.raises(cann.CannError) as raised:
        me.join(root)
    assert raised.value.code == cann.HCCL_E_TCP_CONNECT
    return raised.value.message


def test_a_dead_root_is_named() -> None:
    with Ranks(dead_root, 2) as ranks:
        message = ranks._receive(1, "result")
        assert f"root process (pid {ranks.processes[0].pid})" in message


def one_leaves(me: cann.Rank, root: bytes) -> str | None:
    me.join(root)
    if me.rank == 1:
        me.destroy()
        time.sleep(3)
        return None
    all_reduce(me)
    return failed_synchronize(me)


def test_a_rank_that_destroyed_its_communicator_is_named() -> None:
    message, _ = run_ranks(one_leaves, 2)
    assert re.search(r"rank 1 \(pid \d+, .*\) has destroyed its communicator", message)


def destroys_while_waiting(me: cann.Rank, root: bytes) -> str | None:
    me.join(root)
    if me.rank == 1:
        time.sleep(6)
        return None
    all_reduce(me)
    time.sleep(0.5)
    me.destroy()
    return failed_synchronize(me)


def test_destroying_ends_what_is_pending() -> None:
    message, _ = run_ranks(destroys_while_waiting, 2)
    assert "rank 0 has destroyed it" in message


def same_device(me: cann.Rank, root: bytes) -> str:
    me.cann("aclrtSetDevice", 0)
    with pytest.raises(cann.CannError) as raised:
        me.join(root)
    assert raised.value.code == cann.HCCL_E_PARA
    return raised.value.message


def test_two_ranks_on_one_device_are_refused() -> None:
    for message in run_ranks(same_device, 2):
        assert "use the same device" in message


def wrong_count(me: cann.Rank, root: bytes) -> str:
    me.size += me.rank
    with pytest.raises(cann.CannError) as raised:
        me.join(root)
    return raised.value.message


def test_ranks_that_disagree_on_their_number() -> None:
    for message in run_ranks(wrong_count, 2):
        assert "rank 0 says 2 ranks, rank 1 says 3" in message


def bad_arguments(me: cann.Rank, root: bytes) -> dict[str, tuple[int, str]]:
    me.join(root)
    buffer = me.buffer(np.ones(16, np.float32))
    host = np.ones(16, np.float32).ctypes.data_as(ctypes.c_void_p)
    device, end = buffer.address, buffer.at(15)
    odd = ctypes.c_void_p(buffer.address.value + 2)
    other = ctypes.c_void_p()
    calls = {
        "null": ("HcclAllReduce", None, device, 16, 4, cann.SUM),
        "host": ("HcclAllReduce", host, device, 16, 4, cann.SUM),
        "end": ("HcclAllReduce", end, device, 1 << 40, 4, cann.SUM),
        "odd": ("HcclAllReduce", odd, odd, 1, 4, cann.SUM),
        "overlap": ("HcclAllReduce", device, buffer.at(1), 8, 4, cann.SUM),
        "type": ("HcclAllReduce", device, device, 8, 10, cann.SUM),
        "unknown type": ("HcclBroadcast", device, 8, 12, ctypes.c_uint32(0)),
        "op": ("HcclAllReduce", device, device, 8, 4, 9),
        "root": ("HcclBroadcast", device, 16, 4, ctypes.c_uint32(2)),
        "huge": ("HcclAllGather", device, device, (1 << 63) + 1, 4),
    }
    results = {}
    for name, call in calls.items():
        with pytest.raises(cann.CannError) as raised:
            me.call(*call)
        results[name] = (raised.value.code, raised.value.message)
    me.destroy()
    for name, comm in (("destroyed", me.comm), ("no communicator", other)):
        with pytest.raises(cann.CannError) as raised:
            me.cann("HcclBarrier", comm, me.stream)
        results[name] = (raised.value.code, raised.value.message)
    return results


def test_bad_arguments_are_refused_by_the_call() -> None:
    expected = {
        "null": (cann.HCCL_E_PTR, "send buffer is null"),
        "host": (cann.HCCL_E_PARA, "not in memory of device"),
        "end": (cann.HCCL_E_PARA, "its block ends after"),
        "odd": (cann.HCCL_E_PARA, "not aligned to float32"),
        "overlap": (cann.HCCL_E_PARA, "overlap"),
        "type": (cann.HCCL_E_NOT_SUPPORT, "sum of float64 .* int8, int16, int32, int64"),
        "unknown type": (cann.HCCL_E_NOT_SUPPORT, "data type 12"),
        "op": (cann.HCCL_E_PARA, "none of sum, prod, max, min"),
        "root": (cann.HCCL_E_PARA, "root rank 2, but communicator .* has 2 ranks"),
        "huge": (cann.HCCL_E_PARA, "more than any device holds"),
        "destroyed": (cann.HCCL_E_PARA, "no live communicator"),
        "no communicator": (cann.HCCL_E_PTR, "no live communicator"),
    }
    for results in run_ranks(bad_arguments, 2):
        assert results.keys() == expected.keys()
        for name, (code, pattern) in expected.items():
            assert results[name][0] == code, name
            assert re.search(pattern, results[name][1]), results[name]


def bad_set_up(me: cann.Rank, root: bytes) -> list[str]:
    messages = []
    garbage = bytes(cann.ROOT_INFO_BYTES)
    no_magic = bytes(24) + cann.comm_config()[24:]
    for info, config in ((garbage, None), (root, no_magic)):
        with pytest.raises(cann.CannError) as raised:
            me.join(info, config)
        messages.append(raised.value.message)
    return messages


def test_bad_root_info_and_configuration() -> None:
    garbage, config = run_ranks(bad_set_up, 1)[0]
    assert "not made by HcclGetRootInfo" in garbage
    assert "magic word" in config


def bad_environment(me: cann.Rank, root: bytes) -> str:
    with pytest.raises(cann.CannError) as raised:
        me.join(root)
    return raised.value.message


def test_a_garbage_timeout_is_refused() -> None:
    message = run_ranks(bad_environment, 1, env={"HCCL_EXEC_TIMEOUT": "soon"})[0]
    assert 'HCCL_EXEC_TIMEOUT is "soon", expected seconds' in message
