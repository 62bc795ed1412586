"""python -m torch_npu.migrate."""

import subprocess

from tests.core.emulated import run_python
from torch_npu import migrate

TEXT = (
    "import torch\nx = torch.ones(2).cuda()\nif x.device.type == 'cuda':\n    torch.cuda.cudart()\n"
)


def test_it_lists_counts_and_writes_a_patch(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "script.py").write_text(TEXT)
    (tmp_path / "package" / "plain.py").write_text("x = 1")
    assert migrate.main(["package", "--patch", "cuda.patch"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "package/script.py:2:5: rewritten: .cuda: .npu",
        "package/script.py:3:21: compared: 'cuda': 'npu': transfer_to_npu does not change "
        "comparisons",
        "package/script.py:4:5: no counterpart: torch.cuda.cudart: use torch.npu's functions, such "
        "as mem_get_info() and synchronize()",
    ]
    assert lines[3] == (
        "2 files, 3 uses of CUDA: 1 rewritten, 1 compared, 0 environment, 0 no effect, "
        "1 no counterpart"
    )
    subprocess.run(["git", "apply", "cuda.patch"], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "package" / "script.py").read_text() == (
        "import torch\nimport torch_npu  # noqa: F401\nx = torch.ones(2).npu()\n"
        "if x.device.type == 'npu':\n    torch.cuda.cudart()\n"
    )


def test_files_that_cannot_be_read_are_named_and_the_rest_is_scanned(tmp_path, capsys):
    (tmp_path / "a.py").write_text("print 'python 2'")
    (tmp_path / "b.py").write_text("x.cuda()")
    (tmp_path / "c.py").write_bytes(b"# \xff")
    assert migrate.main([str(tmp_path), str(tmp_path / "none.py")]) == 1
    captured = capsys.readouterr()
    assert "b.py:1:1: rewritten" in captured.out
    for name in ("a.py", "c.py", "none.py"):
        assert f"{tmp_path / name}: cannot be read: " in captured.err


def test_it_runs_as_a_program(tmp_path):
    script = tmp_path / "x.py"
    script.write_text(TEXT)
    result = run_python(
        "import runpy, sys\n"
        f"sys.argv = ['migrate', '--in-place', {str(script)!r}]\n"
        "runpy.run_module('torch_npu.migrate', run_name='__main__')"
    )
    assert result.returncode == 0, result.stderr
    assert "3 uses of CUDA" in result.stdout
    assert ".npu()" in script.read_text()
