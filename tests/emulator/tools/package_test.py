"""The installed emulator: package, set_env.sh, npu-smi."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import ascend_emulator
import pytest
from ascend_emulator import processes, runtime

HOME = Path(ascend_emulator.home())
NAMES = ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME", "ASCEND_OPP_PATH", "LD_LIBRARY_PATH", "PATH")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("ASCEND_")}

HOLD_A_DEVICE = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
assert library.aclrtSetDevice(5) == 0
address = ctypes.c_void_p()
size = ctypes.c_size_t(24 << 20)
assert library.aclrtMalloc(ctypes.byref(address), size, 0) == 0
assert library.aclrtMemset(address, size, 1, size) == 0
print("ready", flush=True)
sys.stdin.read()
"""


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**CLEAN, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def holder():
    library = str(HOME / "lib64/libascendcl.so")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_DEVICE, library],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.communicate("", timeout=30)
    assert process.returncode == 0


def test_home_is_a_cann_installation():
    assert run(sys.executable, "-m", "ascend_emulator", "home").strip() == str(HOME)
    for folder in ("lib64", "bin", "runtime", "compiler", "opp"):
        assert (HOME / folder).is_dir()


def test_info():
    text = run(sys.executable, "-m", "ascend_emulator", "info")
    assert f"ascend_emulator {ascend_emulator.__version__}" in text
    assert "8 x Ascend910B3, 64 GiB each" in text
    text = run(sys.executable, "-m", "ascend_emulator", "info", ASCEND_EMULATOR_DEVICES="3")
    assert "3 x Ascend910B3" in text


def test_no_device_is_an_error_with_advice():
    done = subprocess.run(
        [sys.executable, "-m", "ascend_emulator", "info"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "ASCEND_EMULATOR_DEVICES": "0"},
    )
    assert done.returncode == 1
    assert "ASCEND_EMULATOR_DEVICES" in done.stderr


def test_the_version_file_and_the_library_agree():
    library = ctypes.CDLL(str(HOME / "lib64/libascendcl.so"))
    version = ctypes.create_string_buffer(128)
    assert library.aclsysGetVersionStr(b"runtime", version) == 0
    assert version.value.decode() == runtime.cann_version()
    assert library.aclsysGetVersionStr(b"nonsense", version) != 0


@pytest.mark.parametrize("library", sorted(path.name for path in (HOME / "lib64").glob("*.so")))
def test_every_library_loads_alone(library):
    # Only the operators stand on torch, which is not beside them in a build tree.
    imports = "ctypes, sys, torch" if library == "libopapi.so" else "ctypes, sys"
    script = f"import {imports}; ctypes.CDLL(sys.argv[1], mode=2)"  # 2: RTLD_NOW
    run(sys.executable, "-c", script, str(HOME / "lib64" / library))


@pytest.mark.parametrize(
    "command",
    [
        ["bash", "-euc", ". {home}/set_env.sh; . {home}/set_env.sh; env"],
        ["sh", "-euc", ". {home}/set_env.sh; . {home}/set_env.sh; env"],
        ["bash", "-c", "cd {home} && source set_env.sh; env"],
        ["sh", "-c", "cd {home} && . ./set_env.sh; env"],
        ["sh", "-c", "cd / && (. {home}/set_env.sh; env)"],
    ],
)
def test_set_env(command):
    environment = {"LD_LIBRARY_PATH": "/some/where", "PATH": os.environ["PATH"]}
    text = run(*(part.format(home=HOME) for part in command), **environment)
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    # A POSIX shell finds out where it is from the open file, so links are resolved there.
    homes = {str(HOME), str((HOME / "set_env.sh").resolve().parent)}
    home = values["ASCEND_HOME_PATH"]
    assert home in homes
    assert {name: values[name] for name in NAMES} == {
        "ASCEND_HOME_PATH": home,
        "ASCEND_TOOLKIT_HOME": home,
        "ASCEND_OPP_PATH": f"{home}/opp",
        "LD_LIBRARY_PATH": f"{home}/lib64:/some/where",
        "PATH": f"{home}/bin:{os.environ['PATH']}",
    }
    assert not [name for name in values if name.startswith("_ascend")]


def test_set_env_that_cannot_find_itself_says_so():
    script = (HOME / "set_env.sh").read_text()
    done = subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, timeout=60, env=CLEAN
    )
    assert "cannot tell where it is installed" in done.stderr


def test_npu_smi_shows_devices_and_the_process_that_uses_one(holder):
    lines = run(str(HOME / "bin/npu-smi"), "info", PYTHON=sys.executable).splitlines()
    assert sum("Ascend910B3" in line for line in lines) == 8
    (row,) = [line for line in lines if f" {holder.pid} " in line]
    device, pid, _, memory = (cell.strip() for cell in row.strip("|").split("|"))
    assert (device, pid) == ("5", str(holder.pid))
    assert 24 <= int(memory) < 32


def test_a_process_that_ended_is_no_longer_shown(holder):
    assert any(usage.pid == holder.pid for usage in processes.usages())
    holder.communicate("", timeout=30)
    assert not any(usage.pid == holder.pid for usage in processes.usages())


def test_npu_smi_refuses_what_it_does_not_know():
    done = subprocess.run(
        [str(HOME / "bin/npu-smi"), "set"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHON": sys.executable},
    )
    assert done.returncode == 2
    assert "info" in done.stderr
