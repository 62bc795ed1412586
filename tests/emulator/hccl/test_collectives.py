"""Every collective of the emulated HCCL on processes of its own, against numpy."""

import ctypes
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.emulator.hccl import cann
from tests.emulator.hccl.cann import HCCL_TYPES, MAX, MIN, PROD, SUM
from tests.emulator.hccl.launcher import run_ranks

RANKS = 3
NUMPY_OPS = {SUM: np.add, PROD: np.multiply, MAX: np.maximum, MIN: np.minimum}
REDUCIBLE = ["int8", "int16", "int32", "int64", "float16", "float32", "bfloat16"]
NO_PRODUCT = ["int16", "bfloat16"]
COUNTS = [1, 7, 4096, 100_003]


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << 16).view(np.float32)


def sample(dtype: str, count: int, rank: int) -> np.ndarray:
    generator = np.random.default_rng(1000 * rank + count)
    if dtype == "bfloat16":
        return to_bfloat16(generator.standard_normal(count))
    if dtype.startswith("float"):
        return generator.standard_normal(count).astype(dtype)
    return generator.integers(0, 100, count).astype(dtype)


def reduced(dtype: str, op: int, arrays: list[np.ndarray]) -> np.ndarray:
    """In rank order; half precision in float, rounded once."""
    narrow = dtype in ("float16", "bfloat16")
    values = [from_bfloat16(x) if dtype == "bfloat16" else x for x in arrays]
    values = [x.astype(np.float32) for x in values] if narrow else values
    total = values[0]
    for value in values[1:]:
        total = NUMPY_OPS[op](total, value)
    return to_bfloat16(total) if dtype == "bfloat16" else total.astype(arrays[0].dtype)


def all_reduce(me: cann.Rank, root: bytes, dtype: str) -> None:
    me.join(root)
    for count in COUNTS:
        for op in (SUM, PROD, MAX, MIN):
            if op == PROD and dtype in NO_PRODUCT:
                continue
            expected = reduced(dtype, op, [sample(dtype, count, rank) for rank in range(RANKS)])
            source = me.buffer(sample(dtype, count, me.rank))
            target = me.buffer(np.zeros_like(source.array))
            arguments = (count, HCCL_TYPES[dtype], op)
            me.call("HcclAllReduce", source.address, target.address, *arguments)
            me.call("HcclAllReduce", source.address, source.address, *arguments)
            me.synchronize()
            np.testing.assert_array_equal(target.read(), expected)
            np.testing.assert_array_equal(source.read(), expected)


@pytest.mark.parametrize("dtype", REDUCIBLE)
def test_all_reduce(dtype: str) -> None:
    run_ranks(all_reduce, RANKS, dtype)


def product(me: cann.Rank, root: bytes, dtype: str) -> None:
    me.join(root)
    buffer = me.buffer(sample(dtype, 8, 0))
    me.call("HcclAllReduce", buffer.address, buffer.address, 8, HCCL_TYPES[dtype], PROD)


@pytest.mark.parametrize("dtype", NO_PRODUCT)
def test_products_that_the_hardware_refuses(dtype: str) -> None:
    with pytest.raises(cann.CannError, match=f"prod of {dtype} .* is not supported") as raised:
        run_ranks(product, 1, dtype)
    assert raised.value.code == cann.HCCL_E_NOT_SUPPORT


def half_rounding(me: cann.Rank, root: bytes) -> None:
    me.join(root)
    bits = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    finite = bits[np.isfinite(bits.view(np.float16))]
    values = (finite if me.rank == 0 else np.roll(finite, 12345)).view(np.float16)
    buffer = me.buffer(values)
    me.call("HcclAllReduce", buffer.address, buffer.address, values.size, 3, SUM)
    me.synchronize()
    other = np.roll(finite, 12345).view(np.float16)
    with np.errstate(over="ignore"):
        total = finite.view(np.float16).astype(np.float32) + other.astype(np.float32)
        expected = total.astype(np.float16)
    np.testing.assert_array_equal(buffer.read().view(np.uint16), expected.view(np.uint16))


def test_float16_is_rounded_to_even_over_its_whole_range() -> None:
    run_ranks(half_rounding, 2)


