"""dynamic_profile: a configuration file starts profiles of a running program."""

import json
import os
import subprocess
import sys

import pytest
import results
import torch

from torch_npu.profiler import dynamic_config, dynamic_profile
from torch_npu.profiler.dynamic_profile import DynamicProfile


class Program:
    """A training loop that is watched."""

    def __init__(self, directory) -> None:
        self.results = directory / "results"
        self.config = directory / "config" / "profiler_config.json"
        self.watch = DynamicProfile(directory / "config")

    def configure(self, **values) -> None:
        self.config.write_text(json.dumps({"prof_dir": str(self.results), **values}))
        # File systems may count times in coarser steps than two writes take.
        stat = self.config.stat()
        os.utime(self.config, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))

    def train(self, steps: int) -> None:
        x = torch.ones(2, device="npu")
        for _ in range(steps):
            x = x.neg()
            self.watch.step()

    def result(self) -> results.Result:
        return results.only_result(self.results)

    def steps(self) -> list[str]:
        names = {e["name"] for e in self.result().slices("Python")}
        return sorted(name for name in names if name.startswith("ProfilerStep"))


@pytest.fixture
def program(tmp_path):
    made = Program(tmp_path)
    yield made
    made.watch.stop()


def test_the_template_has_every_key_and_profiles_nothing(program, tmp_path):
    assert json.loads(program.config.read_text()) == dynamic_config.DEFAULTS
    program.train(3)
    assert not program.results.exists()
    (log,) = (tmp_path / "config" / "log").iterdir()
    assert log.name.startswith("dp_") and log.name.endswith("_rank_-1.log")


def test_from_the_next_step_on(program):
    program.train(2)
    program.configure(start_step=-1, active=2, analyse=True)
    program.train(5)
    assert program.steps() == ["ProfilerStep#3", "ProfilerStep#4"]
    _, rows = program.result().table("kernel_details")
    assert [row["Step Id"] for row in rows] == ["3", "4"]


def test_at_a_step_with_warmup(program):
    program.configure(start_step=4, active=1, warmup=2, analyse=True)
    program.train(10)
    assert program.steps() == ["ProfilerStep#6"]


def test_without_analysis_raw_data_is_kept(program):
    program.configure(start_step=1, metadata={"run": {"id": 7}})
    program.train(4)
    result = program.result()
    assert not result.output.exists()
    metadata = json.loads((result.directory / "profiler_metadata.json").read_text())
    assert metadata["run"] == {"id": 7}


def test_each_change_is_one_profile(program):
    for _ in range(2):
        program.configure(start_step=-1)
        program.train(3)
        program.config.touch()
    assert len(list(program.results.iterdir())) == 2


def test_a_step_that_is_over(program, capsys):
    program.train(5)
    program.configure(start_step=3)
    program.train(2)
    assert not program.results.exists()
    assert "start_step 3 is over" in capsys.readouterr().out


def test_other_ranks_are_left_out(program, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    program.configure(start_step=-1, is_rank=True, rank_list=[0, 2])
    program.train(3)
    assert not program.results.exists()
    program.configure(start_step=-1, is_rank=True, rank_list=[1], analyse=True)
    program.train(3)
    assert not program.result().output.exists()  # the other ranks would wait for the analysis


def test_start_at_once(program, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"prof_dir": str(program.results), "active": 1, "analyse": True}))
    program.watch.start(other)
    program.train(3)
    assert program.steps() == ["ProfilerStep#0"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"active": 0}', "active cannot be 0; 1 is used"),
        ('{"start_step": -2}', "start_step cannot be -2"),
        ('{"with_stack": 1}', "with_stack cannot be 1"),
        ('{"stacks": true}', "stacks is unknown"),
        ('{"activities": ["GPU"]}', "activities cannot be ['GPU']"),
        ('{"rank_list": ["a"]}', "rank_list must hold integers"),
        ('{"experimental_config": 1}', "experimental_config must be an object"),
        ('{"experimental_config": {"level": 1}}', "experimental_config.level is unknown"),
    ],
)
def test_invalid_configurations(program, text, words, capsys):
    program.config.write_text(text)
    os.utime(program.config, ns=(1, 1))
    program.train(2)
    assert words in capsys.readouterr().out


def test_a_file_that_is_gone_changes_nothing(program):
    program.config.unlink()
    program.train(2)


def test_a_directory_that_cannot_be_written(program, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    program.results = tmp_path / "file" / "below"
    program.configure(start_step=-1)
    program.train(3)
    assert "Profiling could not begin" in capsys.readouterr().out


def test_names_need_init():
    with pytest.raises(RuntimeError, match=r"dynamic_profile\.step: call .*init"):
        dynamic_profile.step()


PROGRAM = """
import json, os, sys
import torch, torch_npu
from torch_npu.profiler import dynamic_profile as dp
parameter = torch.nn.Parameter(torch.ones(2, device="npu"))
optimizers = [torch.optim.SGD([parameter], lr=0.1) for _ in range(2)]
config = sys.argv[1] + "/profiler_config.json"
values = {"prof_dir": sys.argv[2], "start_step": 2, "active": 2, "analyse": True}
with open(config, "w") as file:
    json.dump(values, file)
os.utime(config, ns=(1, 1))
dp.set_state({"cur_step": 1})
for _ in range(4):
    for optimizer in optimizers:
        parameter.sum().backward()
        optimizer.step()
"""


def test_optimizers_count_steps_without_a_change_of_the_program(tmp_path):
    environment = {**os.environ, "PROF_CONFIG_PATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(tmp_path / "results")],
        env=environment,
        check=True,
        timeout=120,
    )
    result = results.only_result(tmp_path / "results")
    names = {e["name"] for e in result.slices("Python")}
    assert {"ProfilerStep#2", "ProfilerStep#3"} <= names
    assert "ProfilerStep#4" not in names


@pytest.mark.parametrize("state", [{}, {"cur_step": -1}, {"cur_step": "1"}])
def test_states_that_are_refused(state):
    with pytest.raises(ValueError, match="cur_step must be 0 or more"):
        dynamic_profile.set_state(state)
