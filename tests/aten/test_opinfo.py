"""All of PyTorch's OpInfos against the CPU."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable

import pytest
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from tests.aten import implemented
from tests.aten.opinfo_cases import (
    SKIPS,
    assert_same,
    cases,
    check,
    is_random,
    opinfos,
    pass_rate,
)
from tests.aten.opinfo_samples import edges, moved, placed, samples, tensors_of, to_cpu

_COMMON = (torch.float32, torch.int64)
_NOTHING = object()


def _call(function: Callable, sample: SampleInput, **extra: object) -> object:
    return function(sample.input, *sample.args, **sample.kwargs, **extra)


def _reference(function: Callable, sample: SampleInput, **extra: object) -> object:
    """What the CPU gives; _NOTHING if it refuses, so that there is nothing to compare."""
    try:
        return _call(function, sample, **extra)
    except (RuntimeError, TypeError, IndexError, ValueError, AttributeError, AssertionError):
        return _NOTHING


@pytest.mark.parametrize(("info", "dtype"), cases())
def test_forward(info: OpInfo, dtype: torch.dtype) -> None:
    wider = info.full_name in implemented.named("wider_results")

    def body(sample: SampleInput) -> None:
        expected = _call(info, sample)
        actual = _call(info, moved(info, sample))
        assert_same(
            actual, expected, info, values=not is_random(info, sample), check_dtype=not wider
        )

    check("forward", info, dtype, body, samples(info, dtype))


def _survives(info: OpInfo) -> bool:
    return info.full_name not in implemented.named("crash_without_elements")


@pytest.mark.parametrize(("info", "dtype"), cases(_COMMON, _survives))
def test_edges(info: OpInfo, dtype: torch.dtype) -> None:
    """Without elements and without dimensions, wherever the CPU takes such tensors."""

    def body(sample: SampleInput) -> None:
        expected = _reference(info, sample)
        if expected is not _NOTHING:
            actual = _call(info, moved(info, sample))
            assert_same(actual, expected, info, values=not is_random(info, sample))

    given = [edge for s in itertools.islice(samples(info, dtype), 2) for edge in edges(s)]
    check("edges", info, dtype, body, given)


@pytest.mark.parametrize(("info", "dtype"), cases(_COMMON))
def test_noncontiguous(info: OpInfo, dtype: torch.dtype) -> None:
    def body(sample: SampleInput) -> None:
        gaps = sample.noncontiguous()
        expected = _reference(info, gaps)
        if expected is not _NOTHING:
            actual = _call(info, moved(info, gaps))
            assert_same(actual, expected, info, values=not is_random(info, sample))

    check("noncontiguous", info, dtype, body, samples(info, dtype))


def _with_gaps(tensor: torch.Tensor) -> torch.Tensor:
    """On the device, of the same size, and with other values in it."""
    return torch.full((*tensor.shape, 2), 3, dtype=tensor.dtype, device="npu")[..., 0]


@pytest.mark.parametrize(("info", "dtype"), cases(_COMMON, lambda i: i.supports_out))
def test_out(info: OpInfo, dtype: torch.dtype) -> None:
    def body(sample: SampleInput) -> None:
        expected = _call(info, sample)
        reference = _reference(info, sample, out=pytree.tree_map(torch.empty_like, expected))
        if reference is _NOTHING:
            return
        values = not is_random(info, sample)
        given = moved(info, sample)
        out = pytree.tree_map(_with_gaps, expected)
        returned = _call(info, given, out=out)
        assert_same(out, expected, info, values=values)
        assert returned is None or all(
            map(operator.is_, pytree.tree_leaves(returned), pytree.tree_leaves(out))
        )
        small = pytree.tree_map(lambda t: t.new_empty((0,)).to("npu"), expected)
        _call(info, given, out=small)
        assert_same(small, expected, info, values=values)

    check("out", info, dtype, body, samples(info, dtype))


@pytest.mark.parametrize(("info", "dtype"), cases(_COMMON, lambda i: i.inplace_variant))
def test_inplace(info: OpInfo, dtype: torch.dtype) -> None:
    inplace = info.inplace_variant

    def body(sample: SampleInput) -> None:
        if sample.broadcasts_input:
            return
        given = moved(info, sample)
        expected = SampleInput(placed(sample.input, "cpu"), args=sample.args, kwargs=sample.kwargs)
        if _reference(inplace, expected) is _NOTHING:
            with pytest.raises((RuntimeError, NotImplementedError)):
                _call(inplace, given)
            return
        assert _call(inplace, given) is given.input
        assert_same(given.input, expected.input, info, values=not is_random(info, sample))

    check("inplace", info, dtype, body, samples(info, dtype))


def _gradients(info: OpInfo, sample: SampleInput) -> list[torch.Tensor]:
    inputs = [t for t in tensors_of(sample) if t.requires_grad]
    outputs = [
        t
        for t in pytree.tree_leaves(sample.output_process_fn_grad(_call(info, sample)))
        if isinstance(t, torch.Tensor) and t.requires_grad and not t.is_complex()
    ]
    if not inputs or not outputs:
        return []
    weights = [
        torch.arange(t.numel(), dtype=torch.float32).reshape(t.shape).sin().to(t) for t in outputs
    ]
    found = torch.autograd.grad(outputs, inputs, weights, allow_unused=True)
    return [g for g in found if g is not None]


@pytest.mark.parametrize(
    ("info", "dtype"), cases((torch.float32, torch.bfloat16), lambda i: i.supports_autograd)
)
def test_backward(info: OpInfo, dtype: torch.dtype) -> None:
    if dtype not in info.supported_backward_dtypes("cpu"):
        pytest.skip("PyTorch has no gradient for this dtype")

    def body(sample: SampleInput) -> None:
        actual = _gradients(info, moved(info, sample))
        assert_same(actual, _gradients(info, sample), info, values=not is_random(info, sample))

    check("backward", info, dtype, body, samples(info, dtype, requires_grad=True))


@pytest.mark.parametrize(
    "info",
    [pytest.param(info, id=info.full_name) for info in opinfos() if info.error_inputs_func],
)
def test_errors(info: OpInfo) -> None:
    def body(error_input) -> None:
        sample = error_input.sample_input
        if _reference(info, sample) is not _NOTHING:
            return
        try:
            _call(info, moved(info, sample))
            torch.npu.current_stream().synchronize()
        except torch.AcceleratorError:
            # The kernel found it, which breaks the stream: right only for values on the device.
            torch.npu.set_stream(torch.npu.Stream())
            assert info.name in implemented.named("checked_on_device")
            return
        except (error_input.error_type, RuntimeError, IndexError):
            return
        raise AssertionError(f"accepted what the CPU refuses: {sample}")

    check("errors", info, torch.float32, body, info.error_inputs_func(info, "cpu"))


def test_every_operator_is_tested() -> None:
    """A new operator is found by name; if not, opinfos.yaml says which OpInfo calls it."""
    missing = [
        op
        for op in sorted(implemented.implemented_ops())
        if "backward" not in op
        and not op.startswith("_foreach_")  # test_foreach.py reads the same table
        and op not in implemented.named("elsewhere")
        and not implemented.covering_opinfos(op, op_db)
    ]
    assert not missing, f"no OpInfo calls {missing}: name one in opinfos.yaml"


def test_every_opinfo_is_tested() -> None:
    """Or a table says why it is not."""
    tested = {case.values[0].full_name for case in cases()}
    assert {info.full_name for info in opinfos()} == tested


def test_skips_name_existing_cases() -> None:
    names = {info.full_name for info in opinfos()}
    unknown = sorted({skip.op for skip in SKIPS} - names)
    assert not unknown, f"skips.yaml names operators that are not tested: {unknown}"


@pytest.mark.parametrize(("test", "dtype", "wanted"), [
    ("forward", None, 0.99),
    ("backward", torch.float32, 0.98),
])  # fmt: skip
def test_pass_rate(test: str, dtype: torch.dtype | None, wanted: float) -> None:
    """The skips are all that fails."""
    passed, total = pass_rate(test, dtype)
    print(f"{test}: {passed} of {total} OpInfos")
    assert passed / total >= wanted


def test_helpers_compare_what_they_say() -> None:
    """The comparison fails on a wrong value, dtype and device."""
    right = torch.ones(2)
    assert_same(right.npu(), right)
    for wrong in (torch.zeros(2).npu(), torch.ones(2, dtype=torch.int64).npu(), right):
        with pytest.raises(AssertionError):
            assert_same(wrong, right)
    assert to_cpu([right.npu()])[0].device.type == "cpu"
