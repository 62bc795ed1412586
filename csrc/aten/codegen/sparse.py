"""C++ for sparse (COO) tensors: the kernels that PyTorch has for any device, registered for ours.

PyTorch's own table tells them: one kernel serves its CPU and CUDA builds. What needs a kernel
of its own on each device is in csrc/aten/native/Sparse.cc.
"""

from __future__ import annotations

from torchgen.api.types import NativeSignature
from torchgen.context import native_function_manager
from torchgen.model import BackendMetadata, DispatchKey, NativeFunction

from csrc.aten.codegen.entries import Schemas

# These call a kernel that each device registers with PyTorch.
_BY_DEVICE = ("sparse_mask", "_sparse_mask_projection")

_HEAD = """// Generated from PyTorch's table of operators.
#include <torch/library.h>

"""


def kernels(schemas: Schemas) -> dict[str, tuple[NativeFunction, BackendMetadata]]:
    """Operator -> kernel of those that are the same for sparse tensors on CPU and CUDA."""
    cpu, cuda = (schemas.kernels(key) for key in (DispatchKey.SparseCPU, DispatchKey.SparseCUDA))
    return {
        op: (function, kernel)
        for op, (function, kernel) in cpu.items()
        if op in cuda and cuda[op][1].kernel == kernel.kernel and op not in _BY_DEVICE
    }


def source(chosen: dict[str, tuple[NativeFunction, BackendMetadata]]) -> str:
    headers = sorted({function.root_name for function, _ in chosen.values()})
    lines = [f"#include <ATen/ops/{header}_native.h>" for header in headers]
    lines += ["", "namespace at_npu {", "", "TORCH_LIBRARY_IMPL(aten, SparsePrivateUse1, m) {"]
    lines += [_registration(op, *kernel) for op, kernel in chosen.items()]
    return _HEAD + "\n".join([*lines, "}", "", "}  // namespace at_npu", ""])


def _registration(op: str, function: NativeFunction, kernel: BackendMetadata) -> str:
    # Kernels are overloaded: the type tells which one is meant.
    with native_function_manager(function):
        pointer = NativeSignature(function.func, symint=kernel.supports_symint()).ptr_type()
    return f'  m.impl("{op}", static_cast<{pointer}>(&at::native::{kernel.kernel}));'
