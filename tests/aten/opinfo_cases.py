"""Cases of the OpInfo tests: samples, tolerances, the comparison with the CPU, and the skips."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import yaml
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

import torch_npu
from tests.aten.implemented import covering_opinfos, excluded_opinfos, implemented_ops

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool)
SAMPLES = 10  # of each OpInfo and dtype; the first ones are the simple ones
DEVICE = "npu:0"
_REFUSED = "the NPU does not support dtype"
# Kernels accumulate in float32 where the CPU rounds in between, and the other way round.
_TOLERANCES = {
    torch.float16: {"rtol": 1e-2, "atol": 2e-3},
    torch.bfloat16: {"rtol": 5e-2, "atol": 3e-2},
}


@dataclasses.dataclass(frozen=True)
class Skip:
    """A known gap: `test` fails for these dtypes (all if none are named), for `reason`."""

    op: str
    test: str
    reason: str
    dtypes: tuple[str, ...] = ()

    def applies(self, test: str, name: str, dtype: torch.dtype) -> bool:
        named = not self.dtypes or str(dtype).removeprefix("torch.") in self.dtypes
        return self.op == name and self.test in (test, "all") and named


def load_skips() -> list[Skip]:
    rows = yaml.safe_load((Path(__file__).parent / "skips.yaml").read_text()) or []
    return [
        Skip(op, test, row["reason"], tuple(row.get("dtypes", ())))
        for row in rows
        for op in row["ops"]
        for test in row["tests"]
    ]


SKIPS = load_skips()


def opinfos() -> list[OpInfo]:
    """Every OpInfo that calls an implemented operator, once."""
    found = {}
    for op in sorted(implemented_ops()):
        for info in covering_opinfos(op, op_db):
            found[info.full_name] = info
    return [info for info in found.values() if info.full_name not in excluded_opinfos()]


def cases(dtypes: tuple[torch.dtype, ...] = DTYPES, where: Callable = lambda info: True) -> list:
    return [
        pytest.param(info, dtype, id=f"{info.full_name}-{str(dtype).removeprefix('torch.')}")
        for info in opinfos()
        if where(info)
        for dtype in dtypes
        if dtype in info.supported_dtypes("cpu")
    ]


def samples(info: OpInfo, dtype: torch.dtype, requires_grad: bool = False) -> Iterator[SampleInput]:
    torch.manual_seed(0)
    found = info.sample_inputs("cpu", dtype, requires_grad=requires_grad)
    return itertools.islice(found, SAMPLES)


def to_npu(value: object) -> object:
    """Tensors inside `value` on the device, as leaves of their own; a device becomes ours."""

    def move(leaf: object) -> object:
        if leaf == "cpu" or leaf == torch.device("cpu"):
            return DEVICE
        if not isinstance(leaf, torch.Tensor):
            return leaf
        return leaf.detach().to(DEVICE).requires_grad_(leaf.requires_grad)

    return pytree.tree_map(move, value)


def with_same_storages(sample: SampleInput) -> SampleInput:
    """On the device, with the overlaps that the tensors have on the CPU."""
    storages: dict[int, torch.Tensor] = {}

    def move(leaf: object) -> object:
        if not isinstance(leaf, torch.Tensor) or leaf.device.type != "cpu":
            return to_npu(leaf)
        key = leaf.untyped_storage().data_ptr()
        if key not in storages:
            storages[key] = leaf.new_empty(0).set_(leaf.untyped_storage()).to(DEVICE)
        return storages[key].as_strided(leaf.size(), leaf.stride(), leaf.storage_offset())

    moved = pytree.tree_map(move, (sample.input, sample.args, sample.kwargs))
    return SampleInput(moved[0], args=moved[1], kwargs=moved[2])


def to_cpu(value: object) -> object:
    return pytree.tree_map(lambda t: t.detach().cpu() if isinstance(t, torch.Tensor) else t, value)


def assert_same(actual: object, expected: object) -> None:
    """Values, dtypes and shapes; `actual` lies on the device."""
    for tensor in pytree.tree_leaves(actual):
        if isinstance(tensor, torch.Tensor):
            assert tensor.device == torch.device(DEVICE)
    ours, theirs = to_cpu(actual), to_cpu(expected)
    dtypes = {t.dtype for t in pytree.tree_leaves(theirs) if isinstance(t, torch.Tensor)}
    tolerances = next((_TOLERANCES[dtype] for dtype in _TOLERANCES if dtype in dtypes), {})
    torch.testing.assert_close(ours, theirs, equal_nan=True, **tolerances)


def is_refusal(error: Exception) -> bool:
    """The hardware does not have this dtype for this operator: by its table, not by our choice."""
    return isinstance(error, NotImplementedError) and _REFUSED in str(error)


def check(
    test: str,
    info: OpInfo,
    dtype: torch.dtype,
    body: Callable[[SampleInput], None],
    given: Iterator[SampleInput],
) -> None:
    """Runs `body` for every sample. A case with a skip must fail; else its skip is out of date."""
    skip = next((s for s in SKIPS if s.applies(test, info.full_name, dtype)), None)
    if skip is None:
        _check(info, dtype, body, given)
        return
    try:
        _check(info, dtype, body, given)
    except Exception as error:  # noqa: BLE001 whatever the known gap makes it raise
        pytest.xfail(f"{skip.reason}: {type(error).__name__}")
    pytest.fail(f"{info.full_name} {test} {dtype} works: remove its skip ({skip.reason})")


def _check(
    info: OpInfo,
    dtype: torch.dtype,
    body: Callable[[SampleInput], None],
    given: Iterator[SampleInput],
) -> None:
    torch_npu._C.reset_fallback_stats()
    ran = refused = 0
    for sample in given:
        try:
            body(sample)
            ran += 1
        except NotImplementedError as error:
            if not is_refusal(error):
                raise
            refused += 1
        except torch.AcceleratorError:
            # The stream is broken for good: the next case starts on another.
            torch.npu.set_stream(torch.npu.Stream())
            raise
    fallbacks = torch_npu._C.fallback_stats()
    assert not fallbacks, f"ran on the CPU: {fallbacks}"
    assert ran or not refused or dtype != torch.float32, f"all {refused} samples were refused"
    if not ran:
        pytest.skip(f"the hardware refuses {dtype}" if refused else "no samples")
