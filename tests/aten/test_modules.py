"""PyTorch's modules, with the inputs of its own tests: outputs and gradients are the CPU's."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing._internal.common_modules import ModuleInfo, ModuleInput, module_db
from torch.utils import _pytree as pytree

import torch_npu  # noqa: F401
from tests.aten.opinfo_samples import to_npu

DTYPE = torch.float32
TOLERANCES = {"rtol": 1e-3, "atol": 1e-3, "equal_nan": True}


def modes(info: ModuleInfo) -> tuple[bool, ...]:
    return (True, False) if info.train_and_eval_differ else (True,)


def built(info: ModuleInfo, given: ModuleInput, training: bool) -> nn.Module:
    """On the CPU, with parameters that have their shapes."""
    torch.manual_seed(0)
    arguments = given.constructor_input
    module = info.module_cls(*arguments.args, **arguments.kwargs).to(DTYPE).train(training)
    if any(nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
        called(module, given.forward_input.args, given.forward_input.kwargs)
    return module


def tensors_in(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def called(module: nn.Module, args: Any, kwargs: Any) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return tensors_in(module(*args, **kwargs))


def gradients(outputs: list[torch.Tensor], of: list[torch.Tensor]) -> list[torch.Tensor]:
    """0 for what the outputs do not depend on."""
    wanted = [tensor for tensor in of if tensor.requires_grad]
    summed = [output.sum() for output in outputs if output.requires_grad]
    if not wanted or not summed:
        return []
    found = torch.autograd.grad(sum(summed), wanted, allow_unused=True)
    return [torch.zeros(()) if gradient is None else gradient.cpu() for gradient in found]


def tensors_of(module: nn.Module, inputs: Any) -> list[torch.Tensor]:
    return [*module.parameters(), *tensors_in(inputs)]


def leaves(value: Any) -> Any:
    """Some inputs are computed from others."""

    def leaf(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.detach().requires_grad_(tensor.requires_grad)

    return pytree.tree_map_only(torch.Tensor, leaf, value)


def inputs_of(info: ModuleInfo, training: bool) -> Iterator[ModuleInput]:
    torch.manual_seed(0)
    found = info.module_inputs_func(
        info, device="cpu", dtype=DTYPE, requires_grad=True, training=training
    )
    return (given for given in found if given.forward_input is not None)


def cases() -> list:
    return [
        pytest.param(info, training, id=f"{info.name}-{'train' if training else 'eval'}")
        for info in module_db
        for training in modes(info)
    ]


# Its inputs of float32 are of two dtypes, which the CPU refuses, too.
REFUSED_BY_THE_CPU = {"nn.FractionalMaxPool2d", "nn.FractionalMaxPool3d"}


@pytest.mark.parametrize(("info", "training"), cases())
def test_outputs_and_gradients_are_the_cpus(info: ModuleInfo, training: bool) -> None:
    compared = 0
    for given in itertools.islice(inputs_of(info, training), 20):
        args, kwargs = leaves(given.forward_input.args), leaves(given.forward_input.kwargs)
        reference = built(info, given, training)
        module = copy.deepcopy(reference).npu()
        try:
            expected = called(reference, args, kwargs)
        except RuntimeError:
            assert info.name in REFUSED_BY_THE_CPU
            continue
        npu_args, npu_kwargs = to_npu(args), to_npu(kwargs)
        actual = called(module, npu_args, npu_kwargs)
        torch.testing.assert_close([a.cpu() for a in actual], expected, **TOLERANCES)
        torch.testing.assert_close(
            gradients(actual, tensors_of(module, (npu_args, npu_kwargs))),
            gradients(expected, tensors_of(reference, (args, kwargs))),
            **TOLERANCES,
        )
        compared += 1
    assert compared > 0 or info.name in REFUSED_BY_THE_CPU
