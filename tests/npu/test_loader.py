"""Which CANN is chosen, and what is said where none is."""

from pathlib import Path

import pytest

from tests.core.emulated import run_python
from torch_npu import _loader


@pytest.fixture
def cann(tmp_path: Path) -> str:
    """A folder that looks like an installed CANN."""
    return make_cann(tmp_path / "cann")


def make_cann(folder: Path) -> str:
    library = folder / _loader.RUNTIME_LIBRARY
    library.parent.mkdir(parents=True)
    library.touch()
    return str(folder)


def choose(environ=None, default_homes=(), device_nodes="/nonexistent/davinci*") -> _loader.Choice:
    return _loader.choose(environ or {}, default_homes, device_nodes)


@pytest.fixture
def no_emulator(monkeypatch):
    monkeypatch.setattr(_loader, "EMULATOR_PACKAGE", "a_package_that_is_not_installed")


@pytest.mark.parametrize("variable", _loader.HOME_VARIABLES)
@pytest.mark.parametrize("mode", ["", "auto", "system"])
def test_a_sourced_cann_is_used(cann, variable, mode):
    assert choose({variable: cann, "TORCH_NPU_CANN": mode}) == _loader.Choice(home=cann)


@pytest.mark.parametrize("mode", ["auto", "system"])
def test_a_cann_in_the_default_folder_is_used(cann, mode):
    assert choose({"TORCH_NPU_CANN": mode}, ("/nonexistent", cann)).home == cann


def test_a_sourced_cann_comes_before_the_default_folder(cann, tmp_path):
    other = make_cann(tmp_path / "other")
    assert choose({"ASCEND_HOME_PATH": other}, (cann,)).home == other


@pytest.mark.parametrize("mode", ["auto", "system"])
def test_a_variable_that_names_no_cann_is_an_error(tmp_path, mode):
    choice = choose({"ASCEND_HOME_PATH": str(tmp_path), "TORCH_NPU_CANN": mode})
    assert choice.home == ""
    assert f"ASCEND_HOME_PATH={tmp_path} is not a CANN installation" in choice.missing


def test_auto_falls_back_to_the_emulator_with_a_notice():
    choice = choose()
    assert choice.home.endswith("ascend_emulator/cann")
    assert "emulated" in choice.notice and choice.home in choice.notice
    assert choice.missing == ""


def test_the_emulator_is_used_without_a_notice_when_asked_for(cann):
    choice = choose({"TORCH_NPU_CANN": "emulator", "ASCEND_HOME_PATH": cann})
    assert choice.home.endswith("ascend_emulator/cann")
    assert choice.notice == ""


def test_nothing_at_all_says_what_was_looked_for_and_what_to_install(no_emulator):
    choice = choose(default_homes=("/opt/one", "/opt/two"))
    assert choice.home == ""
    for part in ("lib64/libascendcl.so", "$ASCEND_HOME_PATH (not set)", "/opt/one, /opt/two"):
        assert part in choice.missing
    for part in ("a_package_that_is_not_installed", "set_env.sh", "pip install ascend_emulator"):
        assert part in choice.missing


def test_system_never_falls_back_to_the_emulator():
    choice = choose({"TORCH_NPU_CANN": "system"})
    assert choice.home == ""
    assert "no CANN installation was found" in choice.missing


def test_emulator_mode_without_the_package_says_how_to_install_it(no_emulator):
    choice = choose({"TORCH_NPU_CANN": "emulator"})
    assert "TORCH_NPU_CANN=emulator" in choice.missing
    assert "pip install" in choice.missing


def test_a_machine_with_devices_is_never_emulated(tmp_path):
    (tmp_path / "davinci0").touch()
    choice = choose({}, ("/opt/cann",), str(tmp_path / "davinci*"))
    assert choice.home == ""
    assert "source /opt/cann/set_env.sh" in choice.missing
    assert str(tmp_path / "davinci0") in choice.missing


def test_a_machine_with_devices_uses_its_cann(tmp_path, cann):
    (tmp_path / "davinci0").touch()
    assert choose({"ASCEND_HOME_PATH": cann}, (), str(tmp_path / "davinci*")).home == cann


def test_emulation_can_be_forced_on_a_machine_with_devices(tmp_path):
    (tmp_path / "davinci0").touch()
    choice = choose({"TORCH_NPU_CANN": "emulator"}, (), str(tmp_path / "davinci*"))
    assert choice.home.endswith("ascend_emulator/cann")


def test_another_mode_is_an_error():
    choice = choose({"TORCH_NPU_CANN": "cuda"})
    assert "'cuda' is not one of auto, system, emulator" in choice.missing


USE = "import torch, torch_npu; print(torch.ones(2, device='npu').sum().item())"


def test_the_notice_comes_once_and_at_the_first_use():
    quiet = run_python(
        "import torch, torch_npu; print(torch.npu.is_available())", TORCH_NPU_CANN=""
    )
    assert (quiet.stdout, quiet.stderr) == ("True\n", "")
    used = run_python(f"{USE}\n{USE}", TORCH_NPU_CANN="")
    assert used.stderr.count("torch_npu: no CANN installation was found") == 1
    assert run_python(USE, TORCH_NPU_CANN="emulator").stderr == ""


def test_without_cann_imports_work_and_the_first_use_explains():
    result = run_python(
        "import torch, torch_npu\n"
        "torch.manual_seed(0); torch.npu.synchronize(); torch.npu.empty_cache()\n"
        "print(torch.npu.is_available(), torch.npu.device_count())\n"
        "print(torch.accelerator.is_available(), torch.npu.memory_allocated())\n"
        "print(torch.ones(2).is_pinned())\n"
        "for use in (lambda: torch.npu.set_device(0), lambda: torch.ones(2, device='npu'),\n"
        "            lambda: torch.ones(2).npu(), lambda: torch.npu.init(),\n"
        "            lambda: torch.npu.current_stream().synchronize()):\n"
        "    try: use()\n"
        "    except RuntimeError as error: print('no CANN installation was found' in str(error))\n",
        TORCH_NPU_CANN="system",
        ASCEND_HOME_PATH="",
        ASCEND_TOOLKIT_HOME="",
    )
    assert result.stderr == ""
    assert result.stdout.split() == ["False", "0", "False", "0", "False"] + ["True"] * 5
