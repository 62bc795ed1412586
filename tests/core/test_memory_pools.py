"""Private memory pools: of graphs, and torch.npu.MemPool."""

import gc
import threading

import pytest
import torch

import torch_npu  # noqa: F401

MIB = 1 << 20


@pytest.fixture(autouse=True)
def clean():
    gc.collect()
    torch.npu.synchronize()
    torch.npu.empty_cache()


def allocate(size: int) -> torch.UntypedStorage:
    return torch.UntypedStorage(size, device="npu:0")


def reserved(pool) -> int:
    return sum(segment["total_size"] for segment in torch.npu.memory_snapshot(tuple(pool)))


def capture(call, **options):
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph, **options):
        result = call()
    return graph, result


def test_a_pool_keeps_its_memory_apart():
    pool = torch.npu.MemPool()
    assert pool.use_count() == 1 and pool.id[0] == 0 and pool.snapshot() == []
    common = allocate(4096)
    before = torch.npu.memory_reserved()
    with torch.npu.use_mem_pool(pool):
        assert pool.use_count() == 2
        inside = allocate(4096)
    assert pool.use_count() == 1
    (segment,) = pool.snapshot()
    assert segment["address"] <= inside.data_ptr() < segment["address"] + segment["total_size"]
    assert not segment["address"] <= common.data_ptr() < segment["address"] + segment["total_size"]
    assert torch.npu.memory_reserved() == before + 2 * MIB
    address = inside.data_ptr()
    del inside
    assert allocate(4096).data_ptr() != address
    torch.npu.empty_cache()  # not of a pool in use
    assert reserved(pool.id) == 2 * MIB
    with torch.npu.use_mem_pool(pool):
        assert allocate(4096).data_ptr() == address


def test_memory_of_a_pool_that_is_gone_returns():
    pool = torch.npu.MemPool()
    name = pool.id
    with torch.npu.use_mem_pool(pool):
        kept, dropped = allocate(32 * MIB), allocate(24 * MIB)
    del dropped
    del pool
    assert reserved(name) == 34 * MIB  # what 32 MiB take as a segment
    del kept
    torch.npu.empty_cache()
    assert reserved(name) == 0


def test_pools_nest_and_concern_one_thread():
    outer, inner = torch.npu.MemPool(), torch.npu.MemPool()
    with torch.npu.use_mem_pool(outer):
        with torch.npu.use_mem_pool(inner):
            a = allocate(100)
        b = allocate(100)
        elsewhere = []
        thread = threading.Thread(target=lambda: elsewhere.append(allocate(100)))
        thread.start()
        thread.join()
    assert inner.snapshot()[0]["allocated_size"] == outer.snapshot()[0]["allocated_size"] == 512
    assert a.nbytes() == b.nbytes() == elsewhere[0].nbytes() == 100
    with pytest.raises(TypeError, match=r"NPUPluggableAllocator.allocator\(\)"):
        torch.npu.MemPool(allocator=object())


def test_a_graphs_memory_is_reused_within_and_released_after_it():
    x = torch.ones(MIB, device="npu")

    def work():
        y = x
        for _ in range(10):
            y = y + 1
        return y

    graph, y = capture(work)
    pool = graph.pool()
    assert pool[1] == 0
    assert reserved(pool) <= 20 * MIB  # ten temporaries of 4 MiB
    before = torch.npu.memory_reserved()
    for _ in range(3):
        graph.replay()
    assert y[0].item() == 11
    torch.npu.empty_cache()
    assert torch.npu.memory_reserved() <= before and reserved(pool) > 0
    graph.reset()
    torch.npu.empty_cache()
    assert reserved(pool) > 0  # y is still there
    del y
    torch.npu.empty_cache()
    assert reserved(pool) == 0


def test_graphs_share_a_pool():
    handle = torch.npu.graph_pool_handle()
    x = torch.ones(MIB, device="npu")
    first, a = capture(lambda: (x + 1).sum(), pool=handle)
    alone = reserved(handle)
    second, b = capture(lambda: (x + a).sum(), pool=first.pool())
    assert first.pool() == second.pool() == handle
    assert reserved(handle) == alone
    for value in (1.0, 2.0):
        x.fill_(value)
        first.replay()
        second.replay()
        total = (x + 1).sum()
        assert torch.equal(a, total) and torch.equal(b, (x + total).sum())
    del first
    second.replay()
    torch.npu.empty_cache()
    assert reserved(handle) == alone
    second = a = b = None
    torch.npu.empty_cache()
    assert reserved(handle) == 0


def test_a_graph_uses_a_mem_pool():
    pool = torch.npu.MemPool()
    x = torch.ones(4, device="npu")
    graph, y = capture(lambda: x * 3, pool=pool.id)
    assert pool.use_count() == 2 and reserved(pool.id) > 0
    graph.replay()
    assert y.tolist() == [3.0] * 4
    del graph, y
    assert pool.use_count() == 1


def test_memory_that_another_stream_used_waits_for_the_end_of_the_capture():
    x = torch.ones(4, device="npu")
    side = torch.npu.Stream()
    with torch.npu.stream(side):
        used = torch.ones(MIB, device="npu")
    torch.npu.synchronize()

    def work():
        nonlocal used
        used.record_stream(torch.npu.current_stream())
        used = None
        return x + 1

    graph, _ = capture(work)
    active = torch.npu.memory_stats()["active_bytes.all.current"]
    allocate(100)  # any later allocation records what was put off, or looks at what is over
    torch.npu.synchronize()
    allocate(100)
    assert torch.npu.memory_stats()["active_bytes.all.current"] <= active - 4 * MIB
    graph.reset()


def test_an_exhausted_device_is_an_error_in_a_capture():
    graph = torch.npu.NPUGraph()
    with pytest.raises(torch.OutOfMemoryError), torch.npu.graph(graph):
        torch.empty(1 << 50, dtype=torch.uint8, device="npu")
    torch.npu.synchronize()


def test_statistics_count_private_pools():
    graph, y = capture(lambda: torch.ones(4, device="npu"))
    assert torch.npu.memory_reserved() >= reserved(graph.pool()) == 2 * MIB
    assert torch.npu.memory_reserved() == sum(
        segment["total_size"] for segment in torch.npu.memory_snapshot() if segment["device"] == 0
    )
    del graph, y
