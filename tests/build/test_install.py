"""The wheels in a new environment outside the tree, as a user installs them.

torch and numpy come from the build's environment through a .pth file; the wheels themselves by pip.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.build import wheels

QUICK_CHECK = """
import torch
x = torch.randn(2, 2).npu()
y = torch.randn(2, 2).npu()
print(x.mm(y))
"""


def environment(folder: Path, *packages: Path) -> Path:
    """Makes a virtual environment with these wheels; returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "torch.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", *packages], check=True)
    return python


def run(python: Path, code: str, **variables: str) -> subprocess.CompletedProcess:
    dropped = ("PYTHON", "ASCEND", "TORCH_NPU", "TORCH_DEVICE", "LD_LIBRARY_PATH")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return subprocess.run(
        [python, "-c", code],
        cwd=python.parent,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("both")
    return environment(folder, wheels.TORCH_NPU, wheels.ASCEND_EMULATOR)


@pytest.fixture(scope="module")
def adapter_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("alone"), wheels.TORCH_NPU)


def test_quick_check_runs_on_the_device(both: Path) -> None:
    result = run(both, QUICK_CHECK)
    assert result.returncode == 0, result.stderr
    assert "device='npu:0'" in result.stdout


def test_emulator_tells_its_home(both: Path) -> None:
    result = subprocess.run(
        [both, "-m", "ascend_emulator", "home"], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    home = Path(result.stdout.strip())
    assert home.is_relative_to(both.parents[1])
    assert (home / "set_env.sh").is_file()


def test_without_cann_everything_imports(adapter_alone: Path) -> None:
    code = "import torch, torch_npu; print(torch.npu.is_available(), torch.npu.device_count())"
    result = run(adapter_alone, code)
    assert (result.returncode, result.stdout.split()) == (0, ["False", "0"]), result.stderr


def test_without_cann_using_a_device_says_what_to_install(adapter_alone: Path) -> None:
    result = run(adapter_alone, "import torch; torch.ones(1).npu()")
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()
    errors = [line for line in last if line.startswith("RuntimeError")]
    assert len(errors) == 1, result.stderr
    message = result.stderr[result.stderr.index(errors[0]) :]
    for part in ("ASCEND_HOME_PATH", "ascend_emulator", "set_env.sh"):
        assert part in message
