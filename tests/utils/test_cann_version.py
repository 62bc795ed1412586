"""get_cann_version()."""

import pytest

from tests.core.emulated import run_python
from torch_npu import utils
from torch_npu.utils import collect_env


def test_versions_of_the_emulators_cann():
    assert utils.get_cann_version() == collect_env.get_cann_version()
    assert utils.get_cann_version("RUNTIME") == utils.get_cann_version(module="CANN")
    assert utils.get_cann_version("OPP_KERNEL") == ""


def test_an_unknown_part_is_named():
    with pytest.raises(ValueError, match=r"expected module as one of CANN, COMPILER, .* got 'X'"):
        utils.get_cann_version("X")


def test_without_cann_there_is_none():
    result = run_python(
        "from torch_npu import utils\nprint(repr(utils.get_cann_version()))",
        TORCH_NPU_CANN="system",
        ASCEND_HOME_PATH="",
        ASCEND_TOOLKIT_HOME="",
    )
    assert result.stdout == "''\n", result.stderr


def test_paths_are_checked(tmp_path):
    collect_env.check_directory_path_readable(str(tmp_path))
    collect_env.check_path_owner_consistent(str(tmp_path))
    with pytest.raises(RuntimeError, match="does not exist"):
        collect_env.check_path_owner_consistent(str(tmp_path / "none"))
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(RuntimeError, match="is a symbolic link"):
        collect_env.check_directory_path_readable(str(tmp_path / "link"))
