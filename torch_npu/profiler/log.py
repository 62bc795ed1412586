"""Messages of the profiler, on stdout in the layout that users of Ascend profilers know."""

import os
from datetime import datetime


def info(text: str) -> None:
    _print("INFO", text)


def warning(text: str) -> None:
    # One rank speaks for all, as all usually have the same configuration.
    if os.environ.get("TORCH_NPU_WARNING_DISABLE") == "1" or os.environ.get("RANK", "0") != "0":
        return
    _print("WARNING", text)


def error(text: str) -> None:
    _print("ERROR", text)


def under_msprof() -> bool:
    """Whether the msprof command records this whole process, so that nothing else can."""
    return any(name in os.environ for name in ("PROFILER_SAMPLECONFIG", "PROFILING_MODE"))


def _print(level: str, text: str) -> None:
    stamp = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
    print(f"[{stamp}] [{level}] [{os.getpid()}] profiler.py: {text}", flush=True)
