"""Every vendor operator against its reference in plain torch: results, gradients, fake tensors."""

import re
from pathlib import Path

import pytest
import torch
import vendor_atb
import vendor_attention
import vendor_caches
import vendor_compression
import vendor_dense
import vendor_experts
import vendor_formats
import vendor_inference
import vendor_mla
import vendor_optimizer
import vendor_quantized
import vendor_routing_map
import vendor_sparse
import vendor_training
import yaml
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from vendor_case import Case, close, results, tensors_in, widen

import torch_npu

MODULES = (
    vendor_dense, vendor_attention, vendor_inference, vendor_caches, vendor_atb, vendor_mla,
    vendor_sparse, vendor_experts, vendor_quantized, vendor_routing_map, vendor_compression,
    vendor_optimizer, vendor_formats, vendor_training,
)  # fmt: skip
CASES = [case for module in MODULES for case in module.CASES]
FAMILIES = {
    path.stem: yaml.safe_load(path.read_text())
    for path in (Path(__file__).parents[2] / "csrc/aten/vendor").glob("*.yaml")
}
ENTRIES = {
    entry["schema"].split("(")[0]: entry
    for family, entries in FAMILIES.items()
    for entry in entries
    if family != "unavailable"
}
# Which tests/distributed runs.
COMMUNICATING = {entry["schema"].split("(")[0] for entry in FAMILIES["collective"]}
# Which have tests of their own below: a codec, and what takes no tensor.
ALONE = {"npu_hans_encode", "npu_hans_decode", "empty_with_format", "empty_with_swapped_memory"}
FORMULAS = {name: entry["backward"] for name, entry in ENTRIES.items() if "backward" in entry}

by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def check(case: Case, dtype: torch.dtype, arguments: tuple) -> None:
    args, kwargs = arguments
    expected, changed = case.expected(dtype)
    actual = results(case.function(*args, **kwargs))
    for value, wanted in zip(actual, expected, strict=False):
        if isinstance(wanted, torch.Tensor):
            assert value.shape[1:] == wanted.shape[1:]
            close(value[: len(wanted)], wanted, dtype, case.tolerance)
        elif wanted is not None:
            assert value == wanted
    for value, wanted in zip(tensors_in((args, kwargs)), changed, strict=True):
        if value.dtype != torch.bool and value.is_floating_point():
            close(value, wanted, dtype, case.tolerance)


def test_every_operator_has_a_case() -> None:
    # An overload that writes into given tensors makes the call of the operator.
    names = {name.split(".")[0] for name in ENTRIES}
    assert names - COMMUNICATING - ALONE == {case.op for case in CASES}


@pytest.mark.parametrize(
    ("case", "dtype"),
    [
        pytest.param(case, dtype, id=f"{case.name}-{dtype}")
        for case in CASES
        for dtype in case.dtypes
    ],
)
def test_results(case: Case, dtype: torch.dtype) -> None:
    check(case, dtype, case.arguments(dtype, "npu"))


def strided(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dim() < 2:
        return torch.stack((tensor, tensor), -1)[..., 0] if tensor.dim() else tensor
    return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)


@by_name
def test_strides(case: Case) -> None:
    dtype = case.dtypes[0]
    args, kwargs = torch.utils._pytree.tree_map_only(
        torch.Tensor, strided, case.arguments(dtype, "npu")
    )
    check(case, dtype, (args, kwargs))


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.op in FORMULAS], ids=lambda case: case.name
)
def test_gradients(case: Case) -> None:
    dtype = case.dtypes[0]
    names = [argument.name for argument in case.function.default._schema.arguments]
    ((inputs, formula),) = FORMULAS[case.op].items()
    wanted = [name.strip().replace("self", "input") for name in inputs.split(",")]
    wanted = [name for name in wanted if name not in case.constants]

    used = {int(i or 0) for i in re.findall(r"\bgrad(\d*)\b", formula)}
    differentiable = [i in used for i in range(max(used) + 1)]

    def run(function, arguments) -> tuple:
        args, kwargs = arguments
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        leaves = [
            given[name].requires_grad_() for name in wanted
            if isinstance(given.get(name), torch.Tensor)
        ]  # fmt: skip
        outs = results(function(*args, **kwargs))
        outs = [
            out for out, used in zip(outs, differentiable, strict=False)
            if used and out is not None
        ]  # fmt: skip
        generator = torch.Generator().manual_seed(1)
        seeds = [
            torch.randn(out.shape, generator=generator).to(out.device, out.dtype) for out in outs
        ]
        return torch.autograd.grad(outs, leaves, seeds)

    expected = run(case.reference, widen(case.arguments(dtype, "cpu")))
    actual = run(case.function, case.arguments(dtype, "npu"))
    for value, gradient in zip(actual, expected, strict=True):
        close(value, gradient, dtype, 5 * case.tolerance)


