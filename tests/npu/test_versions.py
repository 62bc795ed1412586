"""The version matrix, and what is said of versions that do not go together."""

import sys
from pathlib import Path

import pytest
import torch

import torch_npu
from tests.core.emulated import run_python
from torch_npu import _loader, _versions, version


def test_the_matrix_has_this_release():
    release = _versions.this_release()
    assert release.torch_npu == torch_npu.__version__
    assert release.torch == version.torch_version == torch.__version__.split("+")[0]
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in release.python
    assert len({row.torch_npu for row in _versions.RELEASES}) == len(_versions.RELEASES)


def test_another_python_is_named(monkeypatch):
    other = _versions.RELEASES[0]._replace(python=("3.99",))
    monkeypatch.setattr(_versions, "RELEASES", (other,))
    with pytest.raises(ImportError) as error:
        _versions.check_python()
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"was built for Python 3.99, but this is Python {here}. Use python3.99" in str(
        error.value
    )


def test_another_torch_is_named_with_the_command_that_mends_it(monkeypatch):
    old = _versions.RELEASES[0]._replace(torch_npu="2.12.1", torch="2.12.1")
    monkeypatch.setattr(_versions, "RELEASES", (*_versions.RELEASES, old))
    monkeypatch.setattr(torch, "__version__", "2.12.1+cpu")
    with pytest.raises(ImportError) as error:
        _versions.check_torch()
    assert "was built for torch 2.13.0, but torch 2.12.1 is installed" in str(error.value)
    assert "pip install torch==2.13.0 --index-url" in str(error.value)
    assert "or: pip install torch_npu==2.12.1" in str(error.value)


@pytest.mark.parametrize("found", [None, "unknown", "9.1.0", "9.1.3", "9.1"])
def test_a_cann_that_matches_is_no_matter(found):
    assert _versions.cann_mismatch(found) is None


def make_cann(folder: Path, version_text: str) -> str:
    library = folder / _loader.RUNTIME_LIBRARY
    library.parent.mkdir(parents=True)
    library.touch()
    (folder / "version.cfg").write_text(f"Version={version_text}\n")
    return str(folder)


def test_another_cann_is_one_warning_at_import(tmp_path):
    home = make_cann(tmp_path / "cann", "7.0.0")
    result = run_python(
        "import torch_npu", ASCEND_HOME_PATH=home, ASCEND_TOOLKIT_HOME="", TORCH_NPU_CANN="system"
    )
    assert result.returncode == 0
    assert result.stderr.count("goes with CANN 9.1, but CANN 7.0.0 is in use") == 1
    assert "Install CANN 9.1, then: source <CANN>/set_env.sh" in result.stderr


def test_the_emulator_matches():
    assert run_python("import torch_npu", TORCH_NPU_CANN="emulator").stderr == ""
