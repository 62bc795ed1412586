"""The two wheels of this build."""

from pathlib import Path


def _only(pattern: str) -> Path:
    found = sorted(Path().glob(pattern))
    assert len(found) == 1, f"{pattern}: expected one file, found {found}"
    return found[0].absolute()


TORCH_NPU = _only("torch_npu-*.whl")
ASCEND_EMULATOR = _only("emulator/ascend_emulator-*.whl")
