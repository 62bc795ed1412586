"""Measures what each operator does with each dtype.

    bazel run //tests/aten:support

writes torch_npu/ops/support.tsv, which torch_npu.ops.support() reads, and docs/operators.md.
"""

from __future__ import annotations

import collections
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import yaml
from torch.testing._internal.opinfo.core import OpInfo, SampleInput

from tests.aten.opinfo_cases import DTYPES, STATES, opinfos, short, state_of
from tests.aten.opinfo_samples import moved, samples

ANY = "*"
HEADER = ["operator", *map(short, DTYPES), ANY]


def _kernel(name: str) -> str:
    """The state of one overload (aten::add.Tensor), as far as its registrations tell."""
    composites = ("ImplicitAutograd", "ExplicitAutograd", "ExplicitAutogradNonFunctional")
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    if has(name, "PrivateUse1") or has(name, "SparsePrivateUse1"):
        return "native"
    return "composed" if any(has(name, f"Composite{key}") for key in composites) else "fallback"


def by_dispatcher() -> dict[str, str]:
    """Every ATen operator's state: native if one of its overloads is, otherwise the worst. In-place
    operators are often made of the others."""
    kernels = collections.defaultdict(set)
    for name in torch._C._dispatch_get_all_op_names():
        if name.startswith("aten::"):
            kernels[name.removeprefix("aten::").split(".")[0]].add(_kernel(name))
    for name in kernels:
        if name.endswith("_"):
            kernels[name] |= kernels.get(name[:-1], set())
    order = ("native", "fallback", "composed")
    return {name: next(s for s in order if s in states) for name, states in kernels.items()}


def measure(info: OpInfo, dtype: torch.dtype) -> str:
    """The worst state of one operator with one dtype, over the samples of test_opinfo.py."""

    def call(sample: SampleInput) -> None:
        info(sample.input, *sample.args, **sample.kwargs)

    states = set()
    for sample in samples(info, dtype):
        try:
            states.add(state_of(call, moved(info, sample)))
        except NotImplementedError:  # a gap that skips.yaml knows
            states.add("refused")
    return next((state for state in STATES if state in states), "")


def rows(measure: Callable[[OpInfo, torch.dtype], str] = measure) -> list[list[str]]:
    """The table, one row for an OpInfo, and one for each other operator."""
    kernels = by_dispatcher()
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for info in opinfos():
            native = kernels.get(info.aten_name) == "native"
            offered = info.supported_dtypes("cpu")
            states = [measure(info, d) if d in offered else "" for d in DTYPES]
            states = ["composed" if s == "native" and not native else s for s in states]
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
    states = ("native", "composed", "fallback", "refused")
    total = ", ".join(f"{counts[state]} {state}" for state in states)
    lines = [_INTRODUCTION, "", f"{len(table) - 1} operators, each with its dtypes: {total}.", ""]
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
