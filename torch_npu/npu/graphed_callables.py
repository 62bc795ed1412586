"""Functions and modules whose forward and backward pass run as graphs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from torch_npu.npu.device import synchronize
from torch_npu.npu.graphs import NPUGraph, PoolHandle, graph, graph_pool_handle
from torch_npu.npu.streams import Stream, current_stream, stream

__all__ = ["make_graphed_callables"]

Tensors = tuple[torch.Tensor, ...]
OptionalTensors = tuple[torch.Tensor | None, ...]


def make_graphed_callables(
    callables: Any,
    sample_args: Any,
    num_warmup_iters: int = 3,
    allow_unused_input: bool = False,
    pool: PoolHandle | None = None,
) -> Any:
    """Captures a function or module, or each of a tuple of them, for inputs like `sample_args`.

    Returns the same number of callables: they copy their inputs to those of the graph, replay it
    and return its outputs, which the next call overwrites. Gradients flow through them, by a graph
    of the backward pass. A module is changed in place, and uses its graph in the mode (train or
    eval) that it was captured in. Several callables share memory, so they must be called in the
    order of the tuple.

    sample_args: a tuple of tensors (or nested containers of them) for one callable, a tuple of such
    tuples for several; requires_grad must be as in later calls. num_warmup_iters: passes before the
    capture. allow_unused_input: inputs and parameters may be without a gradient. pool: memory to
    share with other graphs.
    """
    if torch.is_autocast_enabled("npu") and torch.is_autocast_cache_enabled():
        raise RuntimeError(
            "make_graphed_callables() cannot keep autocast's cached casts of the parameters: use "
            "torch.autocast('npu', cache_enabled=False)"
        )
    single = not isinstance(callables, tuple)
    functions = (callables,) if single else callables
    arguments = (sample_args,) if single else sample_args
    if len(functions) != len(arguments):
        raise ValueError(
            f"expected sample_args for {len(functions)} callables, got {len(arguments)}"
        )
    parts = [_Part(*pair, allow_unused_input) for pair in zip(functions, arguments, strict=True)]
    side = Stream()
    side.wait_stream(current_stream())
    with stream(side):
        for part in parts:
            for _ in range(num_warmup_iters):
                part.warm_up()
    synchronize()
    pool = graph_pool_handle() if pool is None else pool
    for part in parts:
        part.capture_forward(pool)
    for part in reversed(parts):  # the order in which later calls run them
        part.capture_backward(pool)
    graphed = tuple(part.install() for part in parts)
    return graphed[0] if single else graphed


def _gradients(
    outputs: Iterable[torch.Tensor], inputs: Tensors, grads: OptionalTensors, allow_unused: bool
) -> OptionalTensors:
    """Gradients of all inputs, None for those that take none."""
    wanted = [tensor for tensor in inputs if tensor.requires_grad]
    found = torch.autograd.grad(
        [tensor for tensor in outputs if tensor.requires_grad],
        wanted,
        [grad for grad in grads if grad is not None],
        allow_unused=allow_unused,
    )
    left = iter(found)
    return tuple(next(left) if tensor.requires_grad else None for tensor in inputs)


@dataclasses.dataclass
class _Part:
    """One callable, and its graphs once they are captured."""

    function: Any
    sample_args: tuple[Any, ...]
    allow_unused: bool

    def __post_init__(self) -> None:
        self.user_inputs, self.input_spec = pytree.tree_flatten(tuple(self.sample_args))
        if not all(isinstance(value, torch.Tensor) for value in self.user_inputs):
            raise TypeError("sample_args must hold tensors only: a graph has no other inputs")
        self.parameters: Tensors = ()
        if isinstance(self.function, torch.nn.Module):
            self._check_module(self.function)
            self.parameters = tuple(self.function.parameters())
        self.inputs: Tensors = (*self.user_inputs, *self.parameters)
        self.forward_graph, self.backward_graph = NPUGraph(), NPUGraph()

    @staticmethod
    def _check_module(module: torch.nn.Module) -> None:
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks:
            raise RuntimeError(
                "a graph would not run the hooks of the module: register them after "
                "make_graphed_callables()"
            )
        if any(buffer.requires_grad for buffer in module.buffers()):
            raise RuntimeError("buffers that require gradients would get none from a graph")

    def _call(self) -> tuple[list[torch.Tensor], Any]:
        return pytree.tree_flatten(self.function(*self.sample_args))

    def warm_up(self) -> None:
        """One pass with gradients that are thrown away."""
        outputs, _ = self._call()
        if self._has_gradients(outputs):
            grads = tuple(torch.empty_like(o) if o.requires_grad else None for o in outputs)
            _gradients(outputs, self.inputs, grads, self.allow_unused)

    def _has_gradients(self, outputs: Iterable[torch.Tensor]) -> bool:
        return any(o.requires_grad for o in outputs) and any(i.requires_grad for i in self.inputs)

    def capture_forward(self, pool: PoolHandle) -> None:
        """Captures the call on the sample inputs."""
        with graph(self.forward_graph, pool):
            self.outputs, self.output_spec = self._call()

    def capture_backward(self, pool: PoolHandle) -> None:
        """Captures the gradients of the captured outputs."""
        self.output_grads: OptionalTensors = ()
        self.input_grads: OptionalTensors = ()
        if self._has_gradients(self.outputs):
            self.output_grads = tuple(
                torch.empty_like(output) if output.requires_grad else None
                for output in self.outputs
            )
            with graph(self.backward_graph, pool):
                self.input_grads = _gradients(
                    self.outputs, self.inputs, self.output_grads, self.allow_unused
                )
        self.outputs = [output.detach() for output in self.outputs]

    def install(self) -> Callable[..., Any]:
        """The callable that replays."""
        replay = self._replayer()
        if not isinstance(self.function, torch.nn.Module):
            return replay
        module, original, training = self.function, self.function.forward, self.function.training

        def forward(*args: Any, **kwargs: Any) -> Any:
            use_graph = module.training == training and not kwargs
            return replay(*args) if use_graph else original(*args, **kwargs)

        module.forward = forward
        return module

    def _replayer(self) -> Callable[..., Any]:
        run = _autograd_function(self)

        def replay(*args: Any) -> Any:
            values, spec = pytree.tree_flatten(args)
            if spec != self.input_spec:
                raise TypeError(f"the graph was captured with inputs {self.input_spec}, got {spec}")
            outputs = run.apply(*values, *self.parameters)
            return pytree.tree_unflatten(outputs, self.output_spec)

        return replay


def _overwrite(target: torch.Tensor, value: torch.Tensor) -> None:
    """Gives a graph its input; one that is where it has to be needs no copy."""
    if value.shape != target.shape or value.dtype != target.dtype:
        raise ValueError(
            f"the graph was captured with {target.dtype} of {tuple(target.shape)}, got "
            f"{value.dtype} of {tuple(value.shape)}"
        )
    if value.data_ptr() != target.data_ptr() or value.stride() != target.stride():
        target.copy_(value)


def _autograd_function(part: _Part) -> type[torch.autograd.Function]:
    class Graphed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: torch.Tensor) -> Tensors:
            for target, value in zip(part.user_inputs, inputs, strict=False):
                _overwrite(target.detach(), value)
            part.forward_graph.replay()
            outputs = tuple(output.detach() for output in part.outputs)
            pairs = zip(outputs, part.output_grads, strict=False)
            ctx.mark_non_differentiable(*(output for output, grad in pairs if grad is None))
            return outputs

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, *grads: torch.Tensor) -> OptionalTensors:
            for target, value in zip(part.output_grads, grads, strict=True):
                if target is not None:
                    _overwrite(target, value)
            part.backward_graph.replay()
            # Not detached: autograd would make a detached one .grad itself, which the next replay
            # overwrites, while of one that is held here it takes a copy.
            return part.input_grads

    return Graphed
