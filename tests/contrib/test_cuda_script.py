"""A script written for CUDA runs on NPUs: with one more import, and with none."""

import re
import subprocess
from pathlib import Path

import torch

from tests.core.emulated import AUTOLOAD, run_python

SCRIPT = "tests/contrib/cuda_digits.py"
RUN = f"""
import runpy, sys
sys.argv = ["{SCRIPT}", {{folder!r}}]
runpy.run_path("{SCRIPT}", run_name="__main__")
"""
EMULATOR = {"TORCH_NPU_CANN": "emulator"}


def loss_of(output: str) -> float:
    return float(re.search(r"^loss ([\d.]+)$", output, re.MULTILINE).group(1))


def assert_ran(result: subprocess.CompletedProcess, folder: Path) -> None:
    assert result.returncode == 0, result.stderr
    assert loss_of(result.stdout) < 1.5  # 2.3 before training
    assert list(folder.glob("*_ascend_pt/ASCEND_PROFILER_OUTPUT/trace_view.json"))


def test_one_import_line_is_enough(tmp_path):
    script = "from torch_npu.contrib import transfer_to_npu" + RUN.format(folder=str(tmp_path))
    assert_ran(run_python(script, **EMULATOR), tmp_path)


def test_an_environment_variable_is_enough(tmp_path):
    script = AUTOLOAD + RUN.format(folder=str(tmp_path))
    assert_ran(run_python(script, TORCH_TRANSFER_TO_NPU="1", **EMULATOR), tmp_path)
    failed = run_python(script, TORCH_TRANSFER_TO_NPU="0", **EMULATOR)
    assert failed.returncode != 0
    assert "assert torch.cuda.is_available()" in failed.stderr


def test_a_bad_value_is_named():
    result = run_python("import torch_npu", TORCH_TRANSFER_TO_NPU="yes")
    assert result.returncode != 0
    assert "TORCH_TRANSFER_TO_NPU must be 0 or 1, but is 'yes'" in result.stderr


def test_it_is_quiet():
    result = run_python(
        "from torch_npu.contrib import transfer_to_npu\nimport torch\ntorch.ones(2)"
    )
    assert (result.stdout, result.stderr) == ("", "")


def test_two_ranks(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from torch_npu.contrib import transfer_to_npu" + RUN.format(folder=str(tmp_path))
    )
    result = run_python(
        "import sys\n"
        "from torch.distributed.run import main\n"
        f"main(['--standalone', '--nproc-per-node=2', {str(program)!r}])",
        **EMULATOR,
    )
    assert result.returncode == 0, result.stderr
    assert loss_of(result.stdout) < 1.5
    first, second = (torch.load(tmp_path / f"{rank}.pt", map_location="cpu") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_patch_of_migrate_runs_as_well(tmp_path):
    migrated = tmp_path / "npu_digits.py"
    migrated.write_text(Path(SCRIPT).read_text())
    done = run_python(
        "from torch_npu import migrate\n"
        f"raise SystemExit(migrate.main(['--in-place', {str(migrated)!r}]))"
    )
    assert done.returncode == 0, done.stderr
    assert "cuda" not in re.sub(r"cuda_digits|cudnn", "", migrated.read_text())
    script = (
        f"import sys, runpy; sys.argv = ['x', {str(tmp_path)!r}]\n"
        f"runpy.run_path({str(migrated)!r}, run_name='__main__')"
    )
    assert_ran(run_python(script, **EMULATOR), tmp_path)
