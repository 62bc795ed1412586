"""step_trace_time.csv: the parts of a step add up."""

import pytest
import results
import torch

from torch_npu import profiler


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    directory = tmp_path_factory.mktemp("steps")
    x = torch.randn(64, 64, device="npu")
    with profiler.profile(
        schedule=profiler.schedule(wait=0, warmup=1, active=3, repeat=1),
        experimental_config=results.level1(),
        on_trace_ready=profiler.tensorboard_trace_handler(str(directory)),
    ) as prof:
        for _ in range(5):
            for _ in range(4):
                x = (x @ x).clamp(-1, 1)
            prof.step()
    return results.only_result(directory)


def test_computing_is_the_kernels_time(result):
    _, steps = result.table("step_trace_time")
    _, kernels = result.table("kernel_details")
    assert [row["Step"] for row in steps] == ["1", "2", "3"]
    for row in steps:
        mine = [float(k["Duration(us)"]) for k in kernels if k["Step Id"] == row["Step"]]
        assert len(mine) == 8
        assert float(row["Computing"]) == pytest.approx(sum(mine), abs=0.01)


def test_parts_add_up(result):
    for row in result.table("step_trace_time")[1]:
        parts = ("Computing", "Communication(Not Overlapped)", "Free")
        whole = sum(float(row[part]) for part in parts)
        assert whole == pytest.approx(float(row["Stage"]) + float(row["Bubble"]), abs=0.01)
        assert float(row["Communication"]) == float(row["Overlapped"]) == 0
        assert float(row["Preparing"]) > 0
