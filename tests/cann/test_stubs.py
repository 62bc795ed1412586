"""Lazy stubs: they forward, and a missing function or library is a named error value."""

import ctypes
import pathlib
import shutil
import subprocess
import sys

import pytest

_FOLDER = pathlib.Path("tests/cann")
_PROBE = _FOLDER / "libstub_probe.so"
_MISSING_SYMBOL = 990001
_HCCL_E_NOT_FOUND = 6


@pytest.fixture
def partial_cann(tmp_path):
    home = tmp_path / "cann"
    (home / "lib64").mkdir(parents=True)
    shutil.copy(_FOLDER / "libpartial_ascendcl.so", home / "lib64" / "libascendcl.so")
    (home / "version.cfg").write_text("Version=8.0.RC1\n")
    return home


def _run(home: pathlib.Path, body: str) -> str:
    """Runs `body` on a fresh probe: a process resolves each function once."""
    code = (
        "import ctypes\n"
        f"probe = ctypes.CDLL({str(_PROBE.resolve())!r})\n"
        "probe.probe_report.restype = ctypes.c_char_p\n"
        f"probe.probe_set_home({str(home)!r}.encode())\n"
        "report = lambda: probe.probe_report().decode()\n" + body
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_forwards_to_the_installed_library(partial_cann):
    assert _run(partial_cann, "print(probe.probe_init(), repr(report()))") == "4711 ''\n"


def test_missing_function_is_a_value_with_a_name(partial_cann):
    out = _run(
        partial_cann,
        "print(probe.probe_set_device(0))\nprint(repr(report()))\nprint(repr(report()))",
    )
    code, report, again = out.split("\n")[:3]
    assert int(code) == _MISSING_SYMBOL
    for part in ("aclrtSetDevice", "libascendcl.so", "CANN 8.0.RC1", str(partial_cann), "9.1.0"):
        assert part in report
    assert again == "''"  # told once


def test_missing_function_that_returns_text_gives_an_empty_text(partial_cann):
    assert _run(partial_cann, "print(probe.probe_soc_name_length())") == "0\n"


def test_missing_library_says_what_was_looked_for(partial_cann):
    out = _run(partial_cann, "print(probe.probe_hccl())\nprint(report())")
    assert out.startswith(f"{_HCCL_E_NOT_FOUND}\n")
    for part in ("HcclGetRootInfo", "libhccl.so", "could be loaded from", str(partial_cann)):
        assert part in out
    assert "set_env.sh" in out


def test_has_symbol(partial_cann):
    body = "print([probe.probe_has(n) for n in (b'aclInit', b'aclrtSetDevice', b'aclNothing')])"
    assert _run(partial_cann, body) == "[1, 0, 0]\n"


def test_stubs_are_not_exported():
    probe = ctypes.CDLL(str(_PROBE.resolve()))
    for name in ("aclInit", "aclnnAddGetWorkspaceSize", "HcclAllReduce"):
        symbols = subprocess.run(
            ["nm", "-D", "--defined-only", _PROBE], capture_output=True, text=True, check=True
        ).stdout
        assert name not in symbols
    assert probe.probe_init is not None


def test_damaged_installation_names_the_file_that_did_not_load(partial_cann):
    (partial_cann / "version.cfg").write_text("Version=9.1.0\n")
    shutil.copy(_FOLDER / "libpartial_ascendcl.so", partial_cann / "lib64" / "libnnopbase.so")
    (partial_cann / "lib64" / "libopapi.so").write_text("not a library")
    report = _run(partial_cann, "print(probe.probe_mm())\nprint(report())")
    for part in ("aclnnMmGetWorkspaceSize", "incomplete or damaged", "libopapi.so: "):
        assert part in report
    assert "Upgrade" not in report
