"""Operators that compute and communicate, on two ranks, against the CPU with all ranks' inputs."""

import traceback
from collections.abc import Callable

import pytest
import torch
import torch.distributed as dist

from tests.distributed.launcher import run_ranks

RANKS = 2
M, K, N = 6, 8, 4
CHECKS: dict[str, Callable[[int, int, str], None]] = {}


def check(function: Callable[[int, int, str], None]) -> Callable[[int, int, str], None]:
    """A function of (rank, size, communicator) that every rank runs, in the order of the file."""
    CHECKS[function.__name__] = function
    return function


def seeded(*shape: int, seed: int) -> torch.Tensor:
    """Small integers: halves hold their sums and products exactly."""
    return torch.randint(-3, 4, shape, generator=torch.Generator().manual_seed(seed)).half()


def of_all(size: int, *shape: int) -> list[torch.Tensor]:
    return [seeded(*shape, seed=rank) for rank in range(size)]


def same(actual: torch.Tensor, expected: torch.Tensor) -> None:
    assert actual.device.type == "npu"
    torch.testing.assert_close(actual.cpu().float(), expected.float(), rtol=1e-3, atol=1e-3)


X2, BIAS = seeded(K, N, seed=10), seeded(N, seed=11)
SCALE = 2.0 ** torch.arange(-2, 2).float()


def npu():
    import torch_npu

    return torch_npu


@check
def mm_all_reduce(rank: int, size: int, group: str) -> None:
    x = of_all(size, M, K)
    for bias, x3 in ((None, None), (BIAS, None), (BIAS, seeded(M, N, seed=20 + rank))):
        others = [0 if x3 is None else seeded(M, N, seed=20 + r).float() for r in range(size)]
        parts = [x[r].float() @ X2.float() + others[r] for r in range(size)]
        expected = sum(parts) + (0 if bias is None else size * bias.float())
        actual = npu().npu_mm_all_reduce_base(
            x[rank].npu(), X2.npu(), group, bias=None if bias is None else bias.npu(),
            x3=None if x3 is None else x3.npu(),
        )  # fmt: skip
        assert actual.dtype == torch.float16
        same(actual, expected)


@check
def mm_all_reduce_of_int8(rank: int, size: int, group: str) -> None:
    x, rows = [t.char() for t in of_all(size, M, K)], torch.arange(1, M + 1).float() / 4
    bias = torch.arange(N).int()
    expected = sum((t.double() @ X2.double() + bias).float() * SCALE * rows.unsqueeze(1) for t in x)
    actual = npu().npu_mm_all_reduce_base(
        x[rank].npu(), X2.char().npu(), group, bias=bias.npu(), dequant_scale=SCALE.npu(),
        pertoken_scale=rows.npu(),
    )  # fmt: skip
    same(actual, expected)


@check
def all_gather_mm(rank: int, size: int, group: str) -> None:
    x = of_all(size, M, K)
    out, gathered = npu().npu_all_gather_base_mm(x[rank].npu(), X2.npu(), group, size)
    same(gathered, torch.cat(x))
    same(out, torch.cat(x).float() @ X2.float())
    out, gathered = npu().npu_all_gather_base_mm(
        x[rank].npu(), X2.npu(), group, size, bias=BIAS.npu(), gather_output=False
    )
    assert gathered.numel() == 0
    same(out, torch.cat(x).float() @ X2.float() + BIAS.float())


@check
def all_gather_mm_of_int8(rank: int, size: int, group: str) -> None:
    x = [t.char() for t in of_all(size, M, K)]
    rows = [2.0 ** torch.arange(r, r + M).sub(4).float().unsqueeze(1) for r in range(size)]
    expected = torch.cat(x).float() @ X2.float() * SCALE * torch.cat(rows)
    args = (x[rank].npu(), X2.char().npu(), group, size)
    scales = {"x1_scale": rows[rank].npu(), "x2_scale": SCALE.unsqueeze(0).npu()}
    out, gathered = npu().npu_all_gather_base_mm(*args, **scales, comm_mode="aiv")
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.cpu().float(), expected, rtol=1e-2, atol=1e-2)
    assert torch.equal(gathered.cpu(), torch.cat(x))
    out, gathered, amax = npu().npu_all_gather_quant_mm(*args, **scales, y_dtype=torch.float16)
    same(out, expected)
    assert amax.numel() == 0


