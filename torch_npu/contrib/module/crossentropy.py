"""LabelSmoothingCrossEntropy."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["LabelSmoothingCrossEntropy"]


class LabelSmoothingCrossEntropy(nn.Module):
    """Mean cross entropy [] of logits [batch, num_classes] and classes [batch].

    The right class has the probability 1 - smooth_factor, the others share the rest evenly.
    """

    def __init__(self, num_classes: int = 1000, smooth_factor: float = 0.0) -> None:
        super().__init__()
        if not 0.0 <= smooth_factor < 1.0 or num_classes < 2:
            raise ValueError(
                "expected 0 <= smooth_factor < 1 and at least two classes, got "
                f"{smooth_factor} and {num_classes}"
            )
        # torch spreads its smoothing over all classes, the right one included.
        self._smoothing = smooth_factor * num_classes / (num_classes - 1)
        self.num_classes = num_classes

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        if pred.size(-1) != self.num_classes:
            raise ValueError(f"expected {self.num_classes} classes, got {pred.size(-1)}")
        log = nn.functional.log_softmax(pred, dim=-1)
        right = -log.gather(1, target.unsqueeze(1)).mean()
        return (1 - self._smoothing) * right - self._smoothing * log.mean()