# Made of operators that have their own, without numbers, or with the numbers that there were.
WITHOUT_AUTOGRAD = {name for name, entry in ENTRIES.items() if "kernel" in entry} | {
    "get_npu_format", "npu_format_cast_.acl_format"
}  # fmt: skip
WITHOUT_FORMULA = [
    case for case in CASES
    if not {case.op, f"{case.op}.{case.overload}"} & (FORMULAS.keys() | WITHOUT_AUTOGRAD)
]  # fmt: skip


def test_every_operator_has_a_formula_or_refuses_the_backward() -> None:
    unknown = {
        name for name in ENTRIES
        if not torch._C._dispatch_has_kernel_for_dispatch_key(
            name if "::" in name else f"npu::{name}", "AutogradPrivateUse1"
        )
    }  # fmt: skip
    assert unknown == WITHOUT_AUTOGRAD


def requiring(value):
    return value.requires_grad_().clone() if value.is_floating_point() else value


@pytest.mark.parametrize("case", WITHOUT_FORMULA, ids=lambda case: case.name)
def test_without_a_formula_the_backward_raises(case: Case) -> None:
    args, kwargs = torch.utils._pytree.tree_map_only(
        torch.Tensor, requiring, case.arguments(case.dtypes[0], "npu")
    )
    arguments = overload_of(case)._schema.arguments
    given = {**dict(zip([a.name for a in arguments], args, strict=False)), **kwargs}
    written = [given[a.name] for a in arguments if a.alias_info and a.alias_info.is_write]
    made = [*results(overload_of(case)(*args, **kwargs)), *written]
    made = [t for t in tensors_in(made) if t.is_floating_point()]
    given_floats = any(t.is_floating_point() for t in tensors_in((args, kwargs)))
    assert all(tensor.requires_grad == given_floats for tensor in made)
    if not given_floats:
        return
    name = case.op if "::" in case.op else f"npu::{case.op}"
    for tensor in made:
        with pytest.raises(RuntimeError, match=f"derivative for {name} is not implemented"):
            tensor.sum().backward()


@pytest.mark.parametrize("op", ["npu_swiglu", "npu_rms_norm", "npu_fusion_attention"])
def test_second_derivatives_raise(op: str) -> None:
    case = next(case for case in CASES if case.op == op)
    args, kwargs = case.arguments(torch.float32, "npu")
    out = results(case.function(args[0].requires_grad_(), *args[1:], **kwargs))[0]
    (grad,) = torch.autograd.grad(out.square().sum(), args[0], create_graph=True)
    (backward,) = re.findall(r"\w+(?=\()", *FORMULAS[op].values())
    with pytest.raises(RuntimeError, match=f"derivative for npu::{backward} is not implemented"):
        grad.square().sum().backward()


def test_what_is_written_counts_for_autograd() -> None:
    x = torch.randn(4, 3, device="npu", requires_grad=True)
    indices, rows = torch.tensor([[0]], device="npu"), torch.ones(1, 3, device="npu")
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        torch_npu.npu_scatter_nd_update_(x, indices, rows)
    y = x.exp()  # which its own backward needs
    with torch.no_grad():
        torch_npu.npu_scatter_nd_update_(y, indices, rows)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    with torch.inference_mode():
        cache = torch.zeros(4, 3, device="npu")
        torch_npu.npu_scatter_nd_update_(cache, indices, rows)
    assert cache.sum().item() == 3


