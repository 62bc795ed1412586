"""set_sync_debug_mode: the host's waits are found."""

import warnings

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import run_python

WAITS = {
    "item": lambda x: x[0].item(),
    "cpu": lambda x: x.cpu(),
    "bool": lambda x: bool(x[0] > 0),
    "nonzero": lambda x: x.nonzero(),
    "masked_select": lambda x: x.masked_select(x > 0),
    "copy from the host": lambda x: x.copy_(torch.ones(4)),
    "tolist": lambda x: x.tolist(),
    "Stream.synchronize": lambda _: torch.npu.current_stream().synchronize(),
}
NO_WAITS = {
    "operators": lambda x: (x + 1).sum(),
    "pinned copy": lambda x: torch.empty(4, pin_memory=True).copy_(x, non_blocking=True),
    "Event.synchronize": lambda _: torch.npu.current_stream().record_event().synchronize(),
    "synchronize": lambda _: torch.npu.synchronize(),
}


@pytest.fixture(autouse=True)
def default_mode():
    yield
    torch.npu.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", WAITS)
def test_waits_are_told(name):
    tensor = torch.ones(4, device="npu")
    torch.npu.set_sync_debug_mode("warn")
    with pytest.warns(UserWarning, match="the host waited for an npu stream"):
        WAITS[name](tensor)
    torch.npu.set_sync_debug_mode("error")
    with pytest.raises(RuntimeError, match=r"the host waited for an npu stream.*an error"):
        WAITS[name](tensor)
    torch.npu.set_sync_debug_mode("default")
    WAITS[name](tensor)
    assert tensor.tolist() == [1.0] * 4


@pytest.mark.parametrize("name", NO_WAITS)
def test_what_does_not_wait_is_not_told(name):
    tensor = torch.ones(4, device="npu")
    torch.npu.set_sync_debug_mode("error")
    NO_WAITS[name](tensor)
    torch.npu.set_sync_debug_mode(0)
    assert tensor.tolist() == [1.0] * 4


@pytest.mark.parametrize(("mode", "number"), [("default", 0), ("warn", 1), ("error", 2), (1, 1)])
def test_modes_are_names_or_numbers(mode, number):
    torch.npu.set_sync_debug_mode(mode)
    assert torch.npu.get_sync_debug_mode() == number


@pytest.mark.parametrize("mode", ["loud", 3, -1])
def test_other_modes_are_refused(mode):
    with pytest.raises(ValueError, match="mode must be"):
        torch.npu.set_sync_debug_mode(mode)
    assert torch.npu.get_sync_debug_mode() == 0


def test_silent_by_default():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.ones(1, device="npu").item() == 1


def test_blocking_launches_are_not_told():
    result = run_python(
        "import torch, torch_npu\n"
        "torch.npu.set_sync_debug_mode('error')\n"
        "torch.ones(2, device='npu').add_(1)\n"
        "print('done')",
        ASCEND_LAUNCH_BLOCKING="1",
    )
    assert result.stdout == "done\n", result.stderr
