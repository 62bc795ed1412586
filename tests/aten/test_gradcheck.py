"""Analytical against numerical derivatives, in float64, where the hardware has that.

In slow mode: the fast one takes norms, for which the hardware has no float64.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.gradcheck import GradcheckError
from torch.testing._internal.common_modules import ModuleInfo, module_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

import torch_npu
from tests.aten import implemented
from tests.aten.opinfo_cases import cases, check, is_refusal
from tests.aten.opinfo_samples import DEVICE, moved, placed, samples, seed, tensors_of

SAMPLES = 2
ELEMENTS = 50  # of all tensors of a sample: numerical derivatives are slow
NO_VALUES = {*implemented.named("random"), *implemented.named("uninitialised")}


def on_device(info: OpInfo) -> bool:
    state = torch_npu.ops.support(info.full_name).get("float64")
    return (
        info.supports_autograd
        and state in ("native", "composed")
        and info.full_name not in NO_VALUES
    )


def small(sample: SampleInput) -> bool:
    return 0 < sum(tensor.numel() for tensor in tensors_of(sample)) <= ELEMENTS


def differentiable(info: OpInfo, sample: SampleInput) -> tuple[Callable, list[torch.Tensor]]:
    """The sample's call as a function of its tensors that require gradients, and those tensors."""
    leaves, spec = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
    places = [i for i, leaf in enumerate(leaves) if getattr(leaf, "requires_grad", False)]

    def function(*tensors: torch.Tensor) -> object:
        given = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            given[place] = tensor
        first, args, kwargs = pytree.tree_unflatten(given, spec)
        result = info.gradcheck_wrapper(info.get_op(), first, *args, **kwargs)
        return sample.output_process_fn_grad(result)

    return function, [leaves[place] for place in places]


@pytest.mark.parametrize("check_gradients", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(("info", "dtype"), cases((torch.float64,), on_device))
def test_functions(info: OpInfo, dtype: torch.dtype, check_gradients: Callable) -> None:
    if check_gradients is gradgradcheck and not info.supports_gradgrad:
        pytest.skip("PyTorch has no second derivative")

    def holds(sample: SampleInput) -> bool:
        function, tensors = differentiable(info, sample)
        return not tensors or check_gradients(
            function, tensors, nondet_tol=info.gradcheck_nondet_tol
        )

    def body(sample: SampleInput) -> None:
        try:
            holds(sample)
        except (GradcheckError, RuntimeError):
            return  # nor does it on the CPU
        assert holds(moved(info, sample))

    given = filter(small, samples(info, dtype, requires_grad=True))
    check(check_gradients.__name__, info, dtype, body, itertools.islice(given, SAMPLES))


def of_module(info: ModuleInfo, given: object, device: str) -> tuple[Callable, list[torch.Tensor]]:
    """The module as a function of its parameters and of inputs with gradients."""
    arguments, inputs = given.constructor_input, given.forward_input
    module = info.module_cls(*arguments.args, **arguments.kwargs).to(device, torch.float64)
    arguments = placed((inputs.args, inputs.kwargs), device)
    module(*arguments[0], **arguments[1])  # lazy ones make their parameters
    names = [name for name, _ in module.named_parameters()]
    leaves, spec = pytree.tree_flatten(arguments)
    places = [i for i, leaf in enumerate(leaves) if getattr(leaf, "requires_grad", False)]

    def function(*tensors: torch.Tensor) -> object:
        given = list(leaves)
        for place, tensor in zip(places, tensors[len(names) :], strict=True):
            given[place] = tensor
        parameters = dict(zip(names, tensors, strict=False))
        args, kwargs = pytree.tree_unflatten(given, spec)
        seed()
        result = torch.func.functional_call(module, parameters, args, kwargs)
        return tuple(t for t in pytree.tree_leaves(result) if getattr(t, "requires_grad", False))

    parameters = [p.detach().requires_grad_() for p in module.parameters()]
    return function, parameters + [leaves[place] for place in places]


@pytest.mark.parametrize("info", [pytest.param(info, id=info.name) for info in module_db])
def test_modules(info: ModuleInfo) -> None:
    seed()
    checked = refused = 0
    for given in info.module_inputs_func(
        info, device="cpu", dtype=torch.float64, requires_grad=True, training=True
    ):
        if given.forward_input is None or checked == SAMPLES:
            continue
        function, tensors = of_module(info, given, "cpu")
        if not tensors or sum(tensor.numel() for tensor in tensors) > ELEMENTS:
            continue
        try:
            gradcheck(function, tensors)
        except GradcheckError:
            continue  # nor does it on the CPU
        try:
            assert gradcheck(*of_module(info, given, DEVICE))
            checked += 1
        except NotImplementedError as error:
            if not is_refusal(error):
                raise
            refused += 1
    if not checked:
        pytest.skip("the hardware refuses float64" if refused else "no small inputs")
