"""What `import torch_npu` does, in order."""

import ctypes
import os
from pathlib import Path

import torch

from torch_npu import _versions
from torch_npu._formats import UNSUPPORTED_DTYPES


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
    _versions.check_python()
    _versions.check_torch()
    _check_no_other_accelerator()
    torch.utils.rename_privateuse1_backend("npu")
    _load_library()

    from torch_npu import _C, _loader

    _loader.load()
    if _loader.cann_home():
        _versions.warn_of_other_cann(_C._cann_version())

    from torch_npu import _fakes, npu

    torch._register_device_module("npu", npu)
    _fakes.register()
    torch.utils.generate_methods_for_privateuse1_backend(
        for_tensor=True,
        for_module=True,
        for_packed_sequence=True,
        for_storage=True,
        unsupported_dtype=UNSUPPORTED_DTYPES,
    )

    from torch_npu import _dlpack, _modules, _storages, distributed
    from torch_npu.multiprocessing import reductions

    _dlpack.register()
    _modules.register()
    _storages.register()
    reductions.register()
    distributed._register()
    if os.environ.get("PROF_CONFIG_PATH"):
        from torch_npu.profiler import dynamic_profile

        dynamic_profile.init_from_environment()
