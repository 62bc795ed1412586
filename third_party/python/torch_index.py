"""The one place that decides where torch comes from: always its CPU build, never the CUDA one.

PyPI's torch for Linux is the CUDA build. If the indexes that pip is configured with offer the CPU
build of the locked release, they are used as they are; otherwise PyTorch's CPU index is added.
"""

import re
import subprocess

TORCH_VERSION = "2.13.0"
CPU_BUILD = TORCH_VERSION + "+cpu"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def arguments_for(available_versions: str) -> list[str]:
    """pip arguments, given what `pip index versions torch` printed."""
    offered = re.findall(r"[^\s,()]+", available_versions)
    return [] if CPU_BUILD in offered else ["--extra-index-url", CPU_INDEX]


def pip_arguments(python: str) -> list[str]:
    """Extra arguments of `pip install` for the pip of this interpreter."""
    command = [python, "-m", "pip", "index", "versions", "torch"]
    # A failure (no index reachable) offers nothing: pip install then reports it in full.
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return arguments_for(result.stdout)


def check_cpu_build(installed_version: str) -> None:
    """Raises unless the version is the CPU build's."""
    if installed_version != CPU_BUILD:
        raise RuntimeError(
            f"the Python environment got torch {installed_version}, expected {CPU_BUILD}: torch_npu"
            " is built against the CPU build of PyTorch, and a CUDA build would change its ABI and"
            f" size. Let pip see {CPU_INDEX} (PIP_EXTRA_INDEX_URL)."
        )
