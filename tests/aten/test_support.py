"""The table of operators is what was measured, and tells what it should."""

from pathlib import Path

import pytest
import torch
from torch.testing._internal.opinfo.core import OpInfo

import torch_npu
from tests.aten import support


def test_the_table_has_every_operator() -> None:
    """And tells native from composed. What each dtype does, test_opinfo.py finds out."""
    path = Path(torch_npu.__file__).with_name("ops") / "support.tsv"
    committed = [line.split("\t") for line in path.read_text().splitlines()]
    table = {row[0]: row for row in committed}

    def as_committed(info: OpInfo, dtype: torch.dtype) -> str:
        row = table.get(info.full_name, support.HEADER)
        return row[1 + support.DTYPES.index(dtype)].replace("composed", "native")

    expected = support.rows(as_committed)
    differing = [row[0] for row in expected if row not in committed]
    differing += [row[0] for row in committed if row not in expected]
    assert not differing, "measure again: bazel run //tests/aten:support"


def test_what_has_no_kernel_is_composed() -> None:
    """A row of composed.yaml goes when its operator gets a kernel."""
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    keys = ("CompositeImplicitAutograd", "CompositeExplicitAutograd")
    keys += ("CompositeExplicitAutogradNonFunctional",)
    for row in support.composed():
        for op in row["ops"]:
            assert not has(f"aten::{op}", "PrivateUse1"), f"{op} has a kernel"
            state = "composed" if any(has(f"aten::{op}", key) for key in keys) else "fallback"
            assert state == row.get("state", "composed"), f"{op} is {state}"


@pytest.mark.parametrize("name", ["add", "aten::add", "torch.add"])
def test_names_are_found_as_people_write_them(name: str) -> None:
    assert torch_npu.ops.support(name)["float32"] == "native"


def test_states() -> None:
    support = torch_npu.ops.support
    assert support("nn.functional.gelu") == support("gelu")
    assert support("linalg.eig")["complex64"] == "fallback"
    assert support("fft.fft")["complex64"] == "composed"
    assert support("square")["float32"] == "composed"
    assert support("gelu")["float64"] == "refused"
    assert support("torch.ops.aten._safe_softmax.default")["float32"] == "composed"
    assert support("special_zeta") == {"*": "fallback"}  # its overload for two tensors
    assert support("_fused_adamw_") == {"*": "native"}


def test_what_is_no_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="'addd' is no operator"):
        torch_npu.ops.support("addd")
