"""PyTorch's own tests of torch.distributed, which torch ships: those for nccl run over hccl, as
transfer_to_npu makes any script. upstream.yaml says what is left out, and why."""

import os
import unittest
from pathlib import Path

import torch
import yaml

from torch_npu.contrib import transfer_to_npu  # noqa: F401 takes nccl for hccl

# Read by the module while it is imported; the number of ranks comes from the target.
os.environ["BACKEND"] = "nccl"
os.environ.setdefault("WORLD_SIZE", "2")
os.environ["MASTER_ADDR"] = "127.0.0.1"
torch.cuda.nccl.version = lambda: (2, 27, 0)
from torch.testing._internal.distributed.distributed_test import (  # noqa: E402
    DistributedTest,
    TestDistBackend,
)

LEFT_OUT = yaml.safe_load((Path(__file__).parent / "upstream.yaml").read_text())


class TestHccl(TestDistBackend, DistributedTest._DistTestBase):
    def setUp(self) -> None:
        super().setUp()
        # What a rank imports is imported once: hundreds of tests start their ranks anew.
        self._start_processes(torch.multiprocessing.get_context("fork").Process)


for name, reason in LEFT_OUT.items():
    setattr(TestHccl, name, unittest.skip(reason)(getattr(TestHccl, name)))