def movements(me: cann.Rank, root: bytes) -> None:
    me.join(root)
    for dtype, count in itertools.product(HCCL_TYPES, COUNTS):
        kind = HCCL_TYPES[dtype]
        mine = [sample(dtype, count * RANKS, rank) for rank in range(RANKS)]
        own = mine[me.rank]

        buffer = me.buffer(own)
        me.call("HcclBroadcast", buffer.address, own.size, kind, ctypes.c_uint32(1))
        me.synchronize()
        np.testing.assert_array_equal(buffer.read(), mine[1])

        part = me.buffer(own[:count])
        whole = me.buffer(np.zeros_like(own))
        me.call("HcclAllGather", part.address, whole.address, count, kind)
        me.synchronize()
        gathered = np.concatenate([x[:count] for x in mine])
        np.testing.assert_array_equal(whole.read(), gathered)

        whole = me.buffer(own)  # in place: a rank's input is its part of the output
        me.call("HcclAllGather", whole.at(me.rank * count), whole.address, count, kind)
        me.synchronize()
        parts = [x[r * count : (r + 1) * count] for r, x in enumerate(mine)]
        np.testing.assert_array_equal(whole.read(), np.concatenate(parts))

        source, target = me.buffer(own), me.buffer(np.zeros(count, own.dtype))
        root_rank = ctypes.c_uint32(2)
        me.call("HcclScatter", source.address, target.address, count, kind, root_rank)
        me.synchronize()
        mine_of_root = mine[2][me.rank * count : (me.rank + 1) * count]
        np.testing.assert_array_equal(target.read(), mine_of_root)

        source, target = me.buffer(own), me.buffer(np.zeros_like(own))
        me.call("HcclAlltoAll", source.address, count, kind, target.address, count, kind)
        me.synchronize()
        begin = me.rank * count
        swapped = np.concatenate([x[begin : begin + count] for x in mine])
        np.testing.assert_array_equal(target.read(), swapped)


def test_movements() -> None:
    run_ranks(movements, RANKS)


def reductions_to_one(me: cann.Rank, root: bytes) -> None:
    me.join(root)
    for dtype, count in itertools.product(REDUCIBLE, COUNTS):
        kind = HCCL_TYPES[dtype]
        mine = [sample(dtype, count * RANKS, rank) for rank in range(RANKS)]
        total = reduced(dtype, SUM, mine)

        source, target = me.buffer(mine[me.rank]), me.buffer(np.zeros(count, mine[0].dtype))
        me.call("HcclReduceScatter", source.address, target.address, count, kind, SUM)
        me.synchronize()
        np.testing.assert_array_equal(target.read(), total[me.rank * count : (me.rank + 1) * count])

        target = me.buffer(np.zeros_like(mine[0]))
        root_rank = ctypes.c_uint32(1)
        me.call("HcclReduce", source.address, target.address, total.size, kind, SUM, root_rank)
        me.synchronize()
        expected = total if me.rank == 1 else np.zeros_like(total)
        np.testing.assert_array_equal(target.read(), expected)


def test_reduce_and_reduce_scatter() -> None:
    run_ranks(reductions_to_one, RANKS)


def all_to_all_v(me: cann.Rank, root: bytes) -> None:
    me.join(root)
    # Rank r sends r + 2 * p elements to rank p; the sum over p is its buffer's size.
    counts = np.array([[r + 2 * p for p in range(RANKS)] for r in range(RANKS)], np.uint64)
    offsets = np.concatenate([np.zeros((RANKS, 1), np.uint64), counts.cumsum(1)], 1)
    data = [np.arange(offsets[r, -1], dtype=np.int32) + 100 * r for r in range(RANKS)]
    received = counts[:, me.rank]
    places = np.concatenate([[0], received.cumsum()]).astype(np.uint64)
    source = me.buffer(data[me.rank])
    target = me.buffer(np.zeros(int(places[-1]), np.int32))
    layout = [
        np.ascontiguousarray(x) for x in (counts[me.rank], offsets[me.rank], received, places)
    ]
    send_counts, send_offsets, receive_counts, receive_offsets = (
        x.ctypes.data_as(ctypes.c_void_p) for x in layout
    )
    me.call(
        "HcclAlltoAllV",
        *(source.address, send_counts, send_offsets, 2),
        *(target.address, receive_counts, receive_offsets, 2),
    )
    me.synchronize()
    expected = [
        data[r][int(offsets[r, me.rank]) : int(offsets[r, me.rank + 1])] for r in range(RANKS)
    ]
    np.testing.assert_array_equal(target.read(), np.concatenate(expected))


def test_all_to_all_v() -> None:
    run_ranks(all_to_all_v, RANKS)


