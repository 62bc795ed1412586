"""What a bug report needs to say about a machine: python -m torch_npu.utils.collect_env.

Works without CANN and without a device, and initializes neither.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from torch.utils import collect_env as _host

import torch_npu
from torch_npu import _C, _environment, _loader

__all__ = [
    "SystemEnv",
    "check_directory_path_readable",
    "check_path_owner_consistent",
    "get_cann_version",
    "get_env_info",
    "get_pretty_env_info",
    "get_torch_npu_install_path",
    "get_torch_npu_version",
    "main",
    "pretty_str",
]

_SECONDS_PER_TOOL = 20


class SystemEnv(NamedTuple):
    """Texts, None where something was not found."""

    torch_version: str
    torch_npu_version: str
    is_debug_build: str
    gcc_version: str | None
    clang_version: str | None
    cmake_version: str | None
    os: str | None
    libc_version: str
    python_version: str
    python_platform: str
    pip_version: str | None
    pip_packages: str | None
    conda_packages: str | None
    caching_allocator_config: str
    is_xnnpack_available: str
    cpu_info: str | None
    cann_version: str | None
    torch_npu_path: str
    cann_path: str | None
    npus: str
    npu_smi: str | None
    environment: str


_TITLES = {
    "torch_version": "PyTorch",
    "torch_npu_version": "torch_npu",
    "torch_npu_path": "torch_npu is in",
    "cann_version": "CANN",
    "cann_path": "CANN is in",
    "npus": "NPUs",
    "os": "OS",
    "libc_version": "libc",
    "python_version": "Python",
    "python_platform": "Platform",
    "gcc_version": "GCC",
    "clang_version": "Clang",
    "cmake_version": "CMake",
    "pip_version": "pip",
    "is_debug_build": "PyTorch is a debug build",
    "is_xnnpack_available": "XNNPACK",
    "caching_allocator_config": "Caching allocator",
    "environment": "Environment variables",
    "npu_smi": "npu-smi info",
    "pip_packages": "Python packages",
    "conda_packages": "Conda packages",
    "cpu_info": "CPU",
}


def get_torch_npu_version() -> str:
    """Version of the torch_npu that is imported."""
    return torch_npu.__version__


def get_torch_npu_install_path() -> str:
    """The folder of the package torch_npu."""
    return str(Path(torch_npu.__file__).parent)


def get_cann_version() -> str | None:
    """Version of the CANN in use, None if there is none."""
    return _C._cann_version() if _loader.cann_home() else None


def check_path_owner_consistent(path: str) -> None:
    """Raises RuntimeError if `path` does not exist or belongs to neither this user nor root."""
    if not os.path.exists(path):
        raise RuntimeError(f"{path} does not exist")
    if os.stat(path).st_uid not in (0, os.getuid()):
        raise RuntimeError(f"{path} belongs to another user; use a file of your own")


def check_directory_path_readable(path: str) -> None:
    """Raises RuntimeError if `path` cannot be read, or as check_path_owner_consistent()."""
    check_path_owner_consistent(path)
    if os.path.islink(path):
        raise RuntimeError(f"{path} is a symbolic link; name what it points to")
    if not os.access(path, os.R_OK):
        raise RuntimeError(f"{path} cannot be read; check its permissions")


def _npus() -> str:
    missing = _loader._chosen.missing
    count = _C._device_count()
    return missing if missing and count == 0 else str(count)


def _npu_smi() -> str | None:
    home = _loader.cann_home()
    own = Path(home, "bin", "npu-smi") if home else None
    program = str(own) if own and own.exists() else "npu-smi"
    try:
        done = subprocess.run(
            [program, "info"],
            capture_output=True,
            text=True,
            timeout=_SECONDS_PER_TOOL,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.rstrip()


def _variables() -> str:
    names = {row[0] for row in _environment.table()}
    found = [name for name in os.environ if name in names or name.startswith(("ASCEND_", "HCCL_"))]
    return "\n".join(f"{name}={os.environ[name]}" for name in sorted(found)) or "none that matter"


def get_env_info() -> SystemEnv:
    """Collects everything; some tools are started for it, which takes seconds."""
    run = _host.run
    pip_version, pip_packages = _host.get_pip_packages(run)
    return SystemEnv(
        torch_version=torch.__version__,
        torch_npu_version=get_torch_npu_version(),
        is_debug_build=str(torch.version.debug),
        gcc_version=_host.get_gcc_version(run),
        clang_version=_host.get_clang_version(run),
        cmake_version=_host.get_cmake_version(run),
        os=_host.get_os(run),
        libc_version="-".join(_host.get_libc_version().split()),
        python_version=sys.version.replace("\n", " "),
        python_platform=_host.get_python_platform(),
        pip_version=pip_version,
        pip_packages=pip_packages,
        conda_packages=_host.get_conda_packages(run),
        caching_allocator_config=torch_npu.npu.get_allocator_backend(),
        is_xnnpack_available=str(_host.is_xnnpack_available()),
        cpu_info=_host.get_cpu_info(run),
        cann_version=get_cann_version(),
        torch_npu_path=get_torch_npu_install_path(),
        cann_path=_loader.cann_home(),
        npus=_npus(),
        npu_smi=_npu_smi(),
        environment=_variables(),
    )


def pretty_str(envinfo: SystemEnv) -> str:
    """`envinfo` as lines "title: value"; long values follow their title."""
    lines = []
    for name, title in _TITLES.items():
        value = getattr(envinfo, name)
        text = "not found" if value is None else str(value)
        lines.append(f"{title}:\n{text}" if "\n" in text else f"{title}: {text}")
    return "\n".join(lines)


def get_pretty_env_info() -> str:
    """pretty_str(get_env_info())."""
    return pretty_str(get_env_info())


def main() -> None:
    """Prints it."""
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
