"""Device memory from a library of the user's, in place of the caching allocator."""

from __future__ import annotations

import ctypes
import os

from torch_npu import _C

__all__ = ["NPUPluggableAllocator", "change_current_allocator"]


class NPUPluggableAllocator:
    """Functions of a shared library that provide device memory.

    path_to_so_file: the library. alloc_fn_name, free_fn_name: its functions
    `void* alloc(size_t bytes, int device, aclrtStream stream)`, null if there is no memory, and
    `void free(void* address, size_t bytes, int device, aclrtStream stream)`, which is called as
    soon as the tensor is gone: work of the stream that uses the memory may not have run yet.

        extern "C" void* my_alloc(size_t bytes, int device, aclrtStream stream) {
          void* address = nullptr;
          return aclrtMalloc(&address, bytes, ACL_MEM_MALLOC_HUGE_FIRST) == 0 ? address : nullptr;
        }
        extern "C" void my_free(void* address, size_t bytes, int device, aclrtStream stream) {
          aclrtSynchronizeStream(stream);
          aclrtFree(address);
        }

        allocator = torch.npu.NPUPluggableAllocator("libmine.so", "my_alloc", "my_free")
        torch.npu.change_current_allocator(allocator)

    The allocator keeps no statistics: torch.npu.memory_stats() and its like raise
    NotImplementedError.
    """

    def __init__(self, path_to_so_file: str | os.PathLike, alloc_fn_name: str, free_fn_name: str):
        library = ctypes.CDLL(os.fspath(path_to_so_file))
        functions = []
        for name in (alloc_fn_name, free_fn_name):
            if not hasattr(library, name):
                raise ValueError(f"{path_to_so_file} has no function {name!r}")
            functions.append(ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
        self._allocator = _C._PluggableAllocator(*functions)
        _libraries.append(library)

    def allocator(self) -> _C._PluggableAllocator:
        """What torch.npu.MemPool(allocator) takes."""
        return self._allocator


_libraries: list[ctypes.CDLL] = []  # tensors may outlive whoever loaded them


def change_current_allocator(allocator: NPUPluggableAllocator) -> None:
    """Makes all tensors take their memory from `allocator`. Only before the first use of an npu."""
    if not isinstance(allocator, NPUPluggableAllocator):
        raise TypeError(f"expected an NPUPluggableAllocator, got {allocator!r}")
    _C._change_current_allocator(allocator.allocator())
    global _current
    _current = allocator


_current: NPUPluggableAllocator | None = None


def current_backend() -> str:
    return "native" if _current is None else "pluggable"


def refuse_pluggable(name: str) -> None:
    """For what only the caching allocator keeps."""
    if _current is not None:
        raise NotImplementedError(
            f"{name}() is about the caching allocator, but tensors take their memory from a "
            "pluggable allocator: ask its library"
        )
