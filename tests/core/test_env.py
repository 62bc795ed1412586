"""The tables have every environment variable that is read, and bad values are refused."""

import re
from pathlib import Path

import pytest

import torch_npu
from tests.core.emulated import run_python
from torch_npu import _environment

READS = re.compile(
    r"""(?:getenv\(|environ(?:\.get\(|\[)|env::(?:flag|integer|text)\(|_environment\.flag\()\s*["'](\w+)["']"""
)


def test_every_variable_that_is_read_is_in_the_table():
    known = {name for name, *_ in _environment.table()}
    package = Path(torch_npu.__file__).parent
    sources = [*package.rglob("*.py"), *Path("csrc").rglob("*.cc"), *Path("csrc").rglob("*.h")]
    assert any(path.suffix == ".cc" for path in sources)
    unknown = {
        f"{path}: {name}"
        for path in sources
        for name in READS.findall(path.read_text())
        if name not in known
    }
    assert not unknown


def test_every_row_is_complete():
    for name, kind, default, meaning in _environment.table():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", name)
        assert kind in ("flag", "integer", "text", "path")
        assert default in ("", "0", "1") or kind != "flag"
        assert len(meaning) > 10


@pytest.mark.parametrize("name", ["ASCEND_LAUNCH_BLOCKING", "TORCH_NPU_FALLBACK_CPU_DISABLE"])
def test_a_flag_that_is_no_flag_is_refused_before_any_work(name):
    result = run_python("import torch, torch_npu\ntorch.empty(2, device='npu')", **{name: "maybe"})
    assert result.returncode != 0
    assert f"{name} must be 0 or 1" in result.stderr
    assert "'maybe'" in result.stderr


def test_launch_blocking_waits_for_every_operator():
    script = """
import time, torch, torch_npu
x = torch.ones(2, device="npu")
start = time.monotonic()
x.add_(1)
print(time.monotonic() - start)
"""
    delay = {"ASCEND_EMULATOR_KERNEL_DELAY_US": "2000000"}
    assert float(run_python(script, ASCEND_LAUNCH_BLOCKING="1", **delay).stdout) >= 2
    assert float(run_python(script, ASCEND_LAUNCH_BLOCKING="0", **delay).stdout) < 2