def test_a_cast_in_place_keeps_the_gradient() -> None:
    weight = torch.ones(2, 3, device="npu", requires_grad=True)
    torch_npu.npu_format_cast_(weight, int(torch_npu.Format.ND)).sum().backward()
    assert torch.equal(weight.grad, torch.ones_like(weight))


@pytest.mark.parametrize("symbolic", [False, True])
@by_name
def test_fake_tensors(case: Case, symbolic: bool) -> None:
    args, kwargs = case.arguments(case.dtypes[0], "npu")
    actual = results(case.function(*args, **kwargs))
    with FakeTensorMode(shape_env=ShapeEnv() if symbolic else None) as mode:
        fake = torch.utils._pytree.tree_map_only(torch.Tensor, mode.from_tensor, (args, kwargs))
        imitated = results(case.function(*fake[0], **fake[1]))
    compare(actual, imitated)


def compare(actual: tuple, imitated: tuple) -> None:
    for value, fake in zip(actual, imitated, strict=True):
        if not isinstance(value, torch.Tensor):
            continue
        assert isinstance(fake, FakeTensor)
        assert [int(size) for size in fake.shape] == list(value.shape)
        assert (fake.dtype, fake.device) == (value.dtype, value.device)
        assert [int(stride) for stride in fake.stride()] == list(value.stride())


def overload_of(case: Case) -> torch._ops.OpOverload:
    return getattr(case.function, case.overload)


@by_name
def test_opcheck(case: Case) -> None:
    args, kwargs = case.arguments(case.dtypes[0], "npu")
    torch.library.opcheck(
        overload_of(case), args, kwargs,
        # torch's check of autograd registrations knows no NPU.
        test_utils=("test_schema", "test_faketensor"),
    )  # fmt: skip


def test_names_and_docstrings() -> None:
    for case in {case.op: case for case in CASES}.values():
        name = case.op.split("::")[-1]
        function = getattr(torch_npu, name)
        assert getattr(function, "__wrapped__", function) is case.function
        text = function.__doc__
        assert text.startswith(f"torch_npu.{name}") and "Raises:" in text
    assert "gamma: float32, float16, bfloat16" in torch_npu.npu_rms_norm.__doc__
    assert "Differentiable with respect to input, gamma." in torch_npu.npu_rms_norm.__doc__


def test_results_into_given_tensors() -> None:
    case = next(case for case in CASES if case.op == "npu_fused_infer_attention_score")
    args, kwargs = case.arguments(torch.float16, "npu")
    expected = case.function(*args, **kwargs)
    outs = [torch.empty_like(tensor) for tensor in expected]
    torch.ops.npu.npu_fused_infer_attention_score.out(
        *args, **kwargs, attention_out=outs[0], softmax_lse=outs[1]
    )
    for out, wanted in zip(outs, expected, strict=True):
        assert torch.equal(out, wanted)


def test_results_as_a_tuple() -> None:
    args = (0.9, 0.99, 0.1, 0.9, 0.99, 1e-8)
    grad, var, m, v = (torch.ones(3, device="npu") for _ in range(4))
    results = torch_npu.npu_apply_adam(*args, grad, None, None, out=(var, m, v))
    assert [t.data_ptr() for t in results] == [t.data_ptr() for t in (var, m, v)]
    assert (var < 1).all()
    with pytest.raises(ValueError, match="shorter"):
        torch_npu.npu_apply_adam(*args, grad, None, None, out=(var, m))
    with pytest.raises(NotImplementedError, match="npu_apply_adam: give the tensors to change"):
        torch_npu.npu_apply_adam(*args, grad, None, None)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("spread", [1.0, 1e-30])
