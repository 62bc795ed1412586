"""torch.func and vmap over PyTorch's OpInfos, against the CPU."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.testing._internal.opinfo.core import OpInfo, SampleInput
from torch.utils import _pytree as pytree

from tests.aten import implemented
from tests.aten.opinfo_cases import assert_same, cases, check
from tests.aten.opinfo_samples import moved, samples

SAMPLES = 2


def is_float(leaf: object) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.is_floating_point()


def pure(info: OpInfo, sample: SampleInput) -> tuple[Callable, list[torch.Tensor]]:
    """The sample's call as a function of floating-point tensors to such ones; and the tensors."""
    leaves, spec = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
    places = [place for place, leaf in enumerate(leaves) if is_float(leaf)]

    def function(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        given = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            given[place] = tensor
        first, args, kwargs = pytree.tree_unflatten(given, spec)
        return tuple(filter(is_float, pytree.tree_leaves(info(first, *args, **kwargs))))

    return function, [leaves[place] for place in places]


def wave(like: torch.Tensor) -> torch.Tensor:
    """Other numbers of the same shape, equal on every device."""
    return torch.arange(like.numel(), dtype=torch.float32).reshape(like.shape).sin().to(like)


def batched(function: Callable, tensors: list[torch.Tensor]) -> object:
    return vmap(function)(*(torch.stack([tensor, tensor]) for tensor in tensors))


def reverse(function: Callable, tensors: list[torch.Tensor]) -> object:
    outputs, pull = vjp(function, *tensors)
    return pull(tuple(wave(output) for output in outputs))


def forward(function: Callable, tensors: list[torch.Tensor]) -> object:
    return jvp(function, tuple(tensors), tuple(wave(tensor) for tensor in tensors))


def reverse_batched(function: Callable, tensors: list[torch.Tensor]) -> object:
    """A Jacobian is vmap over vjp; here of two rows only."""
    outputs, pull = vjp(function, *tensors)
    return vmap(pull)(tuple(torch.stack([wave(o), o.detach()]) for o in outputs))


TRANSFORMS = {
    "vmap": (batched, lambda info: True),
    "vjp": (reverse, lambda info: info.supports_autograd),
    "jvp": (forward, lambda info: info.supports_forward_ad),
    "jacobian": (reverse_batched, lambda info: info.supports_autograd),
}
# Random numbers, and memory as it comes, are test_random.py's business.
NO_VALUES = {*implemented.named("random"), *implemented.named("uninitialised")}


def chosen(transform: str) -> list:
    wanted = TRANSFORMS[transform][1]
    return [
        pytest.param(transform, *case.values, id=f"{transform}-{case.id}")
        for case in cases((torch.float32,), wanted)
        if case.values[0].full_name not in NO_VALUES
    ]


@pytest.mark.parametrize(
    ("transform", "info", "dtype"), [case for name in TRANSFORMS for case in chosen(name)]
)
def test_transform(transform: str, info: OpInfo, dtype: torch.dtype) -> None:
    """Whatever PyTorch transforms on the CPU; the rest has no batching rule or derivative."""
    apply, _ = TRANSFORMS[transform]

    def body(sample: SampleInput) -> None:
        try:
            expected = apply(*pure(info, sample))
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
            return
        assert_same(apply(*pure(info, moved(info, sample))), expected, info)

    check(transform, info, dtype, body, itertools.islice(samples(info, dtype), SAMPLES))


def model(device: str) -> torch.nn.Module:
    torch.manual_seed(0)
    layers = torch.nn.Linear(4, 8), torch.nn.LayerNorm(8), torch.nn.GELU(), torch.nn.Linear(8, 2)
    return torch.nn.Sequential(*layers).to(device)


def per_sample_gradients(device: str) -> dict[str, torch.Tensor]:
    net = model(device)
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    inputs = wave(torch.empty(5, 4)).to(device)
    targets = torch.tensor([0, 1, 1, 0, 1], device=device)

    def loss(parameters: dict, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        logits = functional_call(net, parameters, (x[None],))
        return torch.nn.functional.cross_entropy(logits, target[None])

    return vmap(grad(loss), in_dims=(None, 0, 0))(parameters, inputs, targets)


def test_gradients_of_each_sample() -> None:
    actual = {name: g.cpu() for name, g in per_sample_gradients("npu").items()}
    torch.testing.assert_close(actual, per_sample_gradients("cpu"))


@pytest.mark.parametrize("transform", [jacrev, jacfwd, hessian])
def test_whole_derivatives(transform: Callable) -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x @ x.t()).softmax(-1).sum(0)

    x = wave(torch.empty(3, 4))
    torch.testing.assert_close(transform(function)(x.npu()).cpu(), transform(function)(x))


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_random_numbers_of_a_batch(randomness: str) -> None:
    drawn = vmap(lambda x: torch.rand_like(x), randomness=randomness)(torch.zeros(3, 50).npu())
    assert torch.equal(drawn[0], drawn[1]) == (randomness == "same")
    assert 0 <= drawn.min().item() <= drawn.max().item() < 1
