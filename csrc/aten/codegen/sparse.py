"""C++ for sparse (COO) tensors: the kernels that PyTorch has for any device, registered for ours.

PyTorch's own table tells them: one kernel serves its CPU and CUDA builds. What needs a kernel of its
own on each device is in csrc/aten/native/Sparse.cc.
"""

from __future__ import annotations

from torchgen.model import DispatchKey

from csrc.aten.codegen.entries import Schemas

_HEAD = """// Generated from PyTorch's table of operators.
#include <torch/library.h>

"""


def kernels(schemas: Schemas) -> dict[str, tuple[str, str]]:
    """Operator -> (header, kernel) of those that are the same for sparse tensors on CPU and CUDA."""
    cpu, cuda = (schemas.kernels(key) for key in (DispatchKey.SparseCPU, DispatchKey.SparseCUDA))
    return {op: kernel for op, kernel in cpu.items() if cuda.get(op) == kernel}


def source(chosen: dict[str, tuple[str, str]]) -> str:
    headers = sorted({header for header, _ in chosen.values()})
    lines = [f"#include <ATen/ops/{header}_native.h>" for header in headers]
    lines += ["", "namespace at_npu {", "", "TORCH_LIBRARY_IMPL(aten, SparsePrivateUse1, m) {"]
    lines += [f'  m.impl("{op}", &at::native::{kernel});' for op, (_, kernel) in chosen.items()]
    return _HEAD + "\n".join([*lines, "}", "", "}  // namespace at_npu", ""])
