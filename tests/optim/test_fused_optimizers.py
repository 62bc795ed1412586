"""The fused optimizers compute what the plain ones do."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.core.emulated import kernel_count
from torch_npu import optim

STEPS = 5


def make_params(device: str, dtype: torch.dtype = torch.float32) -> list[nn.Parameter]:
    """Shapes of a matrix, a convolution (channels last), a bias, a scalar, and a transposed one."""
    generator = torch.Generator().manual_seed(0)
    tensors = [
        torch.randn(shape, generator=generator) for shape in [(4, 3), (2, 3, 2, 2), (5,), ()]
    ]
    tensors[1] = tensors[1].to(memory_format=torch.channels_last)
    tensors.append(torch.randn(3, 4, generator=generator).t())
    return [nn.Parameter(tensor.to(device, dtype)) for tensor in tensors]


def set_gradients(params: list[nn.Parameter], step: int) -> None:
    """Through backward, as training does: gradients are added to what is there."""
    generator = torch.Generator().manual_seed(step + 1)
    weights = [torch.randn(param.shape, generator=generator) for param in params]
    loss = sum(
        (param * weight.to(param.device, param.dtype)).sum()
        for param, weight in zip(params, weights, strict=True)
    )
    loss.backward()


def train(optimizer: torch.optim.Optimizer, params: list[nn.Parameter]) -> list[Tensor]:
    for step in range(STEPS):
        optimizer.zero_grad()
        set_gradients(params, step)
        optimizer.step()
    return [param.detach().cpu() for param in params]


class Plain(torch.optim.Optimizer):
    """A parameter at a time, as the papers have it."""

    def __init__(self, params, update, **defaults):
        super().__init__(params, defaults)
        self._update = update

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for param in group["params"]:
                state = self.state[param]
                state["step"] = state.get("step", 0) + 1
                self._update(param, param.grad.clone(), state, group)


def moments(grad: Tensor, state: dict, beta1: float, beta2: float) -> tuple[Tensor, Tensor]:
    state["m"] = beta1 * state.get("m", torch.zeros_like(grad)) + (1 - beta1) * grad
    state["v"] = beta2 * state.get("v", torch.zeros_like(grad)) + (1 - beta2) * grad**2
    return state["m"], state["v"]


def lamb(param, grad, state, group):
    m, v = moments(grad, state, *group["betas"])
    step = m / (v.sqrt() + group["eps"]) + group["weight_decay"] * param
    weight, size = param.norm().clamp(0, 10), step.norm()
    trust = 1.0 if weight == 0 or size == 0 or group["adam"] else (weight / size).item()
    param.sub_(group["lr"] * trust * step)


def bert_adam(param, grad, state, group):
    grad *= min(1.0, group["max_grad_norm"] / (grad.norm().item() + 1e-6))
    m, v = moments(grad, state, 0.9, 0.999)
    x, warmup = (state["step"] - 1) / group["t_total"], group["warmup"]
    rate = x / warmup if x < warmup else max((x - 1) / (warmup - 1), 0)
    step = m / (v.sqrt() + 1e-6) + group["weight_decay"] * param
    param.sub_(group["lr"] * rate * step)


def rmsprop_tf(param, grad, state, group):
    if group["decoupled_decay"]:
        param.mul_(1 - group["lr"] * group["weight_decay"])
    else:
        grad = grad + group["weight_decay"] * param
    v = state.get("v", torch.ones_like(grad))
    state["v"] = v = v + 0.1 * (grad**2 - v)
    state["g"] = g = 0.9 * state.get("g", torch.zeros_like(grad)) + 0.1 * grad
    scale = (v - g**2 + 1e-10).sqrt() if group["centered"] else (v + 1e-10).sqrt()
    inside, outside = (group["lr"], 1) if group["lr_in_momentum"] else (1, group["lr"])
    momentum = group["momentum"] * state.get("b", torch.zeros_like(grad)) + inside * grad / scale
    state["b"] = momentum
    param.sub_(outside * momentum)


def adamp(param, grad, state, group):
    m, v = moments(grad, state, 0.9, 0.999)
    t = state["step"]
    scale = v.sqrt() / math.sqrt(1 - 0.999**t) + 1e-8
    step = (0.9 * m + 0.1 * grad if group["nesterov"] else m) / scale
    ratio = 1.0
    if param.dim() > 1:
        for rows in (param.size(0), 1):
            w, g, u = (each.reshape(rows, -1) for each in (param, grad, step))
            cosine = (w * g).sum(1) / (w.norm(dim=1) * g.norm(dim=1))
            if cosine.abs().max() < group["delta"] / math.sqrt(w.size(1)):
                unit = w / (w.norm(dim=1, keepdim=True) + 1e-8)
                step = (u - unit * (unit * u).sum(1, keepdim=True)).reshape(param.shape)
                ratio = group["wd_ratio"]
                break
    param.mul_(1 - group["lr"] * group["weight_decay"] * ratio)
    param.sub_(group["lr"] / (1 - 0.9**t) * step)


BERT = {"lr": 0.1, "warmup": 0.4, "t_total": 8, "weight_decay": 0.1, "max_grad_norm": 1.0}
TF = {"lr": 0.01, "momentum": 0.9, "centered": False, "lr_in_momentum": True}
TF |= {"decoupled_decay": False, "weight_decay": 0.1}
LAMB = {"lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.1}
ADAMP = {"lr": 0.1, "weight_decay": 0.1, "delta": 0.1, "wd_ratio": 0.1, "nesterov": False}
CASES = [
    ("NpuFusedAdam", torch.optim.Adam, {}),
    ("NpuFusedAdam", torch.optim.Adam, {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True}),
    ("NpuFusedAdamW", torch.optim.AdamW, {}),
    ("NpuFusedAdamW", torch.optim.AdamW, {"lr": 0.1, "betas": (0.8, 0.9), "amsgrad": True}),
    ("NpuFusedSGD", torch.optim.SGD, {"lr": 0.1}),
    ("NpuFusedSGD", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    (
        "NpuFusedSGD",
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    ("NpuFusedRMSprop", torch.optim.RMSprop, {}),
    ("NpuFusedRMSprop", torch.optim.RMSprop, {"momentum": 0.9, "centered": True}),
    ("NpuFusedAdadelta", torch.optim.Adadelta, {"lr": 0.5, "weight_decay": 0.1}),
    ("NpuFusedLamb", lamb, {**LAMB, "adam": False}),
    ("NpuFusedLamb", lamb, {**LAMB, "adam": True}),
    ("NpuFusedBertAdam", bert_adam, BERT),
    ("NpuFusedRMSpropTF", rmsprop_tf, TF),
    ("NpuFusedRMSpropTF", rmsprop_tf, {**TF, "centered": True, "decoupled_decay": True}),
    ("NpuFusedRMSpropTF", rmsprop_tf, {**TF, "lr_in_momentum": False}),
    ("NpuFusedAdamP", adamp, ADAMP),
    ("NpuFusedAdamP", adamp, {**ADAMP, "nesterov": True, "delta": 100.0}),
]


@pytest.mark.parametrize(("name", "plain", "options"), CASES)
def test_it_computes_what_the_plain_one_does(name, plain, options):
    params = make_params("npu")
    fused = train(getattr(optim, name)(params, **options), params)
    params = make_params("cpu")
    is_class = isinstance(plain, type)
    reference = plain(params, **options) if is_class else Plain(params, plain, **options)
    expected = train(reference, params)
    for got, wanted in zip(fused, expected, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


def test_the_global_norm_of_lamb():
    results = []
    for factor in (1.0, 1000.0):
        params = [nn.Parameter(torch.ones(4, device="npu"))]
        optimizer = optim.NpuFusedLamb(
            params, lr=0.1, eps=1.0, adam=True, use_global_grad_norm=True
        )
        params[0].grad = torch.tensor([3.0, 4.0, 0.0, 0.0], device="npu") * factor
        optimizer.step()
        results.append(params[0].detach().cpu())
    torch.testing.assert_close(*results)


def test_the_rate_of_bert_adam():
    params = make_params("npu")
    optimizer = optim.NpuFusedBertAdam(params, lr=0.5)
    assert optimizer.get_lr() == [0]
    set_gradients(params, 0)
    optimizer.step()
    assert optimizer.get_lr() == [0.5] * len(params)


def test_a_step_costs_as_many_kernels_for_many_parameters():
    counts = []
    for number in (2, 20):
        params = [nn.Parameter(torch.ones(3, device="npu")) for _ in range(number)]
        optimizer = optim.NpuFusedAdamW(params)
        for _ in range(2):
            for param in params:
                param.grad = torch.ones_like(param) if param.grad is None else param.grad
            torch.npu.synchronize()
            before = kernel_count()
            optimizer.step()
            torch.npu.synchronize()
            count = kernel_count() - before
        counts.append(count)
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("NpuFusedAdam", {"lr": -1.0}, "expected lr >= 0, got -1.0"),
        ("NpuFusedAdamW", {"eps": -1.0}, "expected eps >= 0"),
        ("NpuFusedAdamW", {"betas": (0.9, 1.0)}, r"expected 0 <= betas\[1\] < 1, got 1.0"),
        ("NpuFusedSGD", {"lr": 0.1, "nesterov": True}, "nesterov needs momentum > 0"),
        ("NpuFusedSGD", {}, "didn't specify a value of required optimization parameter"),
        ("NpuFusedRMSprop", {"alpha": -0.1}, "expected alpha >= 0"),
        ("NpuFusedRMSpropTF", {"momentum": -0.1}, "expected momentum >= 0"),
        ("NpuFusedAdadelta", {"rho": 2.0}, "expected 0 <= rho <= 1, got 2.0"),
        ("NpuFusedLamb", {"weight_decay": -1.0}, "expected weight_decay >= 0"),
        ("NpuFusedAdamP", {"delta": -1.0}, "expected delta >= 0"),
        ("NpuFusedBertAdam", {"lr": 0.1, "schedule": "x"}, "expected schedule as one of"),
        ("NpuFusedBertAdam", {"lr": 0.1, "warmup": 2.0}, "expected 0 <= warmup < 1 or -1"),
        ("NpuFusedBertAdam", {"lr": 0.1, "b1": 2.0}, "expected 0 <= b1 < 1"),
    ],
)
def test_bad_options_are_named(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(optim, name)(make_params("cpu"), **options)
