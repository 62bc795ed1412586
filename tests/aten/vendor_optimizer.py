"""Cases of steps of optimizers: the reference is torch.optim where it has the step."""

import torch
from vendor_case import Case, seeded

LR, BETA1, BETA2, EPS = 0.1, 0.9, 0.99, 1e-8
STEP = 3


def adam(p1, p2, lr, beta1, beta2, eps, grad, locking, nesterov, *, var, m, v):
    m.mul_(beta1).add_(grad * (1 - beta1))
    v.mul_(beta2).add_(grad * grad * (1 - beta2))
    rate = lr * (1 - p2) ** 0.5 / (1 - p1)
    direction = beta1 * m + (1 - beta1) * grad if nesterov else m
    var.sub_(rate * direction / (v.sqrt() + eps))
    return var, m, v


def adam_w(p1, p2, lr, decay, beta1, beta2, eps, grad, max_norm, amsgrad, maximize, *, var, m, v):
    parameter = torch.nn.Parameter(var.clone())
    optimizer = torch.optim.AdamW(
        [parameter], lr, (beta1, beta2), eps, decay, amsgrad, maximize=maximize, foreach=False
    )
    state = {"step": torch.tensor(float(STEP - 1)), "exp_avg": m, "exp_avg_sq": v}
    if amsgrad:
        state["max_exp_avg_sq"] = max_norm.clone()
    optimizer.state[parameter].update(state)
    parameter.grad = grad
    optimizer.step()
    var.copy_(parameter.detach())
    return var, m, v


VAR, GRAD, M, V = (seeded(3, 5, seed=seed) for seed in range(4))
OUT = {"var": VAR, "m": M, "v": V.abs()}
POWERS = (BETA1**STEP, BETA2**STEP)
BEFORE = (BETA1 ** (STEP - 1), BETA2 ** (STEP - 1))

CASES = [
    Case("npu_apply_adam", (*POWERS, LR, BETA1, BETA2, EPS, GRAD, None, None), adam, OUT,
        tolerance=3, overload="out"),
    Case("npu_apply_adam", (*POWERS, LR, BETA1, BETA2, EPS, GRAD, False, True), adam, OUT,
        note="nesterov", tolerance=3, overload="out"),
    Case("npu_apply_adam_w", (*BEFORE, LR, 0.01, BETA1, BETA2, EPS, GRAD, None, False, False),
        adam_w, OUT, tolerance=3, overload="out"),
    Case("npu_apply_adam_w", (*BEFORE, LR, 0.01, BETA1, BETA2, EPS, GRAD, V.abs() + 0.1, True,
        True), adam_w, OUT, note="amsgrad", tolerance=3, overload="out"),
]  # fmt: skip
