"""A call of a vendor operator, and how it is run on the NPU and by its reference on the CPU."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch

FLOATS = (torch.float32, torch.float16, torch.bfloat16)
HALVES = (torch.float16, torch.bfloat16)
TOLERANCE = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}


@dataclasses.dataclass
class Fixed:
    """A tensor that keeps its dtype, whatever the others have, and its device, if it says one."""

    tensor: torch.Tensor
    device: str | None = None


@dataclasses.dataclass
class Case:
    """`reference` takes the same arguments, in float32; a result of None is not compared."""

    op: str
    args: tuple
    reference: Callable
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    dtypes: tuple[torch.dtype, ...] = FLOATS
    tolerance: float = 1.0  # times TOLERANCE
    note: str = ""
    overload: str = "default"
    constants: tuple[str, ...] = ()  # arguments that get no gradient here

    @property
    def name(self) -> str:
        return f"{self.op}-{self.note}" if self.note else self.op

    @property
    def function(self) -> Callable:
        namespace, _, name = self.op.rpartition("::")
        return getattr(getattr(torch.ops, namespace or "npu"), name)

    def arguments(self, dtype: torch.dtype, device: str) -> tuple[tuple, dict[str, Any]]:
        def convert(value: Any) -> Any:
            if isinstance(value, Fixed):
                return value.tensor.clone().to(value.device or device)
            if isinstance(value, torch.Tensor):
                return (
                    value.to(dtype if value.is_floating_point() else value.dtype).clone().to(device)
                )
            if isinstance(value, list) and value and isinstance(value[0], torch.Tensor | Fixed):
                return [convert(element) for element in value]
            return value

        return tuple(map(convert, self.args)), {k: convert(v) for k, v in self.kwargs.items()}

    def expected(self, dtype: torch.dtype) -> tuple[tuple, list]:
        """The reference's results, and its arguments after the call."""
        args, kwargs = widen(self.arguments(dtype, "cpu"))
        return results(self.reference(*args, **kwargs)), tensors_in((args, kwargs))


def widen(value: Any) -> Any:
    """Half precision as float32."""
    if isinstance(value, torch.Tensor):
        return value.float() if value.dtype in HALVES else value
    if isinstance(value, dict):
        return {key: widen(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(widen(element) for element in value)
    return value


def tensors_in(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return (
        [t for element in value for t in tensors_in(element)]
        if isinstance(value, list | tuple)
        else []
    )


def results(value: Any) -> tuple:
    return (
        value if isinstance(value, tuple) else tuple(value) if isinstance(value, list) else (value,)
    )


def close(actual: torch.Tensor, expected: torch.Tensor, dtype: torch.dtype, factor: float) -> None:
    tolerance = TOLERANCE[dtype] * factor
    torch.testing.assert_close(
        actual.cpu().to(expected.dtype), expected, rtol=tolerance, atol=tolerance, equal_nan=True
    )


def seeded(*shape: int, seed: int = 0) -> torch.Tensor:
    """Numbers around 0, the same in every run."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def integers(
    low: int, high: int, shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0
) -> torch.Tensor:
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed)).to(dtype)
