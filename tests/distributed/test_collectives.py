"""torch.distributed over hccl: every collective, against what the CPU computes."""

import traceback
from collections.abc import Callable

import pytest
import torch
import torch.distributed as dist

from tests.distributed.launcher import run_ranks

RANKS = 2
CHECKS: dict[str, Callable[[int, int], None]] = {}
REDUCIBLE = [torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.int64, torch.int8]
MOVABLE = [*REDUCIBLE, torch.uint8, torch.bool, torch.float64]


def check(function: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """A function of (rank, size) that every rank runs, in the order of the file."""
    CHECKS[function.__name__] = function
    return function


def sample(rank: int, dtype: torch.dtype, count: int = 12) -> torch.Tensor:
    return (torch.arange(count) % 5 + rank).to(dtype)


def samples(size: int, dtype: torch.dtype, count: int = 12) -> list[torch.Tensor]:
    return [sample(rank, dtype, count) for rank in range(size)]


def assert_same(tensor: torch.Tensor, expected: torch.Tensor) -> None:
    assert tensor.device.type == "npu"
    torch.testing.assert_close(tensor.cpu(), expected, rtol=0, atol=0)


@check
def all_reduce(rank: int, size: int) -> None:
    functions = {
        dist.ReduceOp.SUM: lambda x: x.sum(0),
        dist.ReduceOp.PRODUCT: lambda x: x.prod(0),
        dist.ReduceOp.MIN: lambda x: x.amin(0),
        dist.ReduceOp.MAX: lambda x: x.amax(0),
    }
    for dtype in REDUCIBLE:
        for op, function in functions.items():
            if op == dist.ReduceOp.PRODUCT and dtype == torch.bfloat16:
                continue  # the hardware has none
            tensor = sample(rank, dtype).npu()
            dist.all_reduce(tensor, op)
            assert_same(tensor, function(torch.stack(samples(size, dtype))).to(dtype))


@check
def all_reduce_of_types_that_hccl_does_not_reduce(rank: int, size: int) -> None:
    tensor = torch.tensor([rank == 0, False, True]).npu()
    dist.all_reduce(tensor)
    assert_same(tensor, torch.tensor([True, False, True]))
    tensor = sample(rank, torch.uint8).npu()
    dist.all_reduce(tensor)
    assert_same(tensor, sum(samples(size, torch.uint8)))


@check
def all_reduce_average(rank: int, size: int) -> None:
    tensor = sample(rank, torch.float32).npu()
    dist.all_reduce(tensor, dist.ReduceOp.AVG)
    assert_same(tensor, sum(samples(size, torch.float32)) / size)


@check
def all_reduce_premultiplied(rank: int, size: int) -> None:
    tensor = sample(rank, torch.float32).npu()
    dist.all_reduce(tensor, dist._make_nccl_premul_sum(0.5))
    assert_same(tensor, sum(samples(size, torch.float32)) * 0.5)


@check
def all_reduce_coalesced(rank: int, size: int) -> None:
    tensors = [sample(rank, torch.float32, count).npu() for count in (3, 5)]
    with dist._coalescing_manager():
        for tensor in tensors:
            dist.all_reduce(tensor)
    for tensor, count in zip(tensors, (3, 5), strict=True):
        assert_same(tensor, sum(samples(size, torch.float32, count)))


@check
def broadcast(rank: int, size: int) -> None:
    for dtype in MOVABLE:
        tensor = sample(rank, dtype).npu()
        dist.broadcast(tensor, src=1)
        assert_same(tensor, sample(1, dtype))


@check
def reduce(rank: int, size: int) -> None:
    tensor = sample(rank, torch.float32).npu()
    dist.reduce(tensor, dst=1)
    if rank == 1:
        assert_same(tensor, sum(samples(size, torch.float32)))


@check
def all_gather(rank: int, size: int) -> None:
    for dtype in MOVABLE:
        outputs = [torch.empty(12, dtype=dtype, device="npu") for _ in range(size)]
        dist.all_gather(outputs, sample(rank, dtype).npu())
        for output, expected in zip(outputs, samples(size, dtype), strict=True):
            assert_same(output, expected)


@check
def all_gather_of_different_sizes(rank: int, size: int) -> None:
    outputs = [torch.empty(3 + r, device="npu") for r in range(size)]
    dist.all_gather(outputs, sample(rank, torch.float32, 3 + rank).npu())
    for r, output in enumerate(outputs):
        assert_same(output, sample(r, torch.float32, 3 + r))


@check
def all_gather_into_tensor(rank: int, size: int) -> None:
    output = torch.empty(12 * size, device="npu")
    dist.all_gather_into_tensor(output, sample(rank, torch.float32).npu())
    assert_same(output, torch.cat(samples(size, torch.float32)))


@check
def all_gather_object(rank: int, size: int) -> None:
    objects = [None] * size
    dist.all_gather_object(objects, {"rank": rank})
    assert objects == [{"rank": r} for r in range(size)]


@check
def reduce_scatter(rank: int, size: int) -> None:
    inputs = [sample(rank + other, torch.float32, 4).npu() for other in range(size)]
    output = torch.empty(4, device="npu")
    dist.reduce_scatter(output, inputs)
    assert_same(output, sum(sample(r + rank, torch.float32, 4) for r in range(size)))


@check
def reduce_scatter_tensor(rank: int, size: int) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        output = torch.empty(12 // size, dtype=dtype, device="npu")
        dist.reduce_scatter_tensor(output, sample(rank, dtype).npu())
        total = sum(samples(size, dtype))
        assert_same(output, total.chunk(size)[rank])


@check
def all_to_all(rank: int, size: int) -> None:
    output = torch.empty(12, device="npu")
    dist.all_to_all_single(output, sample(rank, torch.float32).npu())
    parts = [x.chunk(size)[rank] for x in samples(size, torch.float32)]
    assert_same(output, torch.cat(parts))
    # Rank r keeps 2 rows for rank 0 and 3 for rank 1.
    rows = torch.arange(10.0).view(5, 2) + 100 * rank
    output = torch.empty(2 * (2 + rank), 2, device="npu")
    dist.all_to_all_single(output, rows.npu(), [2 + rank] * size, [2, 3])
    begin, end = (0, 2) if rank == 0 else (2, 5)
    base = torch.arange(10.0).view(5, 2)[begin:end]
    assert_same(output, torch.cat([base + 100 * r for r in range(size)]))
    outputs = [torch.empty(3, device="npu") for _ in range(size)]
    dist.all_to_all(outputs, [torch.full((3,), 10.0 * rank + p).npu() for p in range(size)])
    for r, tensor in enumerate(outputs):
        assert_same(tensor, torch.full((3,), 10.0 * r + rank))


@check
def scatter_and_gather(rank: int, size: int) -> None:
    output = torch.empty(4, device="npu")
    parts = [torch.full((4,), float(r)).npu() for r in range(size)] if rank == 0 else None
    dist.scatter(output, parts, src=0)
    assert_same(output, torch.full((4,), float(rank)))
    gathered = [torch.empty(4, device="npu") for _ in range(size)] if rank == 1 else None
    dist.gather(output + 1, gathered, dst=1)
    for r, tensor in enumerate(gathered or []):
        assert_same(tensor, torch.full((4,), r + 1.0))


@check
def send_and_receive(rank: int, size: int) -> None:
    tensor = sample(rank, torch.float32).npu()
    if rank == 0:
        dist.send(tensor, 1)
        dist.recv(tensor, 1)
    else:
        received = torch.empty_like(tensor)
        dist.recv(received, 0)
        dist.send(received * 2, 0)
    if rank == 0:
        assert_same(tensor, sample(0, torch.float32) * 2)


@check
def batch_of_messages(rank: int, size: int) -> None:
    source = sample(rank, torch.float32).npu()
    target = torch.empty_like(source)
    operations = [
        dist.P2POp(dist.isend, source, (rank + 1) % size),
        dist.P2POp(dist.irecv, target, (rank - 1) % size),
    ]
    for work in dist.batch_isend_irecv(operations):
        work.wait()
    assert_same(target, sample((rank - 1) % size, torch.float32))


@check
def empty_tensors(rank: int, size: int) -> None:
    tensor = torch.empty(0, device="npu")
    dist.all_reduce(tensor)
    dist.broadcast(tensor, 0)
    assert tensor.numel() == 0


@check
def asynchronous_work(rank: int, size: int) -> None:
    tensor = sample(rank, torch.float32).npu()
    work = dist.all_reduce(tensor, async_op=True)
    work.wait()
    doubled = tensor * 2
    assert_same(doubled, sum(samples(size, torch.float32)) * 2)
    assert work.is_completed()
    assert work.is_success()
    [result] = work.get_future().wait()
    assert_same(result, sum(samples(size, torch.float32)))


@check
def collectives_follow_the_current_stream(rank: int, size: int) -> None:
    stream = torch.npu.Stream()
    with torch.npu.stream(stream):
        tensor = torch.zeros(1 << 16, device="npu")
        for _ in range(50):
            tensor += 1
        dist.all_reduce(tensor)
        tensor *= 2
    stream.synchronize()
    assert_same(tensor, torch.full((1 << 16,), 100.0 * size))


@check
def barrier(rank: int, size: int) -> None:
    dist.barrier()
    dist.barrier(device_ids=[rank])


@check
def groups(rank: int, size: int) -> None:
    pairs = [dist.new_group([0, 1]), dist.new_group([1])]
    tensor = sample(rank, torch.float32).npu()
    dist.all_reduce(tensor, group=pairs[0])
    assert_same(tensor, sum(samples(size, torch.float32)))
    if rank == 1:
        dist.all_reduce(tensor, group=pairs[1])
        assert_same(tensor, sum(samples(size, torch.float32)))
    assert dist.get_backend(pairs[0]) == "hccl"


@check
def options_and_names(rank: int, size: int) -> None:
    from torch_npu.distributed import ProcessGroupHCCL, is_hccl_available

    assert is_hccl_available()
    assert dist.is_hccl_available()
    options = ProcessGroupHCCL.Options()
    options.hccl_config = {"comm_name": "mine", "hccl_buffer_size": 100}
    group = dist.new_group([0, 1], pg_options=options)
    backend = group._get_backend(torch.device("npu"))
    assert isinstance(backend, ProcessGroupHCCL)
    assert backend.options.hccl_config["hccl_buffer_size"] == 100
    assert backend.get_hccl_comm_name(rank) == "mine"
    options = ProcessGroupHCCL.Options()
    options.hccl_config = {"no_such_key": 1}
    group = dist.new_group([0, 1], pg_options=options)
    with pytest.raises(ValueError, match="hccl_config has no key 'no_such_key'"):
        dist.all_reduce(torch.ones(1, device="npu"), group=group)


@check
def bad_tensors(rank: int, size: int) -> None:
    ones = torch.ones(4, 4, device="npu")
    cases = [
        (lambda: dist.all_reduce(ones[:, :2]), ValueError, "must be contiguous"),
        (lambda: dist.all_reduce(ones.double()), TypeError, "cast the tensor first"),
        (
            lambda: dist.all_reduce(ones.int(), dist.ReduceOp.BAND),
            ValueError,
            "no bitwise reductions",
        ),
        (
            lambda: dist.all_gather_into_tensor(torch.empty(3, device="npu"), ones),
            ValueError,
            "expected a tensor of 32 elements",
        ),
        (
            lambda: dist.all_reduce(ones.bfloat16(), dist.ReduceOp.PRODUCT),
            dist.DistBackendError,
            "HCCL_E_NOT_SUPPORT.*prod of bfloat16",
        ),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=f"(?s){message}"):
            call()
    dist.all_reduce(ones)  # the group still works
    assert_same(ones, torch.full((4, 4), float(size)))


def run_checks(rank: int, size: int) -> dict[str, str]:
    """Tracebacks by check. Ranks fail alike, so that the next check finds them in step."""
    failures = {}
    for name, function in CHECKS.items():
        try:
            function(rank, size)
        except Exception:  # noqa: BLE001 - reported as the check's failure
            failures[name] = traceback.format_exc()
    return failures


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    return run_ranks(run_checks, RANKS, tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("name", CHECKS)
def test_check(name: str, failures: list[dict[str, str]]) -> None:
    texts = [f"rank {rank}:\n{x[name]}" for rank, x in enumerate(failures) if name in x]
    assert not texts, "\n".join(texts)
