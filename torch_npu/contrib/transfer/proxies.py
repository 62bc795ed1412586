"""Functions and types that take CUDA's devices for NPUs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch_npu.contrib.cuda_names import CUDA_BY_DEFAULT
from torch_npu.contrib.transfer.rewrite import rewrite_arguments


def rewriting(name: str, function: Callable) -> Callable:
    """`function`, with devices of CUDA in its arguments as NPUs."""
    keyword, position = CUDA_BY_DEFAULT.get(name, (None, None))

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        args = rewrite_arguments(name, args, kwargs)
        if position is not None and len(args) <= position and keyword not in kwargs:
            if keyword is None:
                args = (*args, "npu")
            else:
                kwargs[keyword] = "npu"
        return function(*args, **kwargs)

    return call


class _Rewriting(type):
    """Type of a stand-in for a type of torch: calls make instances of the real type."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        real = tuple(base._real if isinstance(base, mcs) else base for base in bases)
        if real != bases:  # a user's subclass is one of the real type
            return type(real[0])(name, real, namespace)
        return super().__new__(mcs, name, bases, namespace)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._real(*rewrite_arguments(cls._name, args, kwargs), **kwargs)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls._real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(getattr(other, "_real", other), cls._real)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls._real

    def __hash__(cls) -> int:
        return hash(cls._real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real, name)


def stand_in(name: str, real: type) -> type:
    """What is put in the place of `real`, which is called `name`."""
    namespace = {
        "__doc__": real.__doc__,
        "__module__": "torch",  # pickles name types by module and name, and check who is there
        "__new__": real.__new__,  # which constructors of subclasses call
        "_name": name,
        "_real": real,
    }
    return _Rewriting(real.__name__, (), namespace)


def without_counterpart(name: str, advice: str) -> Callable:
    """A function that says what to do instead of calling `name`."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{name} has no counterpart on NPUs: {advice}")

    return fail
