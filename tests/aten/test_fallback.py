"""What runs on the CPU is visible: warned once per operator, counted, and can be forbidden."""

import warnings

import pytest
import torch

import torch_npu

OP = "aten::special_airy_ai.out"


@pytest.fixture(autouse=True)
def fresh_counts():
    torch_npu._C.reset_fallback_stats()
    yield
    torch_npu._C.reset_fallback_stats()


def fall_back() -> torch.Tensor:
    return torch.special.airy_ai(torch.ones(3, device="npu"))


def test_result_is_right_and_on_the_device() -> None:
    result = fall_back()
    assert result.device == torch.device("npu:0")
    torch.testing.assert_close(result.cpu(), torch.special.airy_ai(torch.ones(3)))


def test_counted_by_name() -> None:
    fall_back()
    fall_back()
    assert sum(torch_npu._C.fallback_stats().values()) == 2
    assert all("special_airy_ai" in name for name in torch_npu._C.fallback_stats())


def test_warned_once_per_operator() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fall_back()
        fall_back()
    told = [str(w.message) for w in caught if "no NPU kernel" in str(w.message)]
    assert len(told) == 1
    assert "special_airy_ai" in told[0]
    assert "TORCH_NPU_FALLBACK_CPU_DISABLE" in told[0]


def test_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_NPU_FALLBACK_CPU_DISABLE", "1")
    with pytest.raises(NotImplementedError, match=r"special_airy_ai.*no NPU kernel"):
        fall_back()
    assert not torch_npu._C.fallback_stats()
    torch.ones(3, device="npu").sin()  # operators with a kernel go on
