"""Every implemented operator against the CPU, over PyTorch's OpInfo samples."""

from __future__ import annotations

import pytest
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from tests.aten import implemented
from tests.aten.opinfo_cases import (
    DTYPES,
    SKIPS,
    assert_same,
    cases,
    check,
    opinfos,
    samples,
    to_cpu,
    to_npu,
    with_same_storages,
)

_FLOATS = (torch.float32, torch.bfloat16)
_NOTHING = object()


def _deterministic(info: OpInfo) -> bool:
    return info.full_name not in implemented.random_opinfos()


def _call(function, sample: SampleInput, **extra):
    return function(sample.input, *sample.args, **sample.kwargs, **extra)


def _reference(function, sample: SampleInput, **extra):
    """What the CPU gives; _NOTHING if it refuses, so that there is nothing to compare."""
    try:
        return _call(function, sample, **extra)
    except (RuntimeError, TypeError, IndexError, ValueError, AttributeError):
        return _NOTHING


def _on_npu(function, sample: SampleInput, **extra):
    return function(
        to_npu(sample.input), *to_npu(sample.args), **to_npu(sample.kwargs), **to_npu(extra)
    )


@pytest.mark.parametrize(("info", "dtype"), cases(where=_deterministic))
def test_forward(info: OpInfo, dtype: torch.dtype) -> None:
    def body(sample: SampleInput) -> None:
        expected = _call(info, sample)
        actual = _on_npu(info, sample)
        assert_same(actual, expected)

    check("forward", info, dtype, body, samples(info, dtype))


@pytest.mark.parametrize(("info", "dtype"), cases((torch.float32, torch.int64), _deterministic))
def test_noncontiguous(info: OpInfo, dtype: torch.dtype) -> None:
    def body(sample: SampleInput) -> None:
        expected = _reference(info, sample.noncontiguous())
        if expected is _NOTHING:
            return
        # .to() keeps no gaps between elements: make them again on the device.
        moved = SampleInput(
            to_npu(sample.input), args=to_npu(sample.args), kwargs=to_npu(sample.kwargs)
        ).noncontiguous()
        assert_same(_call(info, moved), expected)

    check("noncontiguous", info, dtype, body, samples(info, dtype))


@pytest.mark.parametrize(
    ("info", "dtype"),
    cases((torch.float32, torch.int64), lambda i: i.supports_out and _deterministic(i)),
)
def test_out(info: OpInfo, dtype: torch.dtype) -> None:
    def body(sample: SampleInput) -> None:
        expected = _call(info, sample)
        out = pytree.tree_map(torch.empty_like, expected)
        if _reference(info, sample, out=out) is _NOTHING:
            return
        actual = to_npu(out)
        returned = _on_npu(lambda *a, out=None, **k: info(*a, out=actual, **k), sample)
        assert_same(actual, expected)
        for given, got in zip(
            pytree.tree_leaves(actual), pytree.tree_leaves(returned), strict=True
        ):
            assert given is got
        small = pytree.tree_map(lambda t: t.new_empty((0,)).to("npu"), expected)
        _on_npu(lambda *a, out=None, **k: info(*a, out=small, **k), sample)
        assert_same(small, expected)

    check("out", info, dtype, body, samples(info, dtype))


@pytest.mark.parametrize(
    ("info", "dtype"),
    cases((torch.float32, torch.int64), lambda i: i.inplace_variant and _deterministic(i)),
)
def test_inplace(info: OpInfo, dtype: torch.dtype) -> None:
    inplace = info.inplace_variant

    def body(sample: SampleInput) -> None:
        if sample.broadcasts_input:
            return
        try:
            expected = inplace(sample.input.clone(), *sample.args, **sample.kwargs)
        except RuntimeError as error:
            with pytest.raises(type(error)):
                _on_npu(inplace, sample)
            return
        given = to_npu(sample.input)
        returned = inplace(given, *to_npu(sample.args), **to_npu(sample.kwargs))
        assert returned is given
        assert_same(given, expected)

    check("inplace", info, dtype, body, samples(info, dtype))


