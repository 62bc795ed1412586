"""Precision, memory formats and the options of the existing Ascend adapter.

Operators are CANN's precompiled aclnn functions on tensors in plain (ND) format. Options that
choose another way are refused, with what to use instead; those of the operator compiler, which
is never called, are checked and change nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

__all__ = ["CubeMathType", "config", "conv", "matmul", "set_compile_mode", "set_option"]


class CubeMathType(enum.IntEnum):
    """How float32 is multiplied."""

    KEEP_DTYPE = 0
    ALLOW_FP32_DOWN_PRECISION = 1
    USE_FP16 = 2
    USE_HF32 = 3


def _allows_hf32() -> bool:
    return torch.get_float32_matmul_precision() != "highest"


def _allow_hf32(allow: bool) -> None:
    if not isinstance(allow, bool):
        raise TypeError(f"allow_hf32 must be a bool, got {allow!r}")
    if allow != _allows_hf32():  # "medium", which allows it too, stays
        torch.set_float32_matmul_precision("high" if allow else "highest")


class _Settings:
    """Attributes that may be read and set; another name is a mistake, not a new attribute."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if name not in dir(type(self)):
            raise AttributeError(f"torch.npu has no setting {name!r} here")
        super().__setattr__(name, value)


class _Config(_Settings):
    """torch.npu.config."""

    __slots__ = ()

    @property
    def allow_internal_format(self) -> bool:
        """As it was set; False at first. It changes nothing: torch_npu.npu_format_cast casts to
        FRACTAL_NZ either way, and no operator chooses such a format by itself."""
        return _internal_format["allowed"]

    @allow_internal_format.setter
    def allow_internal_format(self, allow: bool) -> None:
        set_option({"ALLOW_INTERNAL_FORMAT": "enable" if allow else "disable"})


class _Convolution(_Settings):
    """torch.npu.conv."""

    __slots__ = ()

    @property
    def allow_hf32(self) -> bool:
        """Whether float32 is multiplied in HF32, 19 bits wide. One setting with
        torch.npu.matmul.allow_hf32 and torch.set_float32_matmul_precision()."""
        return _allows_hf32()

    @allow_hf32.setter
    def allow_hf32(self, allow: bool) -> None:
        _allow_hf32(allow)


class _Matmul(_Convolution):
    """torch.npu.matmul."""

    __slots__ = ()

    @property
    def cube_math_type(self) -> CubeMathType:
        """KEEP_DTYPE or USE_HF32: allow_hf32 as CANN's number."""
        return CubeMathType.USE_HF32 if _allows_hf32() else CubeMathType.KEEP_DTYPE

    @cube_math_type.setter
    def cube_math_type(self, value: int) -> None:
        kind = CubeMathType(value)
        if kind not in (CubeMathType.KEEP_DTYPE, CubeMathType.USE_HF32):
            raise NotImplementedError(
                f"cube_math_type {kind.name} is not offered: use USE_HF32, or "
                'torch.autocast("npu") to compute in float16 or bfloat16'
            )
        _allow_hf32(kind is CubeMathType.USE_HF32)


_internal_format = {"allowed": False}

config = _Config()
conv = _Convolution()
matmul = _Matmul()


class _Option(NamedTuple):
    values: tuple[str, ...] | None  # None: any text
    refused: Mapping[str, str] = MappingProxyType({})  # value -> what to use instead
    set: Callable[[str], Any] = lambda value: None


_SWITCH = ("enable", "disable")


def _set_hf32(value: str) -> None:
    _allow_hf32(value == "enable")


def _allow_internal_format(value: str) -> None:
    _internal_format["allowed"] = value == "enable"


_OPTIONS = {
    "ALLOW_CONV_HF32": _Option(_SWITCH, set=_set_hf32),
    "ALLOW_MATMUL_HF32": _Option(_SWITCH, set=_set_hf32),
    "ALLOW_INTERNAL_FORMAT": _Option(_SWITCH, set=_allow_internal_format),
    "MM_BMM_ND_ENABLE": _Option(
        _SWITCH, {"disable": "tensors are kept in plain (ND) format; leave it enabled"}
    ),
    "jitCompile": _Option(
        _SWITCH, {"enable": "operators are precompiled; leave it disabled, or use torch.compile"}
    ),
    "ACL_PRECISION_MODE": _Option(
        ("must_keep_origin_dtype", "allow_fp32_to_fp16"),
        {"allow_fp32_to_fp16": 'use torch.autocast("npu")'},
    ),
    # Of the operator compiler.
    "ACL_OP_SELECT_IMPL_MODE": _Option(("high_performance", "high_precision")),
    "ACL_OPTYPELIST_FOR_IMPLMODE": _Option(None),
    "ACL_AICORE_NUM": _Option(tuple(str(number) for number in range(1, 33))),
    "ACL_OP_DEBUG_LEVEL": _Option(("0", "1", "2", "3", "4")),
    "ACL_OP_DEBUG_OPTION": _Option(None),
    "ACL_DEBUG_DIR": _Option(None),
    "ACL_OP_COMPILER_CACHE_MODE": _Option(("disable", "enable", "force")),
    "ACL_OP_COMPILER_CACHE_DIR": _Option(None),
    "NPU_FUZZY_COMPILE_BLACKLIST": _Option(None),
}


def _check(name: str, value: str) -> None:
    if name not in _OPTIONS:
        raise ValueError(f"there is no option {name!r}; there are {', '.join(_OPTIONS)}")
    option = _OPTIONS[name]
    if option.values is not None and value not in option.values:
        raise ValueError(f"{name} must be one of {', '.join(option.values)}, got {value!r}")
    if value in option.refused:
        raise NotImplementedError(f"{name}={value} is not offered: {option.refused[value]}")


def set_option(option: dict[str, Any]) -> None:
    """Sets options by name, all of them or, if one is refused, none. ValueError for names and
    values that do not exist, NotImplementedError for what torch_npu does not offer."""
    if not isinstance(option, dict):
        raise TypeError(f"options are a dict of names and values, got {option!r}")
    texts = {name: str(value) for name, value in option.items()}
    for name, text in texts.items():
        _check(name, text)
    for name, text in texts.items():
        _OPTIONS[name].set(text)


def set_compile_mode(jit_compile: bool = False) -> None:
    """False: operators are precompiled, as they always are. True raises NotImplementedError."""
    set_option({"jitCompile": "enable" if jit_compile else "disable"})
