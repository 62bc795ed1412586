"""The main job, as a user runs it: alone, compared with the CPU, on two ranks, and with a trace."""

import json
import pathlib
import re
import subprocess
import sys

import pytest
import torch

_SCRIPT = "examples/train_digits.py"
_TIMEOUT = 240


def _train(*flags: str, launcher: tuple[str, ...] = ()) -> str:
    command = [sys.executable, *launcher, _SCRIPT, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _losses(path: pathlib.Path, *flags: str, launcher: tuple[str, ...] = ()) -> list[float]:
    _train(f"--losses={path}", *flags, launcher=launcher)
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def cpu_losses(tmp_path_factory):
    path = tmp_path_factory.mktemp("cpu") / "losses.json"
    return _losses(path, "--device=cpu", "--max_steps=20")


def test_reaches_97_percent_without_a_fallback():
    out = _train("--epochs=6")
    assert "device: npu:0" in out
    assert "CPU fallbacks: 0" in out
    accuracy = float(re.search(r"^test accuracy: ([\d.]+)%", out, re.MULTILINE).group(1))
    assert accuracy >= 97.0


def test_losses_equal_the_cpus(tmp_path, cpu_losses):
    losses = _losses(tmp_path / "losses.json", "--max_steps=20")
    assert len(losses) == len(cpu_losses) == 20
    assert losses == pytest.approx(cpu_losses, rel=1e-4)


def test_two_ranks_agree_with_one_process(tmp_path, cpu_losses):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    checkpoint = tmp_path / "parameters.pt"
    losses = _losses(
        tmp_path / "losses.json", "--max_steps=20", f"--checkpoint={checkpoint}", launcher=torchrun
    )
    assert losses == pytest.approx(cpu_losses, rel=1e-4)
    first, second = (torch.load(f"{checkpoint}.{rank}") for rank in (0, 1))
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def test_profile_writes_a_trace_whose_kernels_know_their_operators(tmp_path):
    _train("--max_steps=10", f"--profile={tmp_path}")
    (output,) = tmp_path.glob("*_ascend_pt/ASCEND_PROFILER_OUTPUT")
    events = json.loads((output / "trace_view.json").read_text())
    processes = {
        event["pid"]: event["args"]["name"]
        for event in events
        if event["ph"] == "M" and event["name"] == "process_name"
    }
    kernels = [
        event
        for event in events
        if event["ph"] == "X" and processes[event["pid"]] == "Ascend Hardware"
    ]
    aclnn = [event for event in kernels if event["name"].startswith("aclnn")]
    ends = {
        (event["pid"], event["tid"], event["ts"])
        for event in events
        if event.get("cat") == "async_npu" and event["ph"] == "f"
    }
    assert len(aclnn) > 100
    orphans = [e["name"] for e in aclnn if (e["pid"], e["tid"], e["ts"]) not in ends]
    assert orphans == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--device=cpu", "--profile=/tmp/x"], "--profile needs --device npu"),
        (["--batch_size=0"], "batch_size"),
        (["extra"], "unexpected arguments"),
    ],
)
def test_wrong_flags_are_named(flags, message):
    done = subprocess.run(
        [sys.executable, _SCRIPT, *flags], capture_output=True, text=True, timeout=_TIMEOUT
    )
    assert done.returncode != 0
    assert message in done.stdout + done.stderr
