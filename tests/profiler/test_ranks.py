"""A run of two ranks: files per rank, groups, and one trace of both."""

import json
import time
from pathlib import Path

import pytest
import results
import torch

from tests.distributed.launcher import run_ranks
from torch_npu import profiler
from torch_npu.profiler.report import AnalysedResult
from torch_npu.profiler.report.merge import merge

STEPS = 5
SLEEP = 0.5  # longer than a busy machine keeps the other rank from its next collective


def train(rank: int, size: int, directory: str) -> str:
    device = torch.device("npu", rank)
    x = torch.ones(64, 64, device=device)
    torch.distributed.all_reduce(x)
    torch.npu.synchronize()
    with profiler.profile(
        experimental_config=profiler._ExperimentalConfig(
            profiler_level="Level1", export_type=["text", "db"]
        ),
        on_trace_ready=profiler.tensorboard_trace_handler(directory),
    ) as prof:
        for _ in range(STEPS):
            if rank == 1:
                time.sleep(SLEEP)
            torch.distributed.all_reduce(x)
            torch.npu.synchronize()
    return str(prof.result_directory)


@pytest.fixture(scope="module")
def directories(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "results").mkdir()
    return run_ranks(train, 2, folder, str(folder / "results"))


def test_each_rank_has_its_files(directories):
    for rank, directory in enumerate(directories):
        result = results.Result(Path(directory))
        info = json.loads((result.directory / f"profiler_info_{rank}.json").read_text())
        assert info["rank_id"] == rank
        assert (result.output / f"ascend_pytorch_profiler_{rank}.db").exists()
        metadata = json.loads((result.directory / "profiler_metadata.json").read_text())
        (group,) = metadata["parallel_group_info"].values()
        assert group == {"group_name": "default_group", "group_rank": rank, "global_ranks": [0, 1]}


def test_collectives_are_communication(directories):
    for directory in directories:
        result = results.Result(Path(directory))
        (step,) = result.table("step_trace_time")[1]
        _, kernels = result.table("kernel_details")
        collectives = [k for k in kernels if k["Accelerator Core"] == "COMMUNICATION"]
        assert len(collectives) == STEPS
        total = sum(float(k["Duration(us)"]) for k in collectives)
        assert float(step["Communication"]) == pytest.approx(total, abs=0.01)


def test_the_rank_that_sleeps_is_found(directories, tmp_path):
    report = merge([AnalysedResult(Path(d)) for d in directories], tmp_path / "merged")
    assert report.collectives == STEPS
    straggler = report.ranks[0]
    assert straggler.rank == "rank 1"
    assert straggler.times_last == STEPS
    assert straggler.delay > STEPS * SLEEP * 1e9 / 2
    assert straggler.cause == "launching"
    # Both processes have the same clock; a busy machine lets them learn of an end at other times.
    assert all(abs(rank.clock_shift) < SLEEP * 1e9 / 2 for rank in report.ranks)
    assert (tmp_path / "merged").stat().st_size > 0
