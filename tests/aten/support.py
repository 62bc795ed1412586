"""Measures what each operator does with each dtype.

    bazel run //tests/aten:support

writes torch_npu/ops/support.tsv, which torch_npu.ops.support() reads, and docs/operators.md.
"""

from __future__ import annotations

import collections
import itertools
import os
import re
import warnings
from pathlib import Path

import torch
import yaml
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo

import torch_npu
from tests.aten.opinfo_cases import is_refusal, to_npu

DTYPES = (
    torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64,
)  # fmt: skip
SAMPLES = 2
ANY = "*"
HEADER = ["operator", *(str(dtype).removeprefix("torch.") for dtype in DTYPES), ANY]
# Worst first: an operator is what its worst sample is.
STATES = ("refused", "fallback", "composed", "native")

# Their samples name the CPU, are sparse, which an NPU tensor cannot be yet, or are CUDA's.
_NOT_MEASURED = re.compile(r"tensor_split|to_sparse|sparse\.(sampled_addmm|mm\.reduce)|jiterator.*")


def _kernels(name: str) -> set[str]:
    """The dispatch keys, of those asked here, that an operator (aten::add.Tensor) has."""
    keys = ("PrivateUse1", "CompositeImplicitAutograd", "CompositeExplicitAutograd")
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    return {key for key in keys if has(name, key)}


def by_dispatcher() -> dict[str, str]:
    """Every ATen operator's state, as far as its registrations tell."""
    kernels = collections.defaultdict(set)
    for name in torch._C._dispatch_get_all_op_names():
        if name.startswith("aten::"):
            kernels[name.removeprefix("aten::").split(".")[0]] |= _kernels(name)
    return {
        name: "native" if "PrivateUse1" in keys else "composed" if keys else "fallback"
        for name, keys in kernels.items()
    }


def measure(info: OpInfo, dtype: torch.dtype, kernel: str) -> str:
    """The state of one operator with one dtype; "" if none of its samples runs on the CPU."""
    torch.manual_seed(0)
    seen = set()
    for sample in itertools.islice(info.sample_inputs("cpu", dtype), SAMPLES):
        try:
            info(sample.input, *sample.args, **sample.kwargs)
        except (RuntimeError, TypeError, ValueError):
            continue
        torch_npu._C.reset_fallback_stats()
        try:
            info(to_npu(sample.input), *to_npu(sample.args), **to_npu(sample.kwargs))
        except NotImplementedError as error:
            if not is_refusal(error):
                raise
            seen.add("refused")
        else:
            seen.add("fallback" if torch_npu._C.fallback_stats() else kernel)
    return next((state for state in STATES if state in seen), "")


def rows() -> list[list[str]]:
    """The table, one row for an OpInfo, and one for each other operator."""
    kernels = by_dispatcher()
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for info in op_db:
            if _NOT_MEASURED.fullmatch(info.full_name):
                continue
            kernel = "native" if kernels.get(info.aten_name) == "native" else "composed"
            offered = info.supported_dtypes("cpu")
            states = [measure(info, d, kernel) if d in offered else "" for d in DTYPES]
            found[info.full_name] = [info.full_name, *states, ""]
    for name, state in kernels.items():
        if name not in found and f"nn.functional.{name}" not in found:
            found[name] = [name, *[""] * len(DTYPES), state]
    return [HEADER, *(found[name] for name in sorted(found))]


_INTRODUCTION = """# Operators

What PyTorch's operators do on an Atlas A2 device; `torch_npu.ops.support(name)` tells the same.
Written by `bazel run //tests/aten:support`.

**native**: a kernel of its own on the device. **composed**: other operators, on the device.
**fallback**: on the CPU, with a warning. **refused**: `NotImplementedError`, as the hardware has no
such kernel. Blank: PyTorch does not offer it. The last column is for operators that PyTorch's own
tests do not call by themselves."""


def composed() -> list[dict]:
    """Operators that Ascend has a function for and that have no kernel, with the reasons."""
    return yaml.safe_load((Path(__file__).parents[2] / "csrc/aten/composed.yaml").read_text())


def as_tsv(table: list[list[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in table)


def as_markdown(table: list[list[str]]) -> str:
    counts = collections.Counter(state for row in table[1:] for state in row[1:] if state)
    total = ", ".join(f"{counts[state]} {state}" for state in reversed(STATES))
    lines = [_INTRODUCTION, "", f"{len(table) - 1} operators: {total}.", ""]
    shown = [table[0], ["---"] * len(HEADER), *table[1:]]
    lines += ["| " + " | ".join(row) + " |" for row in shown]
    lines += ["", "## No kernel of their own, although Ascend has a function", ""]
    lines += [f"- {row['reason']}: {', '.join(row['ops'])}." for row in composed()]
    return "\n".join(lines) + "\n"


def main() -> None:
    root = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    table = rows()
    (root / "torch_npu/ops/support.tsv").write_text(as_tsv(table))
    (root / "docs/operators.md").write_text(as_markdown(table))


if __name__ == "__main__":
    main()
