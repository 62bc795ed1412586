"""python -m torch_npu.utils.collect_env."""

import subprocess

import torch

import torch_npu
from tests.core.emulated import run_python
from torch_npu.utils import collect_env

NO_CANN = {"TORCH_NPU_CANN": "system", "ASCEND_HOME_PATH": "", "ASCEND_TOOLKIT_HOME": ""}


def test_it_says_what_is_installed():
    report = collect_env.get_env_info()
    assert report.torch_version == torch.__version__
    assert report.torch_npu_version == torch_npu.__version__ == collect_env.get_torch_npu_version()
    assert report.cann_version == collect_env.get_cann_version() is not None
    assert report.torch_npu_path == collect_env.get_torch_npu_install_path()
    assert report.npus == str(torch.npu.device_count())
    text = collect_env.pretty_str(report)
    assert text.splitlines()[0] == f"PyTorch: {torch.__version__}"
    assert f"NPUs: {report.npus}" in text
    assert set(collect_env._TITLES) == set(report._fields)


def test_it_runs_as_a_program_and_touches_no_device():
    result = run_python(
        "import runpy, torch\n"
        "runpy.run_module('torch_npu.utils.collect_env', run_name='__main__')\n"
        "assert not torch.npu.is_initialized()",
        ASCEND_LAUNCH_BLOCKING="1",
    )
    assert result.returncode == 0, result.stderr
    assert "ASCEND_LAUNCH_BLOCKING=1" in result.stdout
    assert "CANN: " in result.stdout


def test_it_works_without_cann():
    result = run_python(
        "from torch_npu.utils import collect_env; collect_env.main()",
        **NO_CANN,
    )
    assert result.returncode == 0, result.stderr
    assert "CANN: not found" in result.stdout
    assert "no CANN installation was found" in result.stdout


def test_a_tool_that_fails_is_not_found(monkeypatch):
    def fail(*_, **__):
        raise subprocess.TimeoutExpired("npu-smi", 20)

    monkeypatch.setattr(subprocess, "run", fail)
    assert collect_env._npu_smi() is None


PROBES = """
import torch, torch_npu
npu = torch.npu
print(npu.is_available(), npu.device_count(), npu.is_initialized(), npu.is_bf16_supported())
print(npu._is_in_bad_fork(), npu.current_device(), npu.get_sync_debug_mode(), npu.memory_stats())
print(npu.default_generators, npu.get_amp_supported_dtype() != [], npu.is_autocast_enabled())
print(npu.host_memory_stats(), npu.get_allocator_backend(), npu.memory_reserved())
npu.empty_cache(); npu.host_empty_cache(); npu.synchronize(); npu.ipc_collect()
torch.npu.manual_seed_all(1); torch.npu.get_rng_state_all(); torch.npu.seed_all()
"""


def test_probes_never_raise_without_cann():
    result = run_python(PROBES, **NO_CANN)
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "False 0 False False",
        "False 0 0 OrderedDict()",
        "() True False",
        "{} native 0",
    ]
