"""The table of errors, and what an error says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import torch_npu
from tests.core.emulated import run_python
from torch_npu import _C, _loader

HEADERS = ("acl_base.h", "aclnn_base.h")


def table() -> dict[int, tuple[str, str, str, bool]]:
    return {code: tuple(rest) for code, *rest in _C._error_table()}


def declared_codes() -> dict[str, int]:
    """Names and values of the error codes in the CANN headers that this project has."""
    codes = {}
    for header in Path("third_party/cann/include").rglob("*.h"):
        if header.name in HEADERS:
            pattern = r"\b(ACL(?:NN)?_ERR(?:OR)?_\w+)\s*=?\s*(\d{6})\b"
            codes.update({n: int(v) for n, v in re.findall(pattern, header.read_text())})
    return codes


def test_table_has_every_code_of_the_headers():
    codes = declared_codes()
    assert len(codes) > 60
    rows = table()
    missing = {name: code for name, code in codes.items() if code not in rows}
    assert not missing
    assert {name: rows[code][0] for name, code in codes.items()} == {name: name for name in codes}


def test_every_row_says_what_it_means_and_what_to_do():
    rows = table()
    assert len(rows) == len(_C._error_table()), "a code is in the table twice"
    for name, meaning, advice, _ in rows.values():
        assert name.startswith("ACL")
        assert len(meaning) > 10
        assert len(advice) > 10
        assert not meaning.endswith(".") and not advice.endswith(".")


def test_message_has_call_code_name_meaning_and_advice():
    with pytest.raises(torch.AcceleratorError) as error:
        _C._check_error(107002, "aclrtSynchronizeStream(stream)")
    text = str(error.value)
    for part in (
        "aclrtSynchronizeStream(stream) failed",
        "ACL_ERROR_RT_CONTEXT_NULL (107002)",
        "the thread has no device set",
        "What to do: call torch.npu.set_device",
    ):
        assert part in text


def test_exhausted_memory_is_pytorchs_out_of_memory():
    with pytest.raises(torch.OutOfMemoryError, match=r"empty_cache[\s\S]*can be tried again"):
        _C._check_error(207001, "aclrtMalloc(&address, size)")


def test_unknown_codes_are_told_as_such():
    with pytest.raises(torch.AcceleratorError, match="code 4242, which is not in"):
        _C._check_error(4242, "aclFoo()")


def test_success_raises_nothing():
    _C._check_error(0, "aclFoo()")


def test_cann_text_is_part_of_the_message():
    stream = torch.npu.ExternalStream(0x1234560)  # not a stream
    with pytest.raises(torch.AcceleratorError, match=r"CANN says: E\w+"):
        stream.synchronize()


def library_without_symbols(folder: Path) -> str:
    """A CANN whose libascendcl.so is a real library without any of the functions."""
    lib64 = folder / "lib64"
    lib64.mkdir()
    empty = Path(_loader.cann_home()) / "lib64" / "libge_runner.so"
    (lib64 / "libascendcl.so").write_bytes(empty.read_bytes())
    (folder / "version.cfg").write_text("Version=7.7.7\n")
    return str(folder)


def test_a_function_that_cann_lacks_is_named(tmp_path):
    result = run_python(
        "import torch, torch_npu\n"
        "assert not torch.npu.is_available()\n"
        "try: torch.npu.set_device(0)\n"
        "except torch.AcceleratorError as error: print(error)",
        ASCEND_HOME_PATH=library_without_symbols(tmp_path),
        TORCH_NPU_CANN="system",
    )
    assert result.returncode == 0, result.stderr
    for part in ("aclrtGetDeviceCount", "libascendcl.so", "7.7.7", str(tmp_path)):
        assert part in result.stdout


def test_host_access_to_device_memory_dies_with_the_block_named():
    result = run_python(
        "import ctypes, torch, torch_npu\n"
        "tensor = torch.empty(1000, device='npu:1')\n"
        "print(hex(tensor.data_ptr()), flush=True)\n"
        "ctypes.string_at(tensor.data_ptr() + 8, 4)\n"
    )
    assert result.returncode == -11
    assert "device 1" in result.stderr or "npu:1" in result.stderr
    assert result.stdout.strip()[2:] in result.stderr


def test_errors_name_the_index_and_the_range():
    count = torch.npu.device_count()
    with pytest.raises(RuntimeError, match=rf"index {count} is out of .* npu:{count - 1}"):
        torch.npu.set_device(count)


def test_libraries_do_not_need_cann_to_load():
    package = Path(torch_npu.__file__).parent
    needed = subprocess.run(
        ["readelf", "-d", package / "lib" / "libtorch_npu.so"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    libraries = re.findall(r"NEEDED.*\[(.*)\]", needed)
    assert libraries
    cann = [name for name in libraries if re.search("acl|opapi|hccl|hcomm|nnopbase|msprof", name)]
    assert not cann, f"{sys.executable}: {cann}"
