"""What `import torch_npu` does, in order."""

import ctypes
import os
from pathlib import Path

import torch

from torch_npu.version import torch_version

# dtypes that no Ascend operator takes; their generated Tensor methods would only mislead.
UNSUPPORTED_DTYPES = [torch.quint8, torch.quint4x2, torch.quint2x4, torch.qint32, torch.qint8]


def _check_torch_version() -> None:
    """torch has no stable C++ ABI: another version fails in ways that do not name the cause."""
    found = torch.__version__.split("+")[0]
    if found != torch_version:
        raise ImportError(
            f"this torch_npu was built for torch {torch_version}, but torch {found} is installed. "
            f"Install torch=={torch_version}, or the torch_npu of torch {found}."
        )


def _check_no_other_accelerator() -> None:
    name = torch._C._get_privateuse1_backend_name()
    if name not in ("privateuseone", "npu"):
        raise ImportError(
            f"torch has a device {name!r} from another package already, and can have one only. "
            "Set TORCH_DEVICE_BACKEND_AUTOLOAD=0 to keep that package from loading by itself."
        )


def _load_library() -> None:
    # _C's rpath finds it too; loaded globally, C++ extensions that are opened later can link to it.
    library = Path(__file__).parent / "lib" / "libtorch_npu.so"
    ctypes.CDLL(os.fspath(library), mode=ctypes.RTLD_GLOBAL)


def start() -> None:
    _check_torch_version()
    _check_no_other_accelerator()
    torch.utils.rename_privateuse1_backend("npu")
    _load_library()

    from torch_npu import _loader

    _loader.load()

    from torch_npu import npu

    torch._register_device_module("npu", npu)
    torch.utils.generate_methods_for_privateuse1_backend(
        for_tensor=True,
        for_module=True,
        for_packed_sequence=True,
        for_storage=True,
        unsupported_dtype=UNSUPPORTED_DTYPES,
    )

    from torch_npu import _dlpack, distributed
    from torch_npu.multiprocessing import reductions

    _dlpack.register()
    reductions.register()
    distributed._register()
