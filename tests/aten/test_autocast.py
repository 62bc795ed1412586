"""PyTorch's lists of what autocast casts on CUDA, under torch.autocast("npu")."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F
from torch.testing._internal.autocast_test_lists import AutocastTestLists
from torch.utils import _pytree as pytree

LISTS = AutocastTestLists("cpu")
WHERE = (torch.Tensor, torch, torch._C._nn, torch._C._linalg, F)
LOWER = ("torch_fp16", "nn_fp16", "linalg_fp16", "methods_fp16")
WIDER = ("torch_fp32", "nn_fp32", "methods_fp32")
PROMOTED = ("torch_need_autocast_promote",)
BUILTIN = ("torch_expect_builtin_promote", "methods_expect_builtin_promote")
# Entries that are no call on an NPU.
LEFT_OUT = {
    "cudnn_convolution": "CUDA's",
    "cudnn_convolution_transpose": "CUDA's",
    "einsum": "the list gives it no tensors; test_equations",
    "__div__": "not in Python 3",
    "equal": "its result is a bool",
}


def entries(*lists: str) -> list:
    return [
        pytest.param(entry, id=f"{name}-{entry[0]}-{place}")
        for name in lists
        for place, entry in enumerate(getattr(LISTS, name))
        if entry[0] not in LEFT_OUT
    ]


def on_npu(value: Any, dtype: torch.dtype | None = None) -> Any:
    """On the device; floating-point tensors as `dtype`, if that is given."""

    def move(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to("npu", dtype if tensor.is_floating_point() else None)

    return pytree.tree_map_only(torch.Tensor, move, value)


def function_of(name: str) -> Any:
    return next(getattr(place, name) for place in WHERE if hasattr(place, name))


def call(entry: tuple, dtype: torch.dtype | None = None) -> list[torch.Tensor]:
    """Tensors that the entry's call gives; a third element may be its keyword arguments."""
    kwargs = entry[2] if len(entry) > 2 and isinstance(entry[2], dict) else {}
    result = function_of(entry[0])(*on_npu(entry[1], dtype), **kwargs)
    return [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]


def check(entry: tuple, autocast: torch.dtype, expected: torch.dtype) -> None:
    """The result is of dtype `expected`, and the one of a call with tensors of that dtype."""
    with torch.autocast("npu", dtype=autocast):
        actual = call(entry)
    assert {tensor.dtype for tensor in actual} == {expected}
    control = call(entry, expected)
    torch.testing.assert_close(actual, control, equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("entry", entries(*LOWER))
def test_lower_precision(entry: tuple, dtype: torch.dtype) -> None:
    check(entry, dtype, dtype)


@pytest.mark.parametrize("entry", entries(*WIDER))
def test_float32(entry: tuple) -> None:
    check(entry, torch.float16, torch.float32)


@pytest.mark.parametrize("entry", entries(*PROMOTED))
def test_widest_of_the_arguments(entry: tuple) -> None:
    check(entry, torch.float16, torch.float32)


@pytest.mark.parametrize("entry", entries(*BUILTIN))
def test_what_promotes_by_itself_is_left_alone(entry: tuple) -> None:
    with torch.autocast("npu", dtype=torch.float16):
        actual = call(entry)
    assert {tensor.dtype for tensor in actual} == {entry[2]}
    torch.testing.assert_close(actual, call(entry))


def test_equations() -> None:
    x, y = torch.rand(2, 3, 4, device="npu"), torch.rand(2, 4, 5, device="npu")
    with torch.autocast("npu", dtype=torch.bfloat16):
        assert torch.einsum("bij,bjk->bik", x, y).dtype == torch.bfloat16


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_what_is_made_of_operators(dtype: torch.dtype) -> None:
    """What kernels call inside is not cast."""
    x = torch.arange(80.0).reshape(2, 5, 8).sin()
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    calls = (
        torch.fft.rfft, torch.fft.fft, lambda t: torch.matrix_exp(t[:, :, :5]),
        lambda t: torch._addmm_activation(t[0, 0, :5], t[0], t[1].mT),
        lambda t: torch._addmm_activation(t[0, 0, :5], t[0], t[1].mT, use_gelu=True),
        lambda t: torch.special.entr(t.abs()), lambda t: torch.special.xlog1py(t, t.abs()),
    )  # fmt: skip
    with torch.no_grad():
        expected = [layer(x), *(call(x) for call in calls)]
        there = layer.npu()
        with torch.autocast("npu", dtype=dtype):
            actual = [there(x.npu()), *(call(x.npu()) for call in calls)]
    for value, wanted in zip(actual, expected, strict=True):
        torch.testing.assert_close(value.cpu().to(wanted), wanted, rtol=1e-2, atol=1e-2)


def test_what_overflows_is_refused() -> None:
    ((name, args, place),) = LISTS.banned
    with (
        torch.autocast("npu", dtype=torch.float16),
        pytest.raises(RuntimeError, match="unsafe to autocast"),
    ):
        getattr(place, name)(*on_npu(args))


@pytest.mark.parametrize("name", ["get_autocast_dtype", "is_autocast_enabled"])
def test_other_devices_keep_their_settings(name: str) -> None:
    before = getattr(torch, name)("cpu")
    with torch.autocast("npu", dtype=torch.float16):
        assert getattr(torch, name)("cpu") == before
        assert torch.ones(2, 2).mm(torch.ones(2, 2)).dtype == torch.float32


def test_the_list_is_pytorchs() -> None:
    """What LEFT_OUT names is in the lists."""
    names = {entry[0] for values in vars(LISTS).values() for entry in values}
    assert set(LEFT_OUT) <= names
