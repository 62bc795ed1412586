"""The task queue: order, several threads, back-pressure, errors, fork and exit, at every level."""

import concurrent.futures

import pytest
import torch

from tests.core.emulated import run_python
from torch_npu import _C

LEVELS = ["0", "1", "2"]
# Depends on the order of every operator, copy and event.
PROGRAM = """
import torch, torch_npu
x = torch.arange(6.0, device="npu").reshape(2, 3)
total = torch.zeros(2, 2, device="npu")
side = torch.npu.Stream()
for i in range(300):
    y = x * (i % 7) + 1
    side.wait_stream(torch.npu.current_stream())
    with torch.npu.stream(side):
        z = y.mm(y.t())
    torch.npu.current_stream().wait_stream(side)
    z.record_stream(torch.npu.current_stream())
    total += z.softmax(1)
    if i % 50 == 0:
        x = x + total.sum().item() * 1e-3
print(torch_npu._C._task_queue_level(), total.sum().item(), x.sum().item())
"""


@pytest.fixture(autouse=True)
def queued():
    assert _C._task_queue_level() == 1, "these tests are about the default"


def test_every_level_computes_the_same():
    outputs = []
    for level in LEVELS:
        result = run_python(PROGRAM, TASK_QUEUE_ENABLE=level)
        assert result.returncode == 0, result.stderr
        used, *values = result.stdout.split()
        assert used == level
        outputs.append(values)
    assert outputs[0] == outputs[1] == outputs[2]


def test_blocking_launches_have_no_queue():
    result = run_python(PROGRAM, ASCEND_LAUNCH_BLOCKING="1")
    assert result.stdout.split()[0] == "0", result.stderr


def test_a_level_that_is_none_is_refused():
    result = run_python("import torch, torch_npu; torch.ones(1).npu()", TASK_QUEUE_ENABLE="3")
    assert result.returncode != 0
    assert "TASK_QUEUE_ENABLE must be a whole number from 0 to 2" in result.stderr


def test_a_full_queue_holds_the_caller_back():
    x = torch.zeros(1, device="npu")
    for _ in range(10_000):  # more than the ring has slots
        x += 1
    assert x.item() == 10_000


def test_events_are_not_reached_before_their_work():
    x, gate = torch.zeros(4, device="npu"), torch.npu.ExternalEvent()
    event = torch.npu.Event()
    gate.wait()
    for _ in range(4):
        x += 1
    event.record()
    assert not event.query()
    assert not torch.npu.current_stream().query()
    gate.record(torch.npu.Stream())
    event.synchronize()
    assert event.query()
    assert x.tolist() == [4.0] * 4


def test_threads_keep_their_order():
    def work(seed: int) -> bool:
        stream = torch.npu.Stream()
        with torch.npu.stream(stream):
            x = torch.full((8,), float(seed), device="npu:0")
            for _ in range(500):
                x = x * 2 - seed
        stream.synchronize()
        return bool((x.cpu() == seed).all())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1, 17)))


def test_autograd_threads_share_the_queue():
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.GELU(), torch.nn.Linear(8, 1))
    data = torch.randn(16, 8)
    model(data).sum().backward()
    expected = [p.grad.clone() for p in model.parameters()]
    model = model.npu()
    model.zero_grad()
    model(data.npu()).sum().backward()
    for parameter, grad in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad.cpu(), grad, rtol=1e-4, atol=1e-5)


def test_work_outstanding_at_exit_is_done():
    script = """
import torch, torch_npu
x = torch.zeros(4, device="npu")
for _ in range(2000):
    x += 1
"""
    for level in LEVELS:
        result = run_python(script, TASK_QUEUE_ENABLE=level)
        assert result.returncode == 0, result.stderr
        assert result.stderr == "" or "torch_npu" in result.stderr


def test_a_forked_child_is_told():
    script = """
import os, torch, torch_npu
x = torch.zeros(4, device="npu")
for _ in range(100):
    x += 1
pid = os.fork()
if pid == 0:
    try:
        x += 1
    except RuntimeError as error:
        os._exit(7 if "forked child" in str(error) else 1)
    os._exit(2)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), x.sum().item())
"""
    result = run_python(script)
    assert result.stdout.split() == ["7", "400.0"], result.stderr


def test_launching_does_not_wait_for_the_device():
    x, gate = torch.zeros(4, device="npu"), torch.npu.ExternalEvent()
    torch.npu.synchronize()
    gate.wait()
    for _ in range(5):
        x += 1
    assert not torch.npu.current_stream().query()
    gate.record(torch.npu.Stream())
    torch.npu.synchronize()
    assert torch.npu.current_stream().query()
    assert x.tolist() == [5.0] * 4
