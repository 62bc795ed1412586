"""C++ for sparse and nested tensors: PyTorch's kernels for any device, registered for ours.

PyTorch's own table tells them: one kernel serves its CPU and CUDA builds. What needs a kernel
of its own on each device is in csrc/aten/native/Sparse.cc and Nested.cc.
"""

from __future__ import annotations

from torchgen.api.types import NativeSignature
from torchgen.context import native_function_manager
from torchgen.model import BackendMetadata, DispatchKey, NativeFunction

from csrc.aten.codegen.entries import Schemas

# Ours <- the key of both of PyTorch's.
_LAYOUTS = {
    "SparsePrivateUse1": (DispatchKey.SparseCPU, DispatchKey.SparseCUDA),
    "SparseCsrPrivateUse1": (DispatchKey.SparseCsrCPU, DispatchKey.SparseCsrCUDA),
    "NestedTensorPrivateUse1": (DispatchKey.NestedTensorCPU, DispatchKey.NestedTensorCUDA),
}
# These call a kernel that each device registers with PyTorch, or must not be cast in the middle.
_BY_DEVICE = (
    "sparse_mask", "_sparse_mask_projection", "native_layer_norm", "native_layer_norm_backward",
    "_transformer_encoder_layer_fwd",
)  # fmt: skip
# PyTorch's own tests of its dispatcher.
_TESTS = "_test_"

_HEAD = """// Generated from PyTorch's table of operators.
#include <torch/library.h>

"""

Kernels = dict[str, tuple[NativeFunction, BackendMetadata]]


def kernels(schemas: Schemas, on_cpu: DispatchKey, on_cuda: DispatchKey) -> Kernels:
    """Operator -> kernel of those that are the same on CPU and CUDA."""
    cpu, cuda = schemas.kernels(on_cpu), schemas.kernels(on_cuda)
    return {
        op: (function, kernel)
        for op, (function, kernel) in cpu.items()
        if op in cuda
        and cuda[op][1].kernel == kernel.kernel
        and op not in _BY_DEVICE
        and not op.startswith(_TESTS)
    }


def source(schemas: Schemas) -> str:
    chosen = {ours: kernels(schemas, *theirs) for ours, theirs in _LAYOUTS.items()}
    headers = {f.root_name for found in chosen.values() for f, _ in found.values()}
    lines = [f"#include <ATen/ops/{header}_native.h>" for header in sorted(headers)]
    lines += ["", "namespace at_npu {", ""]
    for key, found in chosen.items():
        lines.append(f"TORCH_LIBRARY_IMPL(aten, {key}, m) {{")
        lines += [_registration(op, *kernel) for op, kernel in found.items()]
        lines += ["}", ""]
    return _HEAD + "\n".join([*lines, "}  // namespace at_npu", ""])


def _registration(op: str, function: NativeFunction, kernel: BackendMetadata) -> str:
    # Kernels are overloaded: the type tells which one is meant.
    with native_function_manager(function):
        pointer = NativeSignature(function.func, symint=kernel.supports_symint()).ptr_type()
    return f'  m.impl("{op}", static_cast<{pointer}>(&at::native::{kernel.kernel}));'
