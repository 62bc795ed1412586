"""python -m torch_npu.selftest."""

from tests.core.emulated import run_python
from torch_npu import selftest

RUN = """
import runpy
if __name__ == "__main__":
    runpy.run_module("torch_npu.selftest", run_name="__main__", alter_sys=True)
"""


def test_it_passes_on_a_machine_that_works():
    result = run_python(
        "import sys\nfrom torch_npu import selftest\nsys.exit(selftest.main())",
        TORCH_NPU_CANN="emulator",
    )
    lines = [line for line in result.stdout.splitlines() if line[:4] in ("PASS", "FAIL", "SKIP")]
    assert [line.split(":")[0] for line in lines] == [
        f"PASS {name}" for name in ("versions", "device", "operator", "collective", "profile")
    ], result.stderr
    assert result.returncode == 0
    assert "all_reduce of 2 ranks" in result.stdout


def test_without_cann_it_says_what_to_do():
    result = run_python(RUN, TORCH_NPU_CANN="system", ASCEND_HOME_PATH="", ASCEND_TOOLKIT_HOME="")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("PASS versions: ") and lines[0].endswith("CANN none")
    assert lines[1].startswith("FAIL device: No NPU can be used: no CANN installation was found")
    assert "pip install ascend_emulator" in lines[2]
    assert lines[3:] == [
        f"SKIP {name}: needs a device" for name in ("operator", "collective", "profile")
    ]


def test_any_failure_is_reported_with_advice_and_the_rest_runs(capsys):
    def fail() -> str:
        raise ValueError("no such thing")

    checks = (
        selftest.Check("first", fail, "mend it"),
        selftest.Check("second", lambda: "fine", "never said"),
    )
    assert not selftest.run(checks)
    captured = capsys.readouterr()
    assert captured.out == "FAIL first: no such thing\n     mend it\nPASS second: fine\n"
    assert "ValueError" in captured.err


def test_wrong_results_are_failures(monkeypatch):
    import pytest
    import torch

    monkeypatch.setattr(torch.Tensor, "npu", lambda tensor: tensor + 1)
    with pytest.raises(selftest.Failure, match="differs from the CPU"):
        selftest.check_operator()
