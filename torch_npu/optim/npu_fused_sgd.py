"""NpuFusedSGD."""

from __future__ import annotations

from typing import Any

from torch.optim.optimizer import ParamsT, required

from torch_npu.optim.npu_fused_optim_base import (
    Combined,
    NpuFusedOptimizerBase,
    check_not_negative,
)

__all__ = ["NpuFusedSGD"]


class NpuFusedSGD(NpuFusedOptimizerBase):
    """torch.optim.SGD on combined tensors."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = required,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        if lr is not required:
            check_not_negative(lr=lr)
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                "nesterov needs momentum > 0 and dampening = 0, got "
                f"momentum={momentum}, dampening={dampening}"
            )
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
            },
        )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] else ()

    def _update(self, group: dict[str, Any], combined: Combined) -> None:
        grad = combined.grad
        if group["weight_decay"]:
            grad = grad.add(combined.param, alpha=group["weight_decay"])
        if group["momentum"]:
            buffer = combined.states["momentum_buffer"]
            first = float(combined.step) == 0
            buffer.mul_(group["momentum"]).add_(grad, alpha=1 if first else 1 - group["dampening"])
            grad = grad.add(buffer, alpha=group["momentum"]) if group["nesterov"] else buffer
        combined.param.add_(grad, alpha=-group["lr"])
        combined.step += 1
