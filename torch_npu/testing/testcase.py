"""TestCase with which Ascend's scripts compare tensors."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch.testing._internal import common_utils as _common

__all__ = ["TestCase", "run_tests"]

_HALVES = (torch.float16, torch.bfloat16)


def run_tests() -> None:
    """unittest.main(), with torch's options on the command line where they are given."""
    _common.run_tests()


def _tensor(value: Any) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.as_tensor(np.asarray(value))


class TestCase(_common.TestCase):
    """torch's own TestCase, with the comparisons of Ascend's tests. npu and CPU compare equal."""

    __test__ = False  # pytest: nothing to run in here

    def assertEqual(
        self,
        x: Any,
        y: Any,
        prec: float | None = None,
        message: str = "",
        allow_inf: bool = False,
        exact_dtype: bool | None = None,
        **options: Any,
    ) -> None:
        """`x` and `y` differ by at most `prec`, by default what is usual for their dtype."""
        if prec is not None:
            options.setdefault("atol", prec)
            options.setdefault("rtol", 0)
        super().assertEqual(
            x,
            y,
            msg=message or options.pop("msg", None),
            exact_dtype=bool(exact_dtype),
            exact_device=False,
            **options,
        )

    def assertNotEqual(
        self, x: Any, y: Any, prec: float | None = None, message: str = "", **options: Any
    ) -> None:
        """The contrary of assertEqual()."""
        with self.assertRaises(AssertionError, msg=message):
            self.assertEqual(x, y, prec, **options)

    def assertRtolEqual(
        self,
        x: Any,
        y: Any,
        prec: float = 1e-4,
        prec16: float = 1e-3,
        auto_trans_dtype: bool = False,
        message: str | None = None,
    ) -> None:
        """Tensors, arrays or sequences of them differ, relatively or absolutely, by at most `prec`;
        those of 16 bits by prec16.

        auto_trans_dtype: the dtypes may differ. NaN equals NaN.
        """
        if isinstance(x, Sequence) and isinstance(y, Sequence) and not isinstance(x, str):
            self.assertTrue(len(x) == len(y), message or f"{len(x)} values and {len(y)}")
            for one, other in zip(x, y, strict=True):
                self.assertRtolEqual(one, other, prec, prec16, auto_trans_dtype, message)
            return
        x, y = _tensor(x).detach().cpu(), _tensor(y).detach().cpu()
        if x.dtype != y.dtype and not auto_trans_dtype:
            raise AssertionError(message or f"dtypes differ: {x.dtype} and {y.dtype}")
        precision = prec16 if {x.dtype, y.dtype} & set(_HALVES) else prec
        torch.testing.assert_close(
            x,
            y,
            rtol=precision,
            atol=precision,
            equal_nan=True,
            check_dtype=False,
            msg=message,
        )

    def assertAlmostEqual(
        self,
        x: Any,
        y: Any,
        places: int | None = None,
        msg: str | None = None,
        delta: float | None = None,
        allow_inf: bool | None = None,
    ) -> None:
        """`x` and `y` differ by at most `delta`, or 10 ** -places."""
        prec = delta if delta is not None else 10 ** -(places if places is not None else 7)
        self.assertEqual(x, y, prec, msg or "")

    def assertExpectedRaises(
        self, exc_type: type[Exception], call_fn: Callable, *args: Any, **kwargs: Any
    ) -> None:
        """call_fn(*args, **kwargs) raises exc_type."""
        with self.assertRaises(exc_type):
            call_fn(*args, **kwargs)

    def assertNotWarn(self, call_fn: Callable, msg: str = "") -> None:
        """call_fn() gives no warning."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call_fn()
        self.assertTrue(not caught, msg or f"warnings: {[str(each.message) for each in caught]}")

    def assertObjectIn(self, obj: Any, iterable: Iterable) -> None:
        """The very object `obj` is in `iterable`."""
        if not any(each is obj for each in iterable):
            raise AssertionError(f"object {obj!r} is not in it")
