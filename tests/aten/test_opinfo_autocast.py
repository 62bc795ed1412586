"""All of PyTorch's OpInfos under torch.autocast("npu"): the results of a call without, nearly."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from tests.aten import implemented
from tests.aten.opinfo_cases import cases, is_random
from tests.aten.opinfo_samples import moved, samples

_SAMPLES = 4
_ERRORS = (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError)


def _call(info: OpInfo, sample: SampleInput) -> list[torch.Tensor]:
    result = info(sample.input, *sample.args, **sample.kwargs)
    torch.npu.current_stream().synchronize()
    return [t.detach().cpu() for t in pytree.tree_leaves(result) if isinstance(t, torch.Tensor)]


def _check(info: OpInfo, dtype: torch.dtype) -> None:
    for sample in itertools.islice(samples(info, dtype), _SAMPLES):
        try:
            expected = _call(info, moved(info, sample))
        except _ERRORS:
            continue  # refused without, too
        with torch.autocast("npu", dtype=torch.float16):
            actual = _call(info, moved(info, sample))
        assert [t.shape for t in actual] == [t.shape for t in expected]
        if not is_random(info, sample) and info.full_name not in implemented.named(
            "other_under_autocast"
        ):
            torch.testing.assert_close(
                actual, expected, rtol=5e-2, atol=5e-2, check_dtype=False, equal_nan=True
            )


@pytest.mark.parametrize(("info", "dtype"), cases((torch.float32, torch.float16)))
def test_nearly_the_same(info: OpInfo, dtype: torch.dtype) -> None:
    try:
        _check(info, dtype)
    except torch.AcceleratorError:
        torch.npu.set_stream(torch.npu.Stream())
        raise
    except _ERRORS:
        if info.full_name not in implemented.named("refused_under_autocast"):
            raise
