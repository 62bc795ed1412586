"""One test method a combination of dtypes and formats."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

__all__ = ["Dtypes", "Formats", "feed_data", "instantiate_tests"]

_ATTRIBUTE = "_npu_variants"


class _Variants:
    keyword = ""

    def __init__(self, *args: Any) -> None:
        if not args:
            raise ValueError(f"{type(self).__name__} needs at least one {self.keyword}")
        self.values = args

    def __call__(self, function: Callable) -> Callable:
        variants = getattr(function, _ATTRIBUTE, {})
        setattr(function, _ATTRIBUTE, {**variants, self.keyword: self.values})
        return function


class Dtypes(_Variants):
    """Decorator: the test is made for each of the dtypes, which it gets as `dtype`."""

    keyword = "dtype"


class Formats(_Variants):
    """Decorator: the test is made for each of the formats, which it gets as `npu_format`."""

    keyword = "npu_format"


def feed_data(func: Callable, new_name: str, *args: Any, **kwargs: Any) -> Callable:
    """A method called `new_name` that calls func(self, *args, **kwargs)."""

    def test(self: Any) -> Any:
        return func(self, *args, **kwargs)

    test.__name__ = new_name
    test.__doc__ = func.__doc__
    return test


def instantiate_tests(arg: type | None = None, **kwargs: Any) -> Any:
    """Class decorator: tests with Dtypes or Formats become one for each combination. With keywords,
    as @instantiate_tests(dtype=[…]), these stand for what a test does not say itself."""

    def make(cls: type) -> type:
        for name, function in list(vars(cls).items()):
            variants = getattr(function, _ATTRIBUTE, None)
            if variants is None:
                continue
            variants = {**kwargs, **variants}
            delattr(cls, name)
            for values in itertools.product(*variants.values()):
                suffix = "_".join(str(value).removeprefix("torch.") for value in values)
                new_name = f"{name}_{suffix}"
                arguments = dict(zip(variants, values, strict=True))
                setattr(cls, new_name, feed_data(function, new_name, **arguments))
        return cls

    return make if arg is None else make(arg)
