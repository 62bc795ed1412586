"""torch_npu.testing.common_utils and common_distributed."""

import unittest

import numpy as np
import pytest
import torch
import torch.distributed as dist

from tests.core.emulated import run_python
from torch_npu.testing import common_distributed, common_utils


def test_tensors_on_both_sides():
    cpu, npu = common_utils.create_common_tensor((np.float16, 2, (3, 4)), -1, 1)
    assert cpu.dtype == torch.float16 and cpu.shape == (3, 4) and npu.is_npu
    assert torch.equal(cpu, npu.cpu()) and cpu.abs().max() <= 1
    for dtype in (torch.float32, torch.uint8, torch.int64, torch.bool, torch.complex64):
        cpu, npu = common_utils.create_dtype_tensor((50,), dtype, no_zero=True, device="npu:1")
        assert cpu.dtype == dtype and str(npu.device) == "npu:1"
        assert torch.equal(cpu, npu.cpu()) and bool((cpu != 0).all())


def test_the_device_of_tests(monkeypatch):
    monkeypatch.delenv("SET_NPU_DEVICE", raising=False)
    assert common_utils.get_npu_device() == "npu:0"
    monkeypatch.setenv("SET_NPU_DEVICE", "1")
    assert common_utils.get_npu_device() == "npu:1"
    try:
        common_utils.set_npu_device()
        assert torch.npu.current_device() == 1
    finally:
        torch.npu.set_device(0)


def test_random_numbers_go_on_as_before():
    with common_utils.freeze_rng_state():
        first = torch.rand(2), torch.rand(2, device="npu")
    again = torch.rand(2), torch.rand(2, device="npu")
    assert all(bool((a == b).all()) for a, b in zip(first, again, strict=True))


def test_small_helpers():
    assert common_utils.is_iterable([]) and not common_utils.is_iterable(3)
    assert list(common_utils.iter_indices(torch.ones(2))) == [0, 1]
    assert list(common_utils.iter_indices(torch.ones(1, 2))) == [(0, 0), (0, 1)]
    assert common_utils.get_cycles_per_ms() > 0


def test_operators_of_a_profile():
    with torch.autograd.profiler.profile() as prof:
        torch.ones(2, device="npu") + 1
    assert common_utils.check_operators_in_prof(["aten::add"], prof, ["aten::mul"])
    assert not common_utils.check_operators_in_prof(["aten::mul"], prof)
    assert not common_utils.check_operators_in_prof(["aten::add"], prof, ["aten::ones"])


@pytest.mark.parametrize(
    ("runs", "skips", "reason"),
    [
        (
            common_utils.SupportedDevices(["Ascend910B"]),
            common_utils.SupportedDevices(["Ascend310P"]),
            r"needs one of \['Ascend310P'\], not Ascend910B",
        ),
        (
            common_utils.SkipIfNotGteCANNVersion("9.0.0"),
            common_utils.SkipIfNotGteCANNVersion("99.0"),
            "needs CANN 99.0, not 9",
        ),
        (
            lambda function: function,
            common_utils.SkipIfNotRegistered("npu_no_such_operator"),
            "there is no torch.ops.npu.npu_no_such_operator",
        ),
        (
            common_distributed.skipIfUnsupportMultiNPU(2),
            common_distributed.skipIfUnsupportMultiNPU(1000),
            "needs 1000 NPUs, there are",
        ),
    ],
)
def test_skips(runs, skips, reason):
    assert runs(lambda x: x)(3) == 3
    with pytest.raises(unittest.SkipTest, match=reason):
        skips(lambda x: x)(3)


def test_process_groups(tmp_path):
    calls = []

    class Tests:
        def init_pg(self):
            common_distributed.init_pg("hccl", 1, 0, f"file://{tmp_path}/store")

        def destroy_pg(self):
            calls.append("destroyed")
            dist.destroy_process_group()

        @common_distributed.with_comms
        def test_it(self, value):
            tensor = torch.full((1,), value, device="npu")
            dist.all_reduce(tensor)
            return tensor.item()

    assert Tests().test_it(3.0) == 3.0
    assert calls == ["destroyed"] and not dist.is_initialized()
    assert common_distributed.TestSkip(72, "why").message == "why"
    with pytest.raises(ValueError, match="expected backend as hccl or gloo, got 'mpi'"):
        common_distributed.init_pg("mpi")


def test_run_tests_runs_unittests():
    result = run_python(
        "from torch_npu.testing.testcase import TestCase, run_tests\n"
        "class Tests(TestCase):\n"
        "    __test__ = True\n"
        "    def test_it(self): self.assertRtolEqual([1.0], [1.0])\n"
        "run_tests()"
    )
    assert result.returncode == 0, result.stderr
    assert "Ran 1 test" in result.stderr
