"""Ascend's own operators as functions of torch_npu: torch_npu.npu_… is torch.ops.npu.npu_…

Those of Ascend Transformer Boost are in torch.ops.atb.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch

from torch_npu._operator_docs import DOCS


def find(name: str) -> Callable | None:
    """The operator, with its docstring, or None if there is no such name."""
    if name.startswith("__"):
        return None
    operator = getattr(torch.ops.npu, name, None) or getattr(torch.ops.atb, name, None)
    if operator is not None and name in DOCS:
        operator.__doc__ = DOCS[name]
        if "out" in operator.overloads():
            return _with_out(operator)
    return operator


@functools.cache
def _with_out(operator: torch._ops.OpOverloadPacket) -> Callable:
    """The operator with an argument `out`: the results, as one tensor or a tuple of them."""
    names = [argument.name for argument in operator.out._schema.arguments if argument.is_out]

    @functools.wraps(operator)
    def function(*args, out=None, **kwargs):
        if out is None or len(names) == 1:
            return operator(*args, **kwargs, **({} if out is None else {names[0]: out}))
        outs = dict(zip(names, out, strict=True))
        return operator(*args, **kwargs, **outs)

    function.__doc__ = operator.__doc__
    return function
