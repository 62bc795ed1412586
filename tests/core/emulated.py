"""What tests ask of the emulator beyond CANN's interface, and scripts in processes of their own."""

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

from torch_npu import _loader

# An environment in which torch finds torch_npu's entry point, as after pip install.
AUTOLOAD = """
import importlib.metadata
class Point:
    name = "torch_npu"
    def load(self):
        import torch_npu
        return torch_npu._autoload
original = importlib.metadata.entry_points
importlib.metadata.entry_points = lambda **query: (
    [Point()] if query.get("group") == "torch.backends" else original(**query))
"""


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(f"{_loader.cann_home()}/lib64/libascendcl.so")
    library.emulatorTaskCount.restype = ctypes.c_uint64
    library.emulatorSetKernelDelayMicros.argtypes = [ctypes.c_uint64]
    library.emulatorInjectFaults.argtypes = [ctypes.c_char_p]
    return library


def kernel_count(device: int = 0) -> int:
    """Kernels that have finished on `device` in this process."""
    return _library().emulatorTaskCount(device)


@contextlib.contextmanager
def slow_kernels(seconds: float) -> Iterator[None]:
    """Every kernel that starts in this context takes at least `seconds`."""
    _library().emulatorSetKernelDelayMicros(int(seconds * 1e6))
    try:
        yield
    finally:
        _library().emulatorSetKernelDelayMicros(0)


def inject_faults(specification: str) -> None:
    """For example aclnnMul:3: the third such kernel fails; malloc: the next allocation."""
    assert _library().emulatorInjectFaults(specification.encode()) == 0


def run_python(script: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs a script with this process's packages; an empty value unsets a variable."""
    merged = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    return subprocess.run(
        [sys.executable, "-c", script],
        env={name: value for name, value in merged.items() if value != ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
