from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch.amp.grad_scaler import _refresh_per_optimizer_state

from torch_npu.npu import overflow

__all__ = ["GradScaler"]


class GradScaler(torch.amp.GradScaler):
    """torch.amp.GradScaler("npu", ...).

    dynamic: False keeps the scale at init_scale; steps whose gradients overflow are skipped all
    the same.
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        dynamic: bool = True,
        enabled: bool = True,
    ):
        super().__init__("npu", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
        self._dynamic = dynamic

    def scale(
        self, outputs: torch.Tensor | Iterable[torch.Tensor]
    ) -> torch.Tensor | Iterable[torch.Tensor]:
        """`outputs` (a tensor, or tensors in lists and tuples) times the scale."""
        return super().scale(outputs)

    def unscale_(self, optimizer: torch.optim.Optimizer) -> None:
        """Divides the gradients of the optimizer's parameters by the scale, in place."""
        super().unscale_(optimizer)

    def step(self, optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> float | None:
        """optimizer.step(*args, **kwargs), unless the gradients overflowed."""
        return super().step(optimizer, *args, **kwargs)

    def update(self, new_scale: float | torch.Tensor | None = None) -> None:
        """Ends the iteration: the scale for the next one is new_scale or, if that is None, shrinks
        after an overflow and grows after growth_interval steps without (unless not dynamic)."""
        if not self._enabled or self._dynamic or new_scale is not None:
            super().update(new_scale)
            return
        self._check_scale_growth_tracker("update")
        self._per_optimizer_states = defaultdict(_refresh_per_optimizer_state)

    def state_dict(self) -> dict[str, Any]:
        """What load_state_dict() restores; empty if disabled."""
        state = super().state_dict()
        return {**state, "dynamic": self._dynamic} if state else state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores state_dict() of this class or of torch.amp.GradScaler."""
        super().load_state_dict(state_dict)
        self._dynamic = state_dict.get("dynamic", self._dynamic)

    get_npu_overflow_flag = staticmethod(overflow.get_npu_overflow_flag)
    clear_npu_overflow_flag = staticmethod(overflow.clear_npu_overflow_flag)
