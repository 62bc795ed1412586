"""What a sample of an aclnn call consists of. Samples are (function, arguments) pairs."""

import dataclasses

import torch


@dataclasses.dataclass
class Out:
    """An output and what has to be in it afterwards. `buffer`: where, if not a fresh tensor."""

    expected: torch.Tensor
    tolerance: float = 1e-5
    buffer: torch.Tensor | None = None

    def tensor(self) -> torch.Tensor:
        if self.buffer is not None:
            return self.buffer
        # Nobody's result: a kernel that writes nothing is found out.
        return torch.full_like(self.expected, 1 if self.expected.dtype == torch.bool else 77)


def in_out(initial: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5) -> Out:
    """A tensor that is updated in place."""
    return Out(expected.to(initial.dtype), tolerance, initial.clone())


@dataclasses.dataclass
class Dynamic:
    """An output whose shape depends on data, with room for `capacity` elements."""

    expected: torch.Tensor
    capacity: tuple[int, ...]


def seeded(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    """Numbers around 0, the same in every run."""
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype) if dtype.is_floating_point else (numbers * 5).to(dtype)
