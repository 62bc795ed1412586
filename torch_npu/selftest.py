"""Does torch_npu work on this machine? python -m torch_npu.selftest

Prints PASS or FAIL for versions, device, an operator, a collective and a profile, with what to do
about a failure. The exit code is 1 if anything failed.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist

import torch_npu
from torch_npu import _loader, _versions
from torch_npu.utils import collect_env

_SECONDS = 120  # for the ranks of the collective


class Failure(Exception):
    """A check that found something wrong; its text says what."""


class Check(NamedTuple):
    """`run` returns what it found, or raises; `advice` says what to do then."""

    name: str
    run: Callable[[], str]
    advice: str
    needs_device: bool = True


def check_versions() -> str:
    cann = collect_env.get_cann_version()
    if (problem := _versions.cann_mismatch(cann)) is not None:
        raise Failure(problem)
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"torch {torch.__version__}, torch_npu {torch_npu.__version__}, Python {python}, "
        f"CANN {cann or 'none'}"
    )


def check_device() -> str:
    if not torch.npu.is_available():
        raise Failure(_loader._chosen.missing or "CANN finds no device")
    free, total = torch.npu.mem_get_info()
    return (
        f"{torch.npu.device_count()} x {torch.npu.get_device_name(0)}, "
        f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free, CANN in {_loader.cann_home()}"
    )


def check_operator() -> str:
    left, right = torch.randn(64, 32), torch.randn(32, 16)
    error = ((left.npu() @ right.npu()).cpu() - left @ right).abs().max().item()
    if not error < 1e-2:
        raise Failure(f"a product of matrices differs from the CPU's by {error}")
    return f"a product of matrices is the CPU's within {error:.1e}"


def _rank(rank: int, ranks: int, port: int) -> None:
    torch.npu.set_device(rank)
    store = dist.TCPStore("127.0.0.1", port, is_master=False)
    timeout = timedelta(seconds=_SECONDS)
    dist.init_process_group("hccl", store=store, rank=rank, world_size=ranks, timeout=timeout)
    value = torch.full((4,), float(rank + 1), device="npu")
    dist.all_reduce(value)
    expected = ranks * (ranks + 1) / 2
    dist.destroy_process_group()
    if value.tolist() != [expected] * 4:
        raise Failure(f"rank {rank} has {value.tolist()} instead of {expected}")


def check_collective() -> str:
    ranks = min(2, torch.npu.device_count())
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_rank, args=(r, ranks, store.port)) for r in range(ranks)]
    try:
        for process in processes:
            process.start()
        for rank, process in enumerate(processes):
            process.join(_SECONDS)
            if process.exitcode is None:
                raise Failure(f"rank {rank} did not end within {_SECONDS} s")
            if process.exitcode != 0:
                raise Failure(f"rank {rank} ended with exit code {process.exitcode}")
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
    return f"all_reduce of {ranks} rank{'s' if ranks > 1 else ''}"


def check_profile() -> str:
    with tempfile.TemporaryDirectory() as folder:
        api = torch_npu.profiler
        with api.profile(on_trace_ready=api.tensorboard_trace_handler(folder)):
            torch.ones(64, device="npu").add_(1)
            torch.npu.synchronize()
        traces = list(Path(folder).glob("*_ascend_pt/ASCEND_PROFILER_OUTPUT/trace_view.json"))
        if not traces or "Ascend Hardware" not in traces[0].read_text():
            raise Failure("the trace has no kernels of the device")
    return "a trace with the kernels of the device"


CHECKS = (
    Check(
        "versions",
        check_versions,
        "install the versions that go together; `python -m torch_npu.utils.collect_env` lists "
        "what is there",
        needs_device=False,
    ),
    Check(
        "device",
        check_device,
        "`npu-smi info` shows whether the driver sees a device; source <CANN>/set_env.sh, or for a "
        "trial without hardware: pip install ascend_emulator",
        needs_device=False,
    ),
    Check(
        "operator",
        check_operator,
        "run again with ASCEND_LAUNCH_BLOCKING=1; CANN's log is in ~/ascend/log",
    ),
    Check(
        "collective",
        check_collective,
        "the ranks' errors stand above; check that the devices are free and that no firewall is "
        "between the ranks",
    ),
    Check(
        "profile",
        check_profile,
        "check that the temporary folder can be written and that msprof is in CANN's bin",
    ),
)


def run(checks: tuple[Check, ...] = CHECKS) -> bool:
    """Runs and prints all checks; whether all of them passed."""
    failed: list[str] = []
    for check in checks:
        if check.needs_device and "device" in failed:
            print(f"SKIP {check.name}: needs a device", flush=True)
            continue
        try:
            print(f"PASS {check.name}: {check.run()}", flush=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks run
            failed.append(check.name)
            if not isinstance(error, Failure):
                traceback.print_exc()
            print(f"FAIL {check.name}: {error}\n     {check.advice}", flush=True)
    return not failed


def main() -> int:
    """Runs the program; returns its exit code."""
    os.environ.setdefault("TORCH_NPU_WARNING_DISABLE", "1")
    return 0 if run() else 1


if __name__ == "__main__":
    sys.exit(main())
