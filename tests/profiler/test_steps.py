"""Schedules in action: which steps are recorded, in how many results."""

import json

import pytest
import results
import torch

from torch_npu import profiler


def train(prof, steps: int) -> None:
    x = torch.randn(4, 4, device="npu")
    for _ in range(steps):
        x = x @ x
        prof.step()


def recorded_steps(result) -> list[str]:
    return sorted(
        {e["name"] for e in result.slices("Python") if e["name"].startswith("ProfilerStep#")}
    )


def test_one_cycle(tmp_path):
    with profiler.profile(
        schedule=profiler.schedule(wait=1, warmup=1, active=2, repeat=1),
        on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path)),
    ) as prof:
        train(prof, 7)
    result = results.only_result(tmp_path)
    assert recorded_steps(result) == ["ProfilerStep#2", "ProfilerStep#3"]
    header, rows = result.table("kernel_details")
    assert header[0] == "Step Id"
    assert [row["Step Id"] for row in rows] == ["2", "3"]
    _, steps = result.table("step_trace_time")
    assert [row["Step"] for row in steps] == ["2", "3"]
    info = json.loads((result.directory / "profiler_info.json").read_text())
    assert info["config"]["common_config"]["schedule"] == {
        "wait": 1,
        "active": 2,
        "warmup": 1,
        "repeat": 1,
        "skip_first": 0,
        "skip_first_wait": 0,
    }


def test_each_cycle_is_a_result(tmp_path):
    ready = []
    handler = profiler.tensorboard_trace_handler(str(tmp_path))
    with profiler.profile(
        schedule=profiler.schedule(wait=0, warmup=1, active=1, repeat=3),
        on_trace_ready=lambda prof: (ready.append(prof.result_directory), handler(prof)),
    ) as prof:
        train(prof, 7)
    assert len(ready) == 3
    found = [results.Result(path) for path in sorted(tmp_path.iterdir())]
    assert [recorded_steps(r) for r in found] == [[f"ProfilerStep#{i}"] for i in (1, 3, 5)]
    assert [len(r.kernels()) for r in found] == [1, 1, 1]


def test_without_schedule_there_are_no_steps(tmp_path):
    with profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path))) as prof:
        train(prof, 3)
    result = results.only_result(tmp_path)
    assert recorded_steps(result) == []
    header, _ = result.table("kernel_details")
    assert "Step Id" not in header
    _, steps = result.table("step_trace_time")
    assert [row["Step"] for row in steps] == [""]


def test_leaving_during_warmup_writes_nothing(tmp_path, capsys):
    with profiler.profile(
        schedule=profiler.schedule(wait=0, warmup=5, active=1),
        on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path)),
    ) as prof:
        train(prof, 2)
    assert list(tmp_path.iterdir()) == []
    assert "before the schedule's cycle is complete" in capsys.readouterr().out


def test_leaving_during_a_cycle_keeps_what_there_is(tmp_path, capsys):
    with profiler.profile(
        schedule=profiler.schedule(wait=0, warmup=1, active=9),
        on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path)),
    ) as prof:
        train(prof, 3)
    assert "ProfilerStep#1" in recorded_steps(results.only_result(tmp_path))
    assert "before the schedule's cycle is complete" in capsys.readouterr().out


def test_idle_steps_write_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with profiler.profile(
        schedule=profiler.schedule(wait=100, warmup=1, active=1),
        on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path / "never")),
    ) as prof:
        train(prof, 5)
    assert list(tmp_path.iterdir()) == []


def test_an_exception_in_the_loop_still_gives_a_result(tmp_path):
    with (
        pytest.raises(KeyError),
        profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path))),
    ):
        torch.ones(2, device="npu").neg()
        raise KeyError
    assert results.only_result(tmp_path).kernels()


def test_profiles_one_after_another(tmp_path):
    for name in ("a", "b"):
        with profiler.profile(
            on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path / name))
        ):
            torch.ones(2, device="npu").neg()
    kernels = [len(results.only_result(tmp_path / name).kernels()) for name in ("a", "b")]
    assert kernels[0] == kernels[1] > 0
