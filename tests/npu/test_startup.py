"""import torch_npu, in every order and with everything that can be wrong."""

from tests.core.emulated import AUTOLOAD, run_python


def test_torch_loads_torch_npu_by_itself():
    result = run_python(AUTOLOAD + "import torch; print(torch.ones(2).npu().device)")
    assert result.stdout == "npu:0\n", result.stderr


def test_torch_npu_may_come_first():
    result = run_python(AUTOLOAD + "import torch_npu, torch; print(torch.ones(2).npu().device)")
    assert result.stdout == "npu:0\n", result.stderr


def test_autoload_can_be_switched_off():
    result = run_python(
        AUTOLOAD + "import torch; print(hasattr(torch, 'npu'))", TORCH_DEVICE_BACKEND_AUTOLOAD="0"
    )
    assert result.stdout == "False\n", result.stderr


BROKEN = """
import sys, types
version = types.ModuleType("torch_npu.version")
version.__version__, version.torch_version = "1.2.3", "1.2.3"
sys.modules["torch_npu.version"] = version
"""


def test_another_torch_is_refused_with_both_versions():
    result = run_python(BROKEN + "import torch_npu")
    assert result.returncode != 0
    assert "built for torch 1.2.3, but torch 2." in result.stderr


def test_a_broken_torch_npu_does_not_break_torch():
    result = run_python(
        AUTOLOAD + BROKEN + "import torch\n"
        "print(torch.ones(2).sum().item())\n"
        "import torch_npu\n"
        "try: torch_npu.npu\n"
        "except ImportError as error: print(error)\n"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("2.0\n")
    assert "torch_npu cannot be used: this torch_npu was built for torch 1.2.3" in result.stdout
    assert "torch_npu is installed but cannot be used" in result.stderr


def test_another_backend_in_the_same_place_is_named():
    result = run_python(
        "import torch; torch.utils.rename_privateuse1_backend('other'); import torch_npu"
    )
    assert result.returncode != 0
    assert "torch has a device 'other' from another package" in result.stderr


def test_public_names():
    result = run_python(
        "import torch, torch_npu\n"
        "assert torch.npu is torch_npu.npu\n"
        "import torch.npu\n"
        "missing = [name for name in torch.npu.__all__ if not hasattr(torch.npu, name)]\n"
        "print(missing, torch_npu.__version__, torch_npu.profiler.__name__)\n"
        "try: torch_npu.no_such_name\n"
        "except AttributeError as error: print(error)\n"
    )
    assert result.stdout.splitlines() == [
        "[] 2.13.0 torch_npu.profiler",
        "module 'torch_npu' has no attribute 'no_such_name'",
    ], result.stderr
