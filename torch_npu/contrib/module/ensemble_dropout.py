"""NpuCachedDropout and NpuFairseqDropout."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["NpuCachedDropout", "NpuFairseqDropout"]


class NpuCachedDropout(nn.Dropout):
    """torch.nn.Dropout; module_name is fairseq's and only kept."""

    def __init__(self, p: float, module_name: str | None = None) -> None:
        super().__init__(p)
        self.module_name = module_name

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)

    @classmethod
    def enable_dropout_ensemble(cls, model: nn.Module) -> None:
        """Nothing: masks are made on the device in time anyway."""


NpuFairseqDropout = NpuCachedDropout
