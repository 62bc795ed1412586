"""A forked child of a process that uses NPUs gets an error, not a hang."""

from tests.core.emulated import run_python

FORK = """
import os, sys, torch, torch_npu
{before}
child = os.fork()
if child == 0:
    try:
        {action}
        print("worked", flush=True)
    except RuntimeError as error:
        print(str(error).splitlines()[0], torch.npu._is_in_bad_fork(), flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
print("status", status)
"""


def fork(before: str, action: str) -> str:
    result = run_python(FORK.format(before=before, action=action))
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_using_a_device_in_a_forked_child_is_an_error():
    before = "x = torch.ones(2, device='npu')"
    for action in (
        "torch.ones(2, device='npu')",
        "x + 1",
        "x.cpu()",
        "torch.npu.set_device(1)",
        "torch.npu.synchronize()",
        "torch.npu.current_stream().synchronize()",
    ):
        output = fork(before, action)
        assert "Cannot use an NPU in a forked child" in output, action
        assert "'spawn'" in output
        assert "True" in output
        assert "status 0" in output


def test_a_child_may_drop_its_parents_tensors():
    output = fork(
        "x = torch.ones(2, device='npu')", "del x; torch.manual_seed(1); torch.ones(2).sum()"
    )
    assert output == "worked\nstatus 0\n"


def test_forking_before_the_first_use_is_fine():
    before = "assert torch.npu.is_available() and not torch.npu.is_initialized()"
    output = fork(before, "assert torch.ones(2, device='npu').sum().item() == 2")
    assert output == "worked\nstatus 0\n"
