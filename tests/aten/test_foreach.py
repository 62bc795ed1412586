"""Every _foreach_ operator of foreach.yaml against the CPU, as one call and as PyTorch's loop."""

from pathlib import Path

import pytest
import torch
import yaml

import torch_npu

_TABLE = Path(__file__).parents[2] / "csrc/aten/ops/foreach.yaml"
ENTRIES = [entry["op"] for entry in yaml.safe_load(_TABLE.read_text())]
SHAPES = [(3,), (2, 4), (5, 1)]


def overloads(entry: str) -> list:
    """The functional and the in-place operator, as far as PyTorch has both."""
    name, _, overload = entry.partition(".")
    names = [name] if name.endswith("_") else [name, f"{name}_"]
    packets = [getattr(torch.ops.aten, name) for name in names]
    overload = overload or "default"
    return [getattr(packet, overload) for packet in packets if overload in packet.overloads()]


def arguments(op, shapes: list, dtype: torch.dtype, gap: bool = False) -> list:
    """Values for the arguments of the schema without a default; `gap`: the lists are strided."""
    values, seed = [], 0
    for argument in op._schema.arguments:
        kind = str(argument.type)
        if argument.kwarg_only or argument.has_default_value():
            continue
        if kind == "List[Tensor]":
            seed += 1
            generator = torch.Generator().manual_seed(seed)
            made = [torch.rand(s, generator=generator) * 0.8 + 0.1 for s in shapes]
            made = [t.to(dtype) for t in made]
            values.append([torch.stack([t, t], -1)[..., 0] for t in made] if gap else made)
        elif kind.startswith("List["):
            values.append([0.5, 2.0, 1.5] * (len(shapes) // 3))
        else:
            values.append(1.5)
    return values


def run(op, values: list, device: str) -> list[torch.Tensor]:
    moved = [
        [t.to(device) if isinstance(t, torch.Tensor) else t for t in value]
        if isinstance(value, list)
        else value
        for value in values
    ]
    result = op(*moved)
    written = next(value for value in moved if isinstance(value, list))
    return [t.cpu() for t in (written if result is None else result)]


CASES = [(op, op.name()) for entry in ENTRIES for op in overloads(entry)]


@pytest.mark.parametrize("op", [op for op, _ in CASES], ids=[name for _, name in CASES])
@pytest.mark.parametrize(
    ("shapes", "dtype"),
    [
        (SHAPES, torch.float32),
        (SHAPES, torch.bfloat16),
        (SHAPES * 100, torch.float32),  # more than one call takes
        ([(2,), (0,), (3,)], torch.float32),
    ],
    ids=["float32", "bfloat16", "many", "empty"],
)
def test_same_as_cpu(op, shapes: list, dtype: torch.dtype) -> None:
    torch_npu._C.reset_fallback_stats()
    tolerance = {"rtol": 2e-2, "atol": 2e-2} if dtype == torch.bfloat16 else {}
    values = arguments(op, shapes, dtype)
    copies = [[t.clone() if isinstance(t, torch.Tensor) else t for t in v]
              if isinstance(v, list) else v for v in values]  # fmt: skip
    expected = run(op, copies, "cpu")
    torch.testing.assert_close(run(op, values, "npu"), expected, **tolerance)
    assert not torch_npu._C.fallback_stats()


def test_lists_that_no_call_takes() -> None:
    """Other dtypes, integers and lists that differ in dtype go through the loop."""
    numbers = [torch.arange(3), torch.arange(4)]
    on_npu = [t.npu() for t in numbers]
    assert [t.tolist() for t in torch._foreach_add(on_npu, 2)] == [[2, 3, 4], [2, 3, 4, 5]]
    mixed = [torch.ones(2, device="npu"), torch.ones(2, device="npu", dtype=torch.float16)]
    assert [t.dtype for t in torch._foreach_mul(mixed, mixed)] == [torch.float32, torch.float16]
    strided = [torch.arange(6.0, device="npu").view(3, 2).t()]
    assert torch._foreach_neg(strided)[0].tolist() == [[0, -2, -4], [-1, -3, -5]]


def test_different_lengths_are_refused() -> None:
    x = [torch.ones(2, device="npu")]
    with pytest.raises(RuntimeError, match="same number of tensors"):
        torch._foreach_add(x, x + x)


def test_numbers_of_a_graph_stay() -> None:
    tensors = [torch.full((3,), 12.0, device="npu") for _ in range(3)]
    graph = torch.npu.NPUGraph()
    with torch.npu.graph(graph):
        same = torch._foreach_div(tensors, [2.0, 2.0, 2.0])
        added = torch._foreach_addcdiv(tensors, tensors, tensors, [1.0, 2.0, 3.0])
    for _ in range(3):  # what the capture held on the host may be used again
        torch.full((3,), 99.0).pin_memory()
        graph.replay()
    torch.npu.synchronize()
    assert [t[0].item() for t in same] == [6.0] * 3
    assert [t[0].item() for t in added] == [13.0, 14.0, 15.0]
