"""The hccl backend of torch.distributed.

``torch.distributed.init_process_group("hccl")`` works once torch_npu is imported; without a name,
the backend for npu tensors is hccl as well.
"""

from __future__ import annotations

from datetime import timedelta

import torch.distributed as dist

from torch_npu._C._distributed_c10d import ProcessGroupHCCL

__all__ = ["ProcessGroupHCCL", "is_hccl_available"]


def is_hccl_available() -> bool:
    """Whether torch.distributed has the hccl backend: always, with torch_npu imported."""
    return "HCCL" in dist.Backend._plugins


def _create(
    backend_options: dist.distributed_c10d._DistributedBackendOptions,
    options: ProcessGroupHCCL.Options | None,
) -> ProcessGroupHCCL:
    """Makes the backend of a new process group; called by torch.distributed."""
    if options is None:
        options = ProcessGroupHCCL.Options()
    elif not isinstance(options, ProcessGroupHCCL.Options):
        raise TypeError(
            "pg_options of an hccl group must be torch_npu.distributed.ProcessGroupHCCL.Options, "
            f"got {type(options).__name__}"
        )
    timeout = backend_options.timeout
    options._timeout = timeout if isinstance(timeout, timedelta) else timedelta(seconds=timeout)
    options.global_ranks_in_group = backend_options.global_ranks_in_group
    options.group_id = backend_options.group_id
    options.group_name = backend_options.group_id
    return ProcessGroupHCCL(
        backend_options.store, backend_options.group_rank, backend_options.group_size, options
    )


def _register() -> None:
    """Makes hccl known to torch.distributed, once."""
    if is_hccl_available():
        return
    dist.Backend.register_backend("hccl", _create, extended_api=True, devices=["npu"])
    dist.is_hccl_available = is_hccl_available
    dist.ProcessGroupHCCL = ProcessGroupHCCL
