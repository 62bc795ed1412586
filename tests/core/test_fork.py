"""A forked child of a process that uses NPUs gets an error, not a hang."""

from tests.core.emulated import run_python

FORK = """
import os, torch, torch_npu
{before}
for action in {actions!r}:
    child = os.fork()
    if child == 0:
        try:
            exec(action)
            print("worked", flush=True)
        except RuntimeError as error:
            print(str(error).splitlines()[0], torch.npu._is_in_bad_fork(), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def fork(before: str, *actions: str) -> list[str]:
    """Runs each action in a forked child of its own; one line of output for each."""
    result = run_python(FORK.format(before=before, actions=actions))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == len(actions)
    return lines


def test_using_a_device_in_a_forked_child_is_an_error():
    for line in fork(
        "x = torch.ones(2, device='npu')",
        "torch.ones(2, device='npu')",
        "x + 1",
        "x.cpu()",
        "torch.npu.set_device(1)",
        "torch.npu.synchronize()",
        "torch.npu.current_stream().synchronize()",
    ):
        assert line.startswith("Cannot use an NPU in a forked child")
        assert "'spawn'" in line
        assert line.endswith("True")


def test_a_child_may_drop_its_parents_tensors():
    action = "del x; torch.manual_seed(1); torch.ones(2).sum()"
    assert fork("x = torch.ones(2, device='npu')", action) == ["worked"]


def test_forking_before_the_first_use_is_fine():
    before = "assert torch.npu.is_available() and not torch.npu.is_initialized()"
    assert fork(before, "assert torch.ones(2, device='npu').sum().item() == 2") == ["worked"]