@check
def mm_reduce_scatter(rank: int, size: int, group: str) -> None:
    x = of_all(size, M, K)
    expected = sum(t.float() @ X2.float() for t in x).chunk(size)[rank]
    same(npu().npu_mm_reduce_scatter_base(x[rank].npu(), X2.npu(), group, size), expected)
    scales = {"x2_scale": SCALE.unsqueeze(0).npu()}
    args = (x[rank].char().npu(), X2.char().npu(), group, size)
    out = npu().npu_mm_reduce_scatter_base(*args, **scales, output_dtype=torch.float16)
    same(out, expected * SCALE)
    out, amax = npu().npu_quant_mm_reduce_scatter(*args, **scales, y_dtype=torch.float16)
    same(out, expected * SCALE)
    assert amax.numel() == 0


EXPERTS, TOKENS, CHOICES, HIDDEN = 4, 5, 2, 32


def routing(size: int) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """Tokens, experts and weights of each rank."""
    ids = [
        torch.stack([torch.randperm(EXPERTS, generator=torch.Generator().manual_seed(9 * r + t))
                     for t in range(TOKENS)])[:, :CHOICES].int()
        for r in range(size)
    ]  # fmt: skip
    weights = [2.0 ** -(1 + ids[r].float()) for r in range(size)]
    return of_all(size, TOKENS, HIDDEN), ids, weights


def arrivals(rank: int, size: int, ids: list, sent: list) -> list[tuple[int, int, int, int]]:
    """(expert, rank, token, choice) of what comes to `rank`, in its order."""
    local = EXPERTS // size
    return sorted(
        (int(ids[r][t, j]), r, t, j)
        for r in range(size)
        for t in range(TOKENS)
        for j in range(CHOICES)
        if int(ids[r][t, j]) // local == rank and sent[r][t, j]
    )


