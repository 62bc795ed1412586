"""torch.optim with fused=True on the device against the same optimizer on the CPU."""

import pytest
import torch

import torch_npu

STEPS = 3
OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.05, fused=True),
    "adam_decay": lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1, fused=True),
    "adam_maximize": lambda p: torch.optim.Adam(
        p, lr=0.05, weight_decay=0.1, maximize=True, fused=True
    ),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, fused=True),
    "adamw_amsgrad": lambda p: torch.optim.AdamW(p, lr=0.05, amsgrad=True, fused=True),
    "adamw_tensor_lr": lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.05), fused=True),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.1, fused=True),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, fused=True),
    "sgd_nesterov": lambda p: torch.optim.SGD(
        p, lr=0.05, momentum=0.9, nesterov=True, maximize=True, fused=True
    ),
}


def parameters(device: str) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    made = [torch.randn(shape, generator=generator) for shape in [(3, 4), (5,)]]
    return [torch.nn.Parameter(tensor.to(device)) for tensor in made]


def gradients(step: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(step + 1)
    return [torch.randn(shape, generator=generator) for shape in [(3, 4), (5,)]]


def trained(device: str, make) -> list[torch.Tensor]:
    params = parameters(device)
    optimizer = make(params)
    for step in range(STEPS):
        for parameter, grad in zip(params, gradients(step), strict=True):
            parameter.grad = grad.to(device)
        optimizer.step()
    return [parameter.detach().cpu() for parameter in params]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_same_as_cpu(name: str) -> None:
    torch_npu._C.reset_fallback_stats()
    torch.testing.assert_close(
        trained("npu", OPTIMIZERS[name]), trained("cpu", OPTIMIZERS[name]), rtol=1e-5, atol=1e-5
    )
    assert not torch_npu._C.fallback_stats()


@pytest.mark.parametrize("name", ["adam_decay", "adamw", "sgd_momentum"])
@pytest.mark.parametrize("overflow", [False, True])
def test_grad_scaler(name: str, overflow: bool) -> None:
    """The step unscales the gradients itself, and is skipped after an overflow."""
    params, expected = parameters("npu"), parameters("npu")
    before = [p.detach().clone() for p in params]
    scaler = torch.amp.GradScaler("npu", init_scale=8.0)
    scaler.scale(torch.zeros((), device="npu"))
    for parameter, reference, grad in zip(params, expected, gradients(0), strict=True):
        parameter.grad = grad.npu() * 8
        reference.grad = grad.npu()
    if overflow:
        params[0].grad[0, 0] = float("inf")
    scaler.step(OPTIMIZERS[name](params))
    OPTIMIZERS[name](expected).step()
    wanted = before if overflow else [p.detach() for p in expected]
    torch.testing.assert_close([p.detach() for p in params], wanted, rtol=1e-5, atol=1e-6)
