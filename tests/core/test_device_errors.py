"""Errors of kernels, which come after the call: who is named, and how the process goes on."""

import pytest
import torch

from tests.core.emulated import inject_faults, run_python

FAULT = "a fault was injected"


@pytest.fixture(autouse=True)
def usable_again():
    yield
    inject_faults("")
    torch.npu.stop_device(0)
    torch.npu.restart_device(0)
    assert torch.ones(3, device="npu").sum().item() == 3


def test_the_operator_is_named_with_its_shapes() -> None:
    x = torch.ones(2, 3, device="npu")
    y = torch.ones(3, 5, device="npu")
    torch.npu.synchronize()
    inject_faults("aclnnMm")
    z = x.mm(y)
    for _ in range(4):
        z = z + 1
    with pytest.raises(torch.AcceleratorError) as error:
        torch.npu.synchronize()
    text = str(error.value)
    assert "The operator that failed: aclnnMm(float32[2, 3], float32[3, 5], float32[2, 5])" in text
    assert FAULT in text
    assert text.index("Last launches on npu:0") < text.index("aclnnAdd")


def message_of_failure(operator: str) -> str:
    with pytest.raises(torch.AcceleratorError) as error:
        torch.npu.synchronize()
    text = str(error.value)
    assert FAULT in text
    return next(line for line in text.splitlines() if operator in line and "failed" in line)


def test_a_name_that_begins_another_is_not_taken_for_it() -> None:
    x, y = torch.ones(3, device="npu"), torch.ones(5, device="npu")
    torch.npu.synchronize()
    inject_faults("aclnnAdds")
    x + 1
    y + y  # aclnnAdd
    line = message_of_failure("The operator")
    assert "aclnnAdds(float32[3]" in line
    assert "aclnnAdd(" not in line


def test_the_call_is_told_from_others_of_its_operator() -> None:
    x, y, z = (torch.ones(n, device="npu") for n in (3, 5, 7))
    torch.npu.synchronize()
    inject_faults("aclnnMul:2")
    x * x
    y * y
    z * z
    line = message_of_failure("The operator")
    assert line.endswith("failed: aclnnMul(float32[5], float32[5], float32[5])")


@pytest.mark.parametrize("guilty", range(1, 9))
def test_the_call_is_told_from_others_on_other_streams(guilty) -> None:
    streams = [torch.npu.Stream(), torch.npu.Stream()]
    tensors = [torch.ones(size, device="npu") for size in range(3, 11)]
    torch.npu.synchronize()
    inject_faults(f"aclnnMul:{guilty}")
    with torch.npu.stream(streams[0]):
        gate = torch.npu.ExternalEvent()
        gate.wait()
        for tensor in tensors:
            with torch.npu.stream(streams[tensor.numel() % 2]):
                # In order, so that the number of the fault is the number of the call.
                torch.npu.current_stream().wait_stream(streams[1 - tensor.numel() % 2])
                tensor * tensor
    gate.record(torch.npu.current_stream())
    line = message_of_failure("The operator")
    assert f"failed: aclnnMul(float32[{guilty + 2}]" in line


# The graph's own tasks are not launches: only CANN's text says something.
def test_calls_of_a_graph_that_may_be_meant_are_all_named() -> None:
    x, y = torch.ones(2, 3, device="npu"), torch.ones(7, device="npu")
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        x * x
        y * y
    torch.npu.synchronize()
    inject_faults("aclnnMul")
    graph.replay()
    line = message_of_failure("The operator")
    assert "is one of: aclnnMul(float32[7]" in line
    assert "aclnnMul(float32[2, 3]" in line


def test_an_event_after_a_failure_tells_of_it() -> None:
    x, event = torch.ones(3, device="npu"), torch.npu.Event()
    torch.npu.synchronize()
    assert event.query()
    inject_faults("aclnnNeg")
    x.neg()
    event.record()
    with pytest.raises(torch.AcceleratorError, match=r"failed: aclnnNeg"):
        while not event.query():
            pass


