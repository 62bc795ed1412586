"""npu tensors and events in other processes."""

import gc
import io
import os
import queue
import time
from multiprocessing.reduction import ForkingPickler

import pytest
import torch
import torch.multiprocessing as mp

import torch_npu  # noqa: F401
from tests.core.emulated import kernel_count, run_python
from torch_npu.multiprocessing.reductions import rebuild_npu_tensor

PATIENCE = 120  # seconds


def serve(requests: mp.Queue, replies: mp.Queue) -> None:
    """Does to each tensor what the request says, until there is None."""
    held = {}
    while (request := requests.get(timeout=PATIENCE)) is not None:
        name, tensor = request
        if name == "add":
            tensor.add_(1)
            replies.put((str(tensor.device), tensor.shape, tensor.stride(), tensor.requires_grad))
        elif name == "kind":
            replies.put((type(tensor).__name__, tensor.requires_grad, tensor.tolist()))
        elif name == "share":
            a, b = tensor
            a.fill_(7)
            replies.put((b.tolist(), a.untyped_storage().data_ptr() == b.data_ptr()))
        elif name == "hold":
            held[0] = tensor
            replies.put(float(tensor.sum()))
        elif name == "drop":
            held.clear()
            replies.put(None)
        elif name == "wait":
            event, value = tensor
            event.synchronize()
            replies.put(value.tolist())
        elif name == "make":
            held[0] = torch.arange(5.0, device="npu")
            replies.put(held[0])
        del request, tensor
        gc.collect()


@pytest.fixture(scope="module")
def other():
    context = mp.get_context("spawn")
    requests, replies = context.Queue(), context.Queue()
    process = context.Process(target=serve, args=(requests, replies), daemon=True)
    process.start()

    def ask(name: str, tensor: object = None) -> object:
        requests.put((name, tensor))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.is_alive():
            try:
                return replies.get(timeout=1)
            except queue.Empty:
                continue
        raise AssertionError(f"no reply to {name!r}; the other process: {process.exitcode}")

    yield ask
    requests.put(None)
    process.join(PATIENCE)
    assert process.exitcode == 0


def test_the_other_process_writes_into_the_same_memory(other):
    tensor = torch.zeros(4, 6, device="npu").t()[1:]
    reply = other("add", tensor)
    assert reply == ("npu:0", tensor.shape, tensor.stride(), False)
    assert (tensor == 1).all().item()


def test_parameters_stay_parameters(other):
    tensor = torch.ones(3, device="npu")
    assert other("kind", torch.nn.Parameter(tensor)) == ("Parameter", True, [1.0] * 3)
    assert other("kind", tensor.requires_grad_()) == ("Tensor", True, [1.0] * 3)


def test_views_of_one_storage_stay_views(other):
    base = torch.zeros(8, device="npu")
    assert other("share", (base, base[:2])) == ([7.0, 7.0], True)


def test_work_that_is_under_way_is_seen(other):
    tensor = torch.zeros(1 << 20, device="npu")
    for _ in range(20):
        tensor += 1
    assert other("hold", tensor) == 20.0 * (1 << 20)


def test_memory_is_kept_until_the_other_process_is_done(other):
    other("drop")
    torch.npu.ipc_collect()
    before = torch.npu.memory_allocated()
    tensor = torch.ones(1 << 20, device="npu")
    assert other("hold", tensor) == float(1 << 20)
    del tensor
    torch.npu.ipc_collect()
    assert torch.npu.memory_allocated() > before
    other("drop")
    deadline = time.monotonic() + PATIENCE
    while torch.npu.memory_allocated() > before and time.monotonic() < deadline:
        torch.npu.ipc_collect()
    assert torch.npu.memory_allocated() == before


def test_tensors_come_back(other):
    received = other("make")
    assert received.device.type == "npu"
    assert received.tolist() == [0, 1, 2, 3, 4]
    del received
    other("drop")


def test_events_are_shared(other):
    tensor = torch.zeros(4, device="npu")
    event = torch.npu.Event(interprocess=True)
    kernels = kernel_count()
    tensor += 3
    event.record()
    assert other("wait", (event, tensor)) == [3.0] * 4
    assert kernel_count() > kernels


def test_empty_tensors_are_sent(other):
    assert other("hold", torch.empty(0, 3, device="npu")) == 0.0


def test_only_leaves_are_sent():
    tensor = torch.ones(2, device="npu", requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"send tensor\.detach\(\)"):
        ForkingPickler.dumps(tensor)


def test_rebuilding_by_hand():
    """As programs do that send the arguments by ways of their own."""
    tensor = torch.arange(6.0, device="npu")
    rebuild, arguments = ForkingPickler(io.BytesIO()).dispatch_table[torch.Tensor](tensor)
    assert rebuild is rebuild_npu_tensor
    assert rebuild(*arguments).data_ptr() == tensor.data_ptr()


SENDER = """
import os, torch, torch_npu
from multiprocessing.reduction import ForkingPickler
ForkingPickler.dumps(torch.ones(3, device="npu"))
print(os.getpid())
"""


def test_no_file_is_left_behind():
    before = set(os.listdir("/dev/shm"))  # others', whose pids may be equal in other namespaces
    sender = run_python(SENDER)
    assert sender.returncode == 0, sender.stderr
    pid = sender.stdout.strip()
    left = set(os.listdir("/dev/shm")) - before
    assert not [name for name in left if name.startswith(f"torch_{pid}_")]
