"""The directory of one recorded session and its descriptive files."""

import json
import os
import shutil
import socket
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


def open_file(path: Path, mode: str = "w"):
    """Opens a file for writing that only its owner and group can read.

    `mode`: "w" for text, "wb" for bytes. A symbolic link is refused: it could lead anywhere.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    options = {} if "b" in mode else {"newline": ""}
    return open(os.open(path, flags, FILE_MODE), mode, **options)


def recreate(path: Path) -> None:
    """Makes an empty directory of `path`, whatever it held before."""
    if path.is_symlink():
        raise OSError(f"{path} is a symbolic link; results are only written to real directories")
    shutil.rmtree(path, ignore_errors=True)
    make_directory(path)


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


def write_info(directory: Path, info: dict) -> None:
    """profiler_info[_{rank}].json: configuration, and clocks at both ends of collection."""
    from torch_npu import __version__

    # The rank may have become known since the file was first written.
    for earlier in directory.glob("profiler_info*.json"):
        earlier.unlink()
    this_rank = rank()
    info = {**info, "torch_npu_version": __version__}
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


def parallel_groups() -> dict[str, dict]:
    """The hccl process groups of this process, by the name of their communicator."""
    import torch
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized():
        return {}
    result = {}
    for group, (backend, _) in dist.distributed_c10d._world.pg_map.items():
        if "hccl" not in backend:
            continue
        group_rank = dist.get_rank(group)
        name = group._get_backend(torch.device("npu")).get_hccl_comm_name(
            torch.npu.current_device()
        )
        is_default = group is dist.distributed_c10d._get_default_group()
        result[name] = {
            "group_name": "default_group" if is_default else group.group_name,
            "group_rank": group_rank,
            "global_ranks": dist.get_process_group_ranks(group),
        }
    return result


def write_metadata(directory: Path, metadata: dict, trace_id: str) -> None:
    environment = {name: os.environ.get(name, "") for name in _METADATA_ENVIRONMENT}
    content = {**metadata, "ENV_VARIABLES": environment, "trace_id": trace_id}
    groups = parallel_groups()
    if groups:
        content["parallel_group_info"] = groups
    with open_file(directory / "profiler_metadata.json") as file:
        json.dump(content, file, indent=4)


def remove(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
