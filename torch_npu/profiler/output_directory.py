"""The directory of one recorded session and its descriptive files."""

import json
import os
import shutil
import socket
import time
from datetime import datetime
from pathlib import Path

SUFFIX = "_ascend_pt"
DIRECTORY_MODE = 0o750
FILE_MODE = 0o640

_METADATA_ENVIRONMENT = (
    "ASCEND_GLOBAL_LOG_LEVEL",
    "HCCL_RDMA_TC",
    "HCCL_RDMA_SL",
    "ACLNN_CACHE_LIMIT",
    "HOST_CACHE_CAPACITY",
    "ASCEND_ENHANCE_ENABLE",
    "PYTORCH_NPU_ALLOC_CONF",
    "ASCEND_LAUNCH_BLOCKING",
    "HCCL_ALGO",
)


def create(parent: Path, worker_name: str | None) -> Path:
    """Creates {worker}_{pid}_{local time}_ascend_pt with FRAMEWORK in it."""
    worker = worker_name or socket.gethostname()
    stamp = datetime.now().strftime("%Y%m%d%H%M%S%f")[:-3]
    path = parent / f"{worker}_{os.getpid()}_{stamp}{SUFFIX}"
    make_directory(path / "FRAMEWORK")
    return path


def make_directory(path: Path) -> None:
    """As os.makedirs, with the mode that result directories have on every level it creates."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)


def open_file(path: Path):
    """Opens a text file for writing that only its owner and group can read."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "w", newline="")


def find(path: Path) -> list[Path]:
    """`path` if it is such a directory, otherwise those directly below it."""
    if path.name.endswith(SUFFIX):
        return [path]
    return sorted(entry for entry in path.iterdir() if entry.name.endswith(SUFFIX))


def rank() -> int | None:
    """Rank of this process in a distributed run, None outside of one."""
    text = os.environ.get("RANK", "")
    if text.isdecimal():
        return int(text)
    import torch.distributed as dist

    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    return None


def write_info(directory: Path, config: dict, start_monotonic: int, monotonic: int, cann: str):
    """profiler_info[_{rank}].json: configuration, and both clocks at the end of collection."""
    from torch_npu import __version__

    this_rank = rank()
    info = {
        "config": config,
        "start_info": {
            "syscnt_enable": False,
            "freq": 0,
            "start_cnt": 0,
            "start_monotonic": start_monotonic,
        },
        "end_info": {"collectionTimeEnd": time.time_ns(), "MonotonicTimeEnd": monotonic},
        "torch_npu_version": __version__,
        "cann_version": cann,
    }
    if this_rank is not None:
        info["rank_id"] = this_rank
    suffix = "" if this_rank is None else f"_{this_rank}"
    with open_file(directory / f"profiler_info{suffix}.json") as file:
        json.dump(info, file, indent=4)


def read_info(directory: Path) -> dict:
    found = sorted(directory.glob("profiler_info*.json"))
    if not found:
        raise FileNotFoundError(
            f"{directory} has no profiler_info.json: the profiler was not stopped properly, or "
            "this is no profiling result"
        )
    return json.loads(found[0].read_text())


def write_metadata(directory: Path, metadata: dict, trace_id: str) -> None:
    environment = {name: os.environ.get(name, "") for name in _METADATA_ENVIRONMENT}
    content = {**metadata, "ENV_VARIABLES": environment, "trace_id": trace_id}
    with open_file(directory / "profiler_metadata.json") as file:
        json.dump(content, file, indent=4)


def remove(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