@pytest.mark.parametrize(
    ("info", "dtype"),
    cases(_FLOATS, lambda i: i.supports_autograd and _deterministic(i)),
)
def test_backward(info: OpInfo, dtype: torch.dtype) -> None:
    if dtype not in info.supported_backward_dtypes("cpu"):
        pytest.skip("PyTorch has no gradient for this dtype")

    def gradients(sample: SampleInput) -> list:
        inputs = [
            t
            for t in pytree.tree_leaves((sample.input, sample.args, sample.kwargs))
            if isinstance(t, torch.Tensor) and t.requires_grad
        ]
        outputs = pytree.tree_leaves(sample.output_process_fn_grad(_call(info, sample)))
        outputs = [
            t
            for t in outputs
            if isinstance(t, torch.Tensor) and t.requires_grad and not t.is_complex()
        ]
        if not inputs or not outputs:
            return []
        weights = [
            torch.arange(t.numel(), dtype=torch.float32).reshape(t.shape).sin().to(t)
            for t in outputs
        ]
        found = torch.autograd.grad(outputs, inputs, weights, allow_unused=True)
        return [g for g in found if g is not None]

    def body(sample: SampleInput) -> None:
        expected = gradients(sample)
        moved = SampleInput(
            to_npu(sample.input),
            args=to_npu(sample.args),
            kwargs=to_npu(sample.kwargs),
            output_process_fn_grad=sample.output_process_fn_grad,
        )
        assert_same(gradients(moved), expected)

    check("backward", info, dtype, body, samples(info, dtype, requires_grad=True))


@pytest.mark.parametrize(
    ("info", "dtype"), cases((torch.float32,), lambda i: i.error_inputs_func is not None)
)
def test_errors(info: OpInfo, dtype: torch.dtype) -> None:
    def body(error_input) -> None:
        sample = error_input.sample_input
        if _reference(info, sample) is not _NOTHING:
            return
        moved = with_same_storages(sample)
        try:
            _call(info, moved)
            torch.npu.current_stream().synchronize()
        except torch.AcceleratorError:
            # The kernel found it, which breaks the stream: right only for values on the device.
            torch.npu.set_stream(torch.npu.Stream())
            assert info.name in implemented.checked_on_device()
            return
        except (error_input.error_type, NotImplementedError, RuntimeError):
            return
        raise AssertionError(f"accepted what the CPU refuses: {sample}")

    check("errors", info, dtype, body, info.error_inputs("cpu"))


def test_every_operator_is_tested() -> None:
    """A new operator is found by name; if not, opinfos.yaml says which OpInfo calls it."""
    missing = [
        op
        for op in sorted(implemented.implemented_ops())
        if "backward" not in op
        and not op.startswith("_foreach_")  # test_foreach.py reads the same table
        and op not in implemented.without_opinfo()
        and not implemented.covering_opinfos(op, op_db)
    ]
    assert not missing, f"no OpInfo calls {missing}: name one in opinfos.yaml"


def test_skips_name_existing_cases() -> None:
    names = {info.full_name for info in opinfos()}
    unknown = sorted({skip.op for skip in SKIPS} - names)
    assert not unknown, f"skips.yaml names operators that are not tested: {unknown}"


def test_helpers_compare_what_they_say() -> None:
    """The comparison fails on a wrong value, dtype and device."""
    right = torch.ones(2)
    assert_same(right.npu(), right)
    for wrong in (torch.zeros(2).npu(), torch.ones(2, dtype=torch.int64).npu(), right):
        with pytest.raises(AssertionError):
            assert_same(wrong, right)
    assert to_cpu([right.npu()])[0].device.type == "cpu"
    assert torch.float32 in DTYPES
