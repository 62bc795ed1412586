"""All of PyTorch's OpInfos with an `out` that does not fit: refused, or filled, as on the CPU."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from tests.aten import implemented
from tests.aten.opinfo_cases import assert_same, is_random, is_refusal, opinfos
from tests.aten.opinfo_samples import moved, samples

_SAMPLES = 2
_REFUSALS = (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError)
_WRONG = (torch.int8, torch.float16)
_WITH_OUT = [
    pytest.param(info, id=info.full_name)
    for info in opinfos()
    if info.supports_out and torch.float32 in info.supported_dtypes("cpu")
]


def _attempt(info: OpInfo, sample: SampleInput, out: object) -> Exception | None:
    """The error of the call; what breaks the stream is none that a caller may get."""
    try:
        info(sample.input, *sample.args, **sample.kwargs, out=out)
        torch.npu.current_stream().synchronize()
    except torch.AcceleratorError:
        torch.npu.set_stream(torch.npu.Stream())
        raise
    except _REFUSALS as error:
        return error
    return None


def _results(info: OpInfo) -> list[tuple[SampleInput, object]]:
    """Samples, and what the CPU makes of them, where that is tensors."""
    given = itertools.islice(samples(info, torch.float32), _SAMPLES)
    found = [(s, info(s.input, *s.args, **s.kwargs)) for s in given]
    return [(s, r) for s, r in found if isinstance(pytree.tree_leaves(r)[0], torch.Tensor)]


@pytest.mark.parametrize("dtype", _WRONG, ids=str)
@pytest.mark.parametrize("info", _WITH_OUT)
def test_other_dtype(info: OpInfo, dtype: torch.dtype) -> None:
    for sample, result in _results(info):
        theirs = pytree.tree_map(lambda t: torch.empty_like(t, dtype=dtype), result)
        ours = pytree.tree_map(lambda t: torch.empty_like(t, device="npu"), theirs)
        expected = _attempt(info, sample, theirs)
        actual = _attempt(info, moved(info, sample), ours)
        if actual and is_refusal(actual):
            continue
        assert (actual is None) == (expected is None), f"npu: {actual}, CPU: {expected}"
        if expected is None:
            assert_same(ours, theirs, info, values=not is_random(info, sample))


@pytest.mark.parametrize("info", _WITH_OUT)
def test_other_device(info: OpInfo) -> None:
    if info.full_name in implemented.named("out_anywhere"):
        pytest.skip("takes any out")
    for sample, result in _results(info):
        out = pytree.tree_map(torch.empty_like, result)
        assert _attempt(info, moved(info, sample), out), "accepted an `out` on the CPU"
