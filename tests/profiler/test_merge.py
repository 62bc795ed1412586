"""merge: clocks of ranks that are known to differ, and a straggler that is known."""

import pytest
from perfetto_trace import PerfettoTrace
from synthetic import SyntheticResult

from torch_npu.profiler.report import AnalysedResult
from torch_npu.profiler.report.merge import merge

SHIFTS = [0, 5_000_000, -3_000_000]  # what each rank's clock is ahead by, in ns
PERIOD = 1_000_000


def made_rank(tmp_path, monkeypatch, rank: int, busy: dict[int, int]) -> AnalysedResult:
    """Ten collectives that end together; `busy`: ns that a rank computes before each."""
    made = SyntheticResult(tmp_path, f"host_{rank}_20250101000000000_ascend_pt")
    made.extra_info = {"rank_id": rank}
    base = 10**12 + SHIFTS[rank]
    made.op("train", base, base + 11 * PERIOD)
    for number in range(10):
        begin = base + number * PERIOD
        start, end = begin + busy[rank], begin + max(busy.values()) + 50_000
        made.kernel("Work", begin + 1_000, begin + 2_000, start - 500)
        # Noise of some ns, which must not matter.
        noise = (number * 7 + rank) % 5
        made.kernel("hcom_allReduce_", start - 900, start, end + noise, kind="COMMUNICATION")
    return AnalysedResult(made.write(monkeypatch))


@pytest.fixture
def ranks(tmp_path, monkeypatch):
    busy = {0: 100_000, 1: 400_000, 2: 150_000}
    return [made_rank(tmp_path, monkeypatch, rank, busy) for rank in range(3)]


def test_clocks_and_straggler(ranks):
    report = merge(ranks, None)
    assert report.collectives == 10
    by_rank = {r.rank: r for r in report.ranks}
    for rank, shift in enumerate(SHIFTS):
        assert by_rank[f"rank {rank}"].clock_shift == pytest.approx(-shift, abs=5)
    straggler = report.ranks[0]
    assert straggler.rank == "rank 1"
    assert straggler.times_last == 10
    assert straggler.delay == pytest.approx(10 * 250_000, abs=100)
    assert straggler.waited == 0
    assert straggler.cause == "computing"
    assert by_rank["rank 0"].times_last == 0
    assert by_rank["rank 0"].cause == ""
    assert by_rank["rank 0"].waited == pytest.approx(10 * 300_000, abs=100)
    text = str(report)
    assert text.startswith("10 collectives of all ranks")
    assert "rank 1" in text.splitlines()[3]


def test_one_trace_with_aligned_ends(ranks, tmp_path):
    merge(ranks, tmp_path / "merged")
    trace = PerfettoTrace((tmp_path / "merged").read_bytes())
    ends = []
    for rank in range(3):
        slices = trace.slices(f"rank {rank}: NPU 0: Ascend Hardware")
        assert len(slices) == 20
        ends.append([end for name, _, end, _ in slices if name == "hcom_allReduce_"])
    for first, second, third in zip(*ends, strict=True):
        assert max(first, second, third) - min(first, second, third) <= 10
    assert len(trace.flows_to) == 60


def test_one_rank_is_refused(ranks):
    with pytest.raises(ValueError, match="at least two ranks"):
        merge(ranks[:1], None)


def test_without_collectives_nothing_is_aligned(tmp_path, monkeypatch):
    made = []
    for rank in range(2):
        result = SyntheticResult(tmp_path, f"host_{rank}_20250101000000000_ascend_pt")
        result.kernel("K", 10, 100, 200)
        made.append(AnalysedResult(result.write(monkeypatch)))
    report = merge(made, None)
    assert report.collectives == 0
    assert [r.clock_shift for r in report.ranks] == [0, 0]