def run_experts(rank: int, size: int, group: str, version: str, mask, quant_mode: int) -> None:
    x, ids, weights = routing(size)
    sent = [torch.ones(TOKENS, CHOICES, dtype=torch.bool) if mask is None else mask] * size
    if mask is not None and mask.dim() == 1:
        sent = [mask.unsqueeze(1).expand(TOKENS, CHOICES)] * size
    options = {"group_ep": group, "ep_world_size": size, "ep_rank_id": rank,
               "moe_expert_num": EXPERTS, "global_bs": size * (TOKENS + 1),
               "x_active_mask": None if mask is None else mask.npu()}  # fmt: skip
    args = (x[rank].npu(), ids[rank].npu())
    rows, scales, info, counts, received, _, moved = getattr(
        npu(), f"npu_moe_distribute_dispatch{version}"
    )(*args, expert_scales=weights[rank].npu(), quant_mode=quant_mode, **options)
    came = arrivals(rank, size, ids, sent)
    tokens = torch.stack([x[r][t] for _, r, t, _ in came]).float()
    values = rows.cpu()[: len(came)].float()
    if quant_mode:
        assert rows.dtype == torch.int8
        values = values * scales.cpu()[: len(came), None]
    torch.testing.assert_close(values, tokens, rtol=2e-2, atol=2e-2)
    assert not rows.cpu()[len(came) :].any()
    assert torch.equal(
        moved.cpu()[: len(came)], torch.stack([weights[r][t, j] for _, r, t, j in came])
    )
    local = range(rank * EXPERTS // size, (rank + 1) * EXPERTS // size)
    assert counts.tolist() == [sum(c[0] == e for c in came) for e in local]
    pairs = [sum(c[:2] == (e, r) for c in came) for e in local for r in range(size)]
    assert received.tolist() == torch.tensor(pairs).cumsum(0).tolist()
    # Each expert multiplies by its number + 1.
    factors = torch.zeros(len(rows), 1)
    factors[: len(came), 0] = torch.tensor([float(e + 1) for e, *_ in came])
    computed = (rows.half() if not quant_mode else rows * scales.unsqueeze(1)) * factors.npu()
    out = getattr(npu(), f"npu_moe_distribute_combine{version}")(
        computed.half(), args[1], info, received, weights[rank].npu(), **options
    )
    share = (weights[rank] * (ids[rank] + 1) * sent[rank]).sum(1, keepdim=True)
    torch.testing.assert_close(out.cpu().float(), x[rank].float() * share, rtol=2e-2, atol=6e-2)


@check
def experts(rank: int, size: int, group: str) -> None:
    for version in ("", "_v2"):
        run_experts(rank, size, group, version, None, 0)


@check
def experts_of_int8(rank: int, size: int, group: str) -> None:
    run_experts(rank, size, group, "_v2", None, 2)


@check
def experts_of_some_tokens(rank: int, size: int, group: str) -> None:
    run_experts(rank, size, group, "_v2", torch.tensor([True] * 3 + [False] * 2), 0)
    choices = torch.tensor([[True, False]] * 2 + [[True, True]] * 3)
    run_experts(rank, size, group, "_v2", choices, 0)


@check
def between_collectives(rank: int, size: int, group: str) -> None:
    """In the order of the calls, without a wait between them."""
    x = of_all(size, M, K)
    total = x[rank].npu()
    dist.all_reduce(total)
    out = npu().npu_mm_all_reduce_base(total, X2.npu(), group)
    dist.all_reduce(out)
    same(out, size * size * (sum(t.float() for t in x) @ X2.float()))


@check
def unknown_communicator(rank: int, size: int, group: str) -> None:
    with pytest.raises(RuntimeError, match="no communicator called 'nobody'"):
        npu().npu_mm_all_reduce_base(seeded(M, K, seed=0).npu(), X2.npu(), "nobody")
        torch.npu.synchronize()


@check
def refused(rank: int, size: int, group: str) -> None:
    x = seeded(M, K, seed=0).npu()
    calls = {
        "reduce_op is 'max'": lambda: npu().npu_mm_all_reduce_base(
            x, X2.npu(), group, reduce_op="max"
        ),
        "do not multiply": lambda: npu().npu_all_gather_base_mm(x, X2.t().npu(), group, size),
        "must be a multiple of world_size": lambda: npu().npu_mm_reduce_scatter_base(
            x[:5], X2.npu(), group, size
        ),
        "moe_expert_num 3 must be a multiple": lambda: npu().npu_moe_distribute_dispatch(
            x, torch.zeros(M, 1).int().npu(), group, size, rank, 3
        ),
        "shared experts are not there": lambda: npu().npu_moe_distribute_dispatch_v2(
            x, torch.zeros(M, 1).int().npu(), group, size, rank, 4, shared_expert_rank_num=1
        ),
    }
    for message, call in calls.items():
        with pytest.raises(RuntimeError, match=message):
            call()


def run_all(rank: int, size: int) -> dict[str, str]:
    backend = dist.group.WORLD._get_backend(torch.device("npu"))
    group = backend.get_hccl_comm_name(rank)
    failures = {}
    for name, function in CHECKS.items():
        try:
            function(rank, size, group)
            torch.npu.synchronize()
        except Exception:  # noqa: BLE001 - reported as the check's failure
            failures[name] = traceback.format_exc()
            break  # the ranks may no longer be in step
    return failures


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    return run_ranks(run_all, RANKS, tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("name", CHECKS)
def test_operator(failures: list[dict[str, str]], name: str) -> None:
    for rank, failed in enumerate(failures):
        assert name not in failed, f"rank {rank}:\n{failed[name]}"
        earlier = [
            other for other in failed if list(CHECKS).index(other) < list(CHECKS).index(name)
        ]
        assert not earlier, f"rank {rank} did not get here: {earlier[0]} failed"
