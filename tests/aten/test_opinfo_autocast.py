"""All of PyTorch's OpInfos under torch.autocast: nothing that runs without breaks with it."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.testing._internal.opinfo.core import OpInfo, SampleInput

from tests.aten.opinfo_cases import cases
from tests.aten.opinfo_samples import moved, samples

_SAMPLES = 4
_ERRORS = (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError)


def _runs(info: OpInfo, sample: SampleInput) -> bool:
    try:
        info(sample.input, *sample.args, **sample.kwargs)
        torch.npu.current_stream().synchronize()
    except torch.AcceleratorError:
        torch.npu.set_stream(torch.npu.Stream())
        raise
    except _ERRORS:
        return False
    return True


@pytest.mark.parametrize(("info", "dtype"), cases((torch.float32, torch.float16)))
def test_runs(info: OpInfo, dtype: torch.dtype) -> None:
    for sample in itertools.islice(samples(info, dtype), _SAMPLES):
        if not _runs(info, moved(info, sample)):
            continue
        given = moved(info, sample)
        with torch.autocast("npu", dtype=torch.float16):
            info(given.input, *given.args, **given.kwargs)
        torch.npu.current_stream().synchronize()
