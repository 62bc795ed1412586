"""Reuse, splitting, merging and statistics of device memory."""

import gc
import itertools
import threading

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import run_python

MIB = 1 << 20


@pytest.fixture(autouse=True)
def clean_memory():
    gc.collect()
    torch.npu.synchronize()
    torch.npu.empty_cache()
    torch.npu.reset_peak_memory_stats()
    torch.npu.reset_accumulated_memory_stats()
    yield
    torch.npu.set_per_process_memory_fraction(1.0)


def allocate(size: int, device: str = "npu:0") -> torch.UntypedStorage:
    return torch.UntypedStorage(size, device=device)


def stat(key: str) -> int:
    return torch.npu.memory_stats()[key]


def test_freed_memory_is_handed_out_again_without_asking_the_device():
    first = allocate(1000)
    address = first.data_ptr()
    segments = stat("num_device_alloc")
    del first
    assert allocate(900).data_ptr() == address
    assert stat("num_device_alloc") == segments


def test_small_requests_share_a_segment_and_merge_when_freed():
    blocks = [allocate(4096) for _ in range(8)]
    assert len({block.data_ptr() for block in blocks}) == 8
    assert torch.npu.memory_reserved() == 2 * MIB
    assert stat("segment.small_pool.current") == 1
    # Freed in an order that makes both neighbours and holes merge.
    for index in (1, 3, 5, 7, 0, 2, 4, 6):
        blocks[index] = None
    (segment,) = torch.npu.memory_snapshot()
    assert [block["state"] for block in segment["blocks"]] == ["inactive"]
    assert segment["blocks"][0]["size"] == 2 * MIB


def test_blocks_never_overlap():
    generator = torch.Generator().manual_seed(0)
    sizes = torch.randint(1, 3 * MIB, (200,), generator=generator).tolist()
    live: dict[int, torch.UntypedStorage] = {}
    for step, size in enumerate(sizes):
        live[step] = allocate(size)
        if step % 3 == 2:
            del live[sizes[step] % len(live) if sizes[step] % len(live) in live else step]
    spans = sorted((block.data_ptr(), block.nbytes()) for block in live.values())
    for (start, size), (following, _) in itertools.pairwise(spans):
        assert start + size <= following


def test_best_fit_prefers_the_smallest_hole():
    layout = [allocate(size) for size in (40_000, 512, 9_000, 512)]
    hole = layout[2].data_ptr()
    layout[0] = layout[2] = None
    assert allocate(8_000).data_ptr() == hole


def test_large_requests_get_segments_of_their_own():
    big = allocate(30 * MIB)
    assert stat("segment.large_pool.current") == 1
    assert torch.npu.memory_reserved() == 32 * MIB
    del big
    torch.npu.empty_cache()
    assert torch.npu.memory_reserved() == 0


def test_statistics_follow_every_step():
    first = allocate(1000)
    assert torch.npu.memory_allocated() == 1536  # 32 bytes of slack, then rounded to 512
    assert stat("requested_bytes.all.current") == 1000
    second = allocate(3 * MIB)
    peak = torch.npu.memory_allocated()
    assert torch.npu.max_memory_allocated() == peak
    del first, second
    assert torch.npu.memory_allocated() == 0
    assert torch.npu.max_memory_allocated() == peak
    assert stat("allocation.all.allocated") == stat("allocation.all.freed") == 2
    assert stat("inactive_split.all.current") == 0
    torch.npu.reset_peak_memory_stats()
    assert torch.npu.max_memory_allocated() == 0


def test_statistics_have_the_keys_of_torch_cuda():
    keys = set(torch.npu.memory_stats())
    metrics = ["allocation", "segment", "active", "inactive_split", "allocated_bytes"]
    metrics += ["reserved_bytes", "active_bytes", "inactive_split_bytes", "requested_bytes"]
    for metric in metrics:
        for pool in ("all", "large_pool", "small_pool"):
            for column in ("current", "peak", "allocated", "freed"):
                assert f"{metric}.{pool}.{column}" in keys
    assert {"num_alloc_retries", "num_ooms", "num_device_alloc", "num_device_free"} <= keys


def test_devices_are_counted_apart():
    torch.npu.empty_cache()
    block = allocate(1000, "npu:1")
    assert torch.npu.memory_allocated(1) == 1536
    assert torch.npu.memory_allocated(0) == 0
    assert torch.npu.current_device() == 0
    del block


def test_cached_memory_is_released_before_giving_up():
    torch.npu.set_per_process_memory_fraction(64 * MIB / torch.npu.mem_get_info()[1])
    held = allocate(40 * MIB)
    del held  # cached: too small for the next one, and in its way
    bigger = allocate(50 * MIB)
    assert bigger.nbytes() == 50 * MIB
    assert stat("num_alloc_retries") == 1
    assert stat("num_ooms") == 0


def test_out_of_memory_says_who_holds_what():
    torch.npu.set_per_process_memory_fraction(64 * MIB / torch.npu.mem_get_info()[1])
    held = allocate(30 * MIB)
    with pytest.raises(torch.OutOfMemoryError) as error:
        allocate(60 * MIB)
    text = str(error.value)
    for part in (
        "Tried to allocate 60.00 MiB",
        "npu:0",
        "64.00 GiB in total",
        "PyTorch holds 32.00 MiB: 30.00 MiB allocated to tensors",
        "limited to 64.00 MiB",
    ):
        assert part in text
    assert stat("num_ooms") == 1
    del held
    assert allocate(60 * MIB).nbytes() == 60 * MIB


def test_a_full_device_is_out_of_memory():
    result = run_python(
        """
import torch, torch_npu
held = torch.UntypedStorage(100 << 20, device="npu")
cached = torch.UntypedStorage(90 << 20, device="npu")
del cached
assert torch.UntypedStorage(120 << 20, device="npu").nbytes() == 120 << 20
try:
    torch.UntypedStorage(200 << 20, device="npu")
except torch.OutOfMemoryError as error:
    print(error)
""",
        ASCEND_EMULATOR_DEVICE_MEMORY="256M",
    )
    assert "Tried to allocate 200.00 MiB" in result.stdout, result.stderr
    assert "256.00 MiB in total" in result.stdout


def test_a_bad_fraction_is_refused():
    for fraction in (-0.1, 1.5):
        with pytest.raises(ValueError, match="must be in"):
            torch.npu.set_per_process_memory_fraction(fraction)
    with pytest.raises(TypeError, match="must be a number"):
        torch.npu.set_per_process_memory_fraction("half")


def test_threads_share_the_cache():
    failures = []

    def work(seed: int) -> None:
        sizes = torch.randint(1, 1 << 16, (300,), generator=torch.Generator().manual_seed(seed))
        held: list[torch.Tensor] = []
        for size in sizes.tolist():
            held.append(torch.full((size,), seed, dtype=torch.uint8, device="npu"))
            if len(held) == 8:
                oldest = held.pop(0)
                if not oldest.eq(seed).all().item():
                    failures.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert not failures and not any(thread.is_alive() for thread in threads)
    assert torch.npu.memory_allocated() == 0


def test_an_empty_storage_takes_no_memory():
    empty = allocate(0)
    assert empty.nbytes() == 0
    assert torch.npu.memory_allocated() == 0