def test_compression_gives_the_same_bits(dtype: torch.dtype, spread: float) -> None:
    x = (vendor_compression.NUMBERS * spread).to(dtype).npu()
    outs = vendor_compression.buffers(x)
    pdf, mantissa, fixed, var = torch_npu.npu_hans_encode(x, True, False, out=outs)
    high = x.cpu().view(torch.uint8).view(-1, x.element_size())[:, -1]
    assert torch.equal(pdf.cpu().flatten(), torch.bincount(high, minlength=256).int())
    out = torch.empty_like(x)
    torch_npu.npu_hans_decode(mantissa, fixed, var, pdf, False, out=out)
    assert torch.equal(out.view(torch.uint8), x.view(torch.uint8))
    # A histogram of other numbers costs room, and no bit.
    outs[0].copy_(torch.arange(256))
    torch_npu.npu_hans_encode(x, False, True, out=outs)
    torch_npu.npu_hans_decode(mantissa, fixed, var, pdf, True, out=out.zero_())
    assert torch.equal(out.view(torch.uint8), x.view(torch.uint8))
    assert torch.equal(outs[0].cpu(), torch.arange(256).int())


def test_empty_with_format() -> None:
    x = torch_npu.empty_with_format((1, 2, 3, 4), dtype=torch.float16, acl_format=0)
    assert (x.shape, x.dtype, x.device.type) == ((1, 2, 3, 4), torch.float16, "npu")
    with FakeTensorMode():
        fake = torch_npu.empty_with_format((2, 3), device="npu:0")
    assert isinstance(fake, FakeTensor) and fake.device == torch.device("npu:0")
    assert torch_npu.get_npu_format(torch_npu.empty_with_format((16, 16), acl_format=29)) == 29
    with pytest.raises(NotImplementedError, match="empty_with_format: memory format 3 "):
        torch_npu.empty_with_format((16, 16), acl_format=3)
    with pytest.raises(NotImplementedError, match="base_addr_aligned_kb is not supported"):
        torch_npu.empty_with_format((2, 3), base_addr_aligned_kb=4)
    with pytest.raises(NotImplementedError, match=r"empty_with_swapped_memory: .* pinned CPU"):
        torch_npu.empty_with_swapped_memory((2, 3), device="npu")


def test_compiled_forward_and_backward() -> None:
    def block(x, gamma):
        return torch_npu.npu_swiglu(torch_npu.npu_rms_norm(x, gamma)[0])

    compiled = torch.compile(block, backend="aot_eager", fullgraph=True, dynamic=True)
    for rows in (3, 5):
        x = torch.randn(rows, 8, device="npu", requires_grad=True)
        gamma = torch.randn(8, device="npu", requires_grad=True)
        expected = torch.autograd.grad(block(x, gamma).square().sum(), (x, gamma))
        actual = torch.autograd.grad(compiled(x, gamma).square().sum(), (x, gamma))
        for value, wanted in zip(actual, expected, strict=True):
            torch.testing.assert_close(value.cpu(), wanted.cpu())


def test_gradient_of_routed_weights() -> None:
    tokens, routing_map = vendor_routing_map.TOKENS.npu(), vendor_routing_map.TWO.npu()
    probs = vendor_routing_map.PROBS.npu().requires_grad_()
    rows, weights, places = torch_npu.npu_moe_token_permute_with_routing_map(
        tokens, routing_map, probs=probs, num_out_tokens=10
    )
    # The loss depends on both paths of the weights, and not on the sorted tokens.
    back = torch_npu.npu_moe_token_unpermute_with_routing_map(
        rows, places, [5, 6], probs=probs, routing_map=routing_map
    )
    (grad,) = torch.autograd.grad(back.sum() + 2 * weights.sum(), probs)
    expected = routing_map * (tokens.sum(1, keepdim=True) + 2)
    torch.testing.assert_close(grad.cpu(), expected.cpu())


def test_no_forward_mode() -> None:
    import torch.autograd.forward_ad as forward_ad

    with forward_ad.dual_level():
        x = forward_ad.make_dual(torch.ones(2, 4, device="npu"), torch.ones(2, 4, device="npu"))
        with pytest.raises(NotImplementedError, match="npu_swiglu has no forward-mode derivative"):
            torch_npu.npu_swiglu(x)


def test_no_rows() -> None:
    x = torch.empty(0, 8, device="npu", requires_grad=True)
    out = torch_npu.npu_swiglu(x)
    assert out.shape == (0, 4)
    out.sum().backward()
    assert x.grad.shape == x.shape
