"""PyTorch on Huawei Ascend NPUs: importing this adds the device `npu` to torch."""

import sys
import warnings


def _autoload() -> None:
    """Entry point of torch's device autoload. Importing this module was all there is to do."""


def _inside_import_of_torch() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and getattr(torch.__spec__, "_initializing", False)


# An installed torch_npu that cannot work must not take `import torch` with it.
_autoloading = _inside_import_of_torch()
_import_error: Exception | None = None

try:
    from torch_npu import _environment
    from torch_npu._formats import DTYPES as _DTYPES
    from torch_npu._formats import UNSUPPORTED_DTYPES as unsupported_dtype
    from torch_npu._formats import Format
    from torch_npu._startup import start as _start
    from torch_npu.version import __version__

    _start()
    globals().update(_DTYPES)  # numbers: torch_npu.hifloat8, and so on
    if _environment.flag("TORCH_TRANSFER_TO_NPU"):
        from torch_npu.contrib import transfer_to_npu as _transfer  # noqa: F401
except Exception as error:
    if not _autoloading:
        raise
    _import_error = error
    warnings.warn(f"torch_npu is installed but cannot be used: {error}", stacklevel=2)

__all__ = ["Format", "__version__", "unsupported_dtype"]

_LAZY_PACKAGES = ("contrib", "multiprocessing", "ops", "optim", "profiler", "testing", "utils")


def __getattr__(name: str):
    import importlib

    if _import_error is not None:
        raise ImportError(f"torch_npu cannot be used: {_import_error}") from _import_error
    if name in _LAZY_PACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    # Not `from torch_npu import`: that would ask here for the name.
    operators = importlib.import_module(f"{__name__}._operators")
    if (operator := operators.find(name)) is not None:
        return operator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