def ring(me: cann.Rank, root: bytes) -> None:
    """Send and receive: ordered per pair, grouped when all do both."""
    me.join(root)
    following = ctypes.c_uint32((me.rank + 1) % me.size)
    previous = ctypes.c_uint32((me.rank - 1) % me.size)
    source = me.buffer(np.full(1000, me.rank, np.float32))
    target = me.buffer(np.zeros(1000, np.float32))
    me.cann("HcclGroupStart")
    me.call("HcclSend", source.address, 1000, 4, following)
    me.call("HcclRecv", target.address, 1000, 4, previous)
    me.cann("HcclGroupEnd")
    me.synchronize()
    assert (target.read() == (me.rank - 1) % me.size).all()
    if me.rank > 1:
        return
    for message in range(5):
        buffer = me.buffer(np.full(10, message, np.int64) * (me.rank == 0))
        name = "HcclSend" if me.rank == 0 else "HcclRecv"
        me.call(name, buffer.address, 10, 5, ctypes.c_uint32(1 - me.rank))
        me.synchronize()
        assert (buffer.read() == message).all()


def test_messages() -> None:
    run_ranks(ring, RANKS)


def late_peer(me: cann.Rank, root: bytes) -> float:
    me.join(root)
    buffer = me.buffer(np.ones(16, np.float32))
    if me.rank == 1:
        time.sleep(4)
    begin = time.monotonic()
    me.call("HcclAllReduce", buffer.address, buffer.address, 16, 4, SUM)
    me.call("HcclBarrier")
    me.call("HcclAllReduce", buffer.address, buffer.address, 16, 4, SUM)
    launched = time.monotonic() - begin
    me.synchronize()
    assert (buffer.read() == 4).all()
    return launched


def test_calls_return_before_the_peers_have_joined() -> None:
    launched, _ = run_ranks(late_peer, 2)
    assert launched < 3


def two_streams(me: cann.Rank, root: bytes) -> None:
    """Collectives of one communicator run in the order of the calls, whatever their streams."""
    me.join(root)
    streams = [me.stream, me.new_stream()]
    buffers = [me.buffer(np.full(64, step + me.rank, np.int32)) for step in range(20)]
    for step, buffer in enumerate(buffers):
        stream = streams[(step + me.rank) % 2]
        me.call("HcclAllReduce", buffer.address, buffer.address, 64, 2, SUM, stream=stream)
    for stream in streams:
        me.synchronize(stream)
    for step, buffer in enumerate(buffers):
        assert (buffer.read() == 2 * step + 1).all()


def test_two_streams_of_one_communicator() -> None:
    run_ranks(two_streams, 2)


def named_communicator(me: cann.Rank, root: bytes) -> tuple[str, int, int]:
    name = f"group_of_{me.size}"
    me.join(root, cann.comm_config(name))
    answer = ctypes.create_string_buffer(128)
    me.cann("HcclGetCommName", me.comm, answer)
    rank, size = ctypes.c_uint32(), ctypes.c_uint32()
    me.cann("HcclGetRankId", me.comm, ctypes.byref(rank))
    me.cann("HcclGetRankSize", me.comm, ctypes.byref(size))
    me.destroy()
    return answer.value.decode(), rank.value, size.value


def test_name_rank_and_size() -> None:
    assert run_ranks(named_communicator, 2) == [("group_of_2", r, 2) for r in range(2)]


def many_ranks(me: cann.Rank, root: bytes) -> None:
    me.join(root)
    buffer = me.buffer(np.full(1000, me.rank + 1, np.int64))
    for _ in range(3):
        me.call("HcclAllReduce", buffer.address, buffer.address, 1000, 5, MAX)
    me.synchronize()
    assert (buffer.read() == me.size).all()


@pytest.mark.parametrize("size", [1, 8])
def test_one_rank_and_all_devices(size: int) -> None:
    run_ranks(many_ranks, size)


def threads(me: cann.Rank, root: bytes) -> None:
    shared = me.root_info()

    def run(rank: int) -> np.ndarray:
        thread = cann.Rank(rank, 4, me.cann)
        thread.join(shared)
        buffer = thread.buffer(np.full(1000, rank + 1, np.float32))
        thread.call("HcclAllReduce", buffer.address, buffer.address, 1000, 4, SUM)
        thread.synchronize()
        thread.destroy()
        return buffer.read()

    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(run, range(4)):
            assert (result == 10).all()


def test_ranks_may_be_threads_of_one_process() -> None:
    run_ranks(threads, 1)
