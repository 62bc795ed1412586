"""Cases of the OpInfo tests: which there are, the comparison with the CPU, states and skips."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch
import yaml
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

import torch_npu
from tests.aten import implemented
from tests.aten.opinfo_samples import DEVICE, placed, to_cpu

DTYPES = (
    torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64,
)  # fmt: skip
# Worst first: an operator is what its worst sample is.
STATES = ("refused", "fallback", "native")
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
        named = not self.dtypes or short(dtype) in self.dtypes
        return self.op == name and self.test in (test, "all") and named


def short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


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
    left_out = {**implemented.named("not_on_cpu"), **implemented.named("not_on_npu")}
    return [info for info in op_db if info.full_name not in left_out]


def cases(dtypes: tuple[torch.dtype, ...] = DTYPES, where: Callable = lambda info: True) -> list:
    return [
        pytest.param(info, dtype, id=f"{info.full_name}-{short(dtype)}")
        for info in opinfos()
        if where(info)
        for dtype in dtypes
        if dtype in info.supported_dtypes("cpu")
    ]


class _Draws(TorchDispatchMode):
    """Sees whether anything draws random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = False

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        self.seen |= torch.Tag.nondeterministic_seeded in op.tags
        return op(*args, **(kwargs or {}))


def is_random(info: OpInfo, sample: SampleInput) -> bool:
    """Whether the values of this sample's result mean nothing."""
    if info.full_name not in implemented.named("random"):
        return info.full_name in implemented.named("uninitialised")
    with _Draws() as draws:
        info(placed(sample.input, "cpu"), *sample.args, **sample.kwargs)
    return draws.seen


def assert_same(
    actual: object,
    expected: object,
    info: OpInfo | None = None,
    *,
    values: bool = True,
    check_dtype: bool = True,
) -> None:
    """Values, dtypes and shapes; `actual` lies on the device."""
    for tensor in pytree.tree_leaves(actual):
        if isinstance(tensor, torch.Tensor):
            assert tensor.device == torch.device(DEVICE)
    ours, theirs = to_cpu(actual), to_cpu(expected)
    if not values:
        ours, theirs = pytree.tree_map_only(torch.Tensor, torch.zeros_like, (ours, theirs))
    dtypes = {t.dtype for t in pytree.tree_leaves(theirs) if isinstance(t, torch.Tensor)}
    own = implemented.named("tolerances").get(info.full_name, {}) if info else {}
    tolerances = next(
        (
            own.get(short(d), _TOLERANCES.get(d))
            for d in dtypes
            if d in _TOLERANCES or short(d) in own
        ),
        {},
    )
    torch.testing.assert_close(ours, theirs, equal_nan=True, check_dtype=check_dtype, **tolerances)


def is_refusal(error: Exception) -> bool:
    """The hardware does not have this dtype for this operator: by its table, not by our choice."""
    return isinstance(error, NotImplementedError) and _REFUSED in str(error)


def check(test: str, info: OpInfo, dtype: torch.dtype, body: Callable, given: Iterable) -> None:
    """Runs `body` for every sample. A case with a skip must fail; else its skip is out of date."""
    skip = next((s for s in SKIPS if s.applies(test, info.full_name, dtype)), None)
    if skip is None:
        _check(test, info, dtype, body, given)
        return
    try:
        _check(test, info, dtype, body, given)
    except Exception as error:  # noqa: BLE001 whatever the known gap makes it raise
        pytest.xfail(f"{skip.reason}: {type(error).__name__}")
    pytest.fail(f"{info.full_name} {test} {dtype} works: remove its skip ({skip.reason})")


def _check(test: str, info: OpInfo, dtype: torch.dtype, body: Callable, given: Iterable) -> None:
    torch_npu._C.reset_fallback_stats()
    states = {state_of(body, sample) for sample in given}
    expected = torch_npu.ops.support(info.full_name).get(short(dtype))
    found = next((s for s in STATES if s in states), None)
    for name in torch_npu._C.fallback_stats():
        known = torch_npu.ops.support(name.split(".")[0]).values()
        assert "fallback" in known, f"{name} ran on the CPU, support.tsv says {set(known)}"
    if test == "forward":
        assert found == expected.replace("composed", "native")
    if states <= {"refused"}:
        pytest.skip(f"the hardware refuses {dtype}" if states else "no samples")


def state_of(body: Callable, sample: object) -> str:
    """What an operator does: "native" includes what is composed of others on the device."""
    before = torch_npu._C.fallback_stats()
    try:
        body(sample)
    except NotImplementedError as error:
        if not is_refusal(error):
            raise
        return "refused"
    except torch.AcceleratorError:
        # The stream is broken for good: the next case starts on another.
        torch.npu.set_stream(torch.npu.Stream())
        raise
    return "native" if torch_npu._C.fallback_stats() == before else "fallback"


def pass_rate(test: str, dtype: torch.dtype | None = None) -> tuple[int, int]:
    """How many OpInfos pass, of those that the CPU can run: those without a skip for `dtype`, or
    for any. `test` is forward or backward."""
    failing = set(implemented.named("not_on_npu"))
    for skip in SKIPS:
        if skip.test == test and (dtype is None or skip.applies(test, skip.op, dtype)):
            failing.add(skip.op)
    entries = {
        info.full_name
        for info in op_db
        if info.full_name not in implemented.named("not_on_cpu")
        and (test != "backward" or info.supports_autograd)
        and (dtype is None or dtype in info.supported_dtypes("cpu"))
    }
    return len(entries - failing), len(entries)