def test_memory_is_used_again_after_a_failure() -> None:
    x, side = torch.ones(1 << 20, device="npu"), torch.npu.Stream()
    torch.npu.synchronize()
    with torch.npu.stream(side):
        inject_faults("aclnnNeg")
        x.neg()
    address = x.data_ptr()
    x.record_stream(side)
    del x  # waits for the side stream, which has failed
    with pytest.raises(torch.AcceleratorError):
        side.synchronize()
    torch.npu.stop_device(0)
    torch.npu.restart_device(0)
    assert address in {torch.empty(1 << 20, device="npu").data_ptr() for _ in range(3)}


def test_an_operator_is_named_however_much_followed() -> None:
    x = torch.ones(11, device="npu")
    torch.npu.synchronize()
    inject_faults("aclnnNeg")
    x.neg()
    for _ in range(500):
        x + 1
    assert "failed: aclnnNeg(float32[11]" in message_of_failure("The operator")


def test_too_much_followed_to_name_the_operator() -> None:
    x = torch.ones(11, device="npu")
    torch.npu.synchronize()
    inject_faults("aclnnNeg")
    x.neg()
    for _ in range(8200):
        x.add_(1)
    assert "failed is none of the last 8192" in message_of_failure("The operator")


STACKS = """
import ctypes, torch, torch_npu
from torch_npu import _loader
library = ctypes.CDLL(f"{_loader.cann_home()}/lib64/libascendcl.so")
def guilty(x):
    return x * 2
x = torch.ones(3, device="npu")
for _ in range(3):
    x + 1, x * 2
torch.npu.synchronize()
library.emulatorInjectFaults(b"aclnnMuls")
y = guilty(x)
z = [x + 1 for _ in range(3)]
torch.npu.synchronize()
"""


@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_the_python_stack_of_the_operator_is_shown_if_asked_for(level) -> None:
    environment = {"TASK_QUEUE_ENABLE": level}
    text = run_python(STACKS, TORCH_NPU_LAUNCH_STACKS="1", **environment).stderr
    message = text[text.rindex("AcceleratorError:") :]
    assert "The operator that failed: aclnnMuls(" in message
    stack = message[message.index("Its last call came from:") :]
    assert stack.index("<string>:6 in guilty") < stack.index("<string>:12 in <module>")
    assert "Its last call came from" not in run_python(STACKS, **environment).stderr


def test_a_device_works_again_after_a_restart() -> None:
    x = torch.ones(4, device="npu")
    torch.npu.synchronize()
    inject_faults("*")
    x.add_(1)
    with pytest.raises(torch.AcceleratorError):
        torch.npu.synchronize()
    torch.npu.stop_device(0)
    torch.npu.restart_device(0)
    x.fill_(2)
    assert (x * 3).tolist() == [6.0] * 4


def test_stop_and_restart_say_what_they_do_not_take() -> None:
    with pytest.raises(NotImplementedError, match="init_process_group"):
        torch.npu.restart_device(0, rebuild_all_resources=True)
    with pytest.raises(RuntimeError, match="out of range"):
        torch.npu.stop_device(99)


# Level 2 prepares a call when it is its turn in the queue: what is wrong with it comes later, too.
PREPARED_LATER = """
import torch, torch_npu
x = torch.ones(2, device="npu").reshape([1] * 8 + [2])  # functions take eight dimensions
torch.npu.synchronize()
try:
    y = x + 1
    print("queued")
    torch.npu.synchronize()
except RuntimeError as error:
    print(error)
print(torch.ones(2, device="npu").sum().item())
"""


def test_errors_of_queued_preparations_name_the_operator() -> None:
    result = run_python(PREPARED_LATER, TASK_QUEUE_ENABLE="2")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("queued")
    assert "aclnnAdds(float32[1, 1, 1, 1, 1, ...]" in result.stdout
    assert result.stdout.split()[-1] == "2.0"
