"""Installs a lock file into the environment that runs this, and describes the result as JSON.

Usage: <environment>/bin/python install.py requirements.lock info.json
"""

import hashlib
import importlib.metadata
import json
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

import torch_index


def check_interpreter() -> None:
    if (sys.version_info[:2], sys.platform, platform.machine()) != ((3, 11), "linux", "x86_64"):
        raise SystemExit(
            f"the lock file is for Python 3.11 on x86_64 Linux; this is Python"
            f" {platform.python_version()} on {platform.machine()} {sys.platform}"
        )
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        raise SystemExit(f"{header} is missing: install Python's headers (Debian: python3.11-dev)")


def install(lock: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", *torch_index.pip_arguments(sys.executable)]
    subprocess.run([*command, "-r", lock], check=True)
    torch_index.check_cpu_build(importlib.metadata.version("torch"))


def describe(lock: Path) -> dict[str, str]:
    site = Path(sysconfig.get_path("platlib"))
    return {
        "interpreter": sys.executable,
        "site": str(site),
        "include": sysconfig.get_path("include"),
        "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
        "python_tag": f"cp{sys.version_info.major}{sys.version_info.minor}",
        "python_version": platform.python_version(),
        "machine": platform.machine(),
        "torch_lib_dir": str(site / "torch" / "lib"),
        "lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest(),
    }


def main(lock: str, info: str) -> None:
    check_interpreter()
    install(Path(lock))
    Path(info).write_text(json.dumps(describe(Path(lock)), indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
