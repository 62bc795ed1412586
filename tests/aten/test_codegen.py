"""The generator: what it accepts, what it refuses, and the code it writes."""

import pathlib

import aclnn_table
import pytest

from csrc.aten.codegen import entries, generate, layouts, parameters

SCHEMAS = entries.Schemas()


def parse(**data):
    return entries.parse_entry(data, SCHEMAS)


def code(**data) -> str:
    entry = parse(**data)
    return generate.shard([(entry, generate.wrappers_of(entry))])


def test_structured_operator_gets_all_variants() -> None:
    text = code(op="sin.out", acl="aclnnSin(self, out)")
    for name in ("sin", "sin_", "sin.out"):
        assert f'm.impl("{name}", &npu_{name.replace(".", "_")});' in text
    assert "Structured<at::meta::structured_sin, Kind::kInplace, 1> op(self);" in text
    assert "#include <ATen/ops/sin_meta.h>" in text
    assert text.count("ACLNN_CALL(") == 1  # shared by the variants


def test_iterating_operators_cast_their_inputs() -> None:
    text = code(op="atan2.out", acl="aclnnAtan2(self, other, out)")
    assert "wide = aclnn::widen(compute_dtype, aclnn::parameters::aclnnAtan2[0]);" in text
    assert "const Cast other_cast(other, wide, out);" in text
    assert "out_wide.give_back();" in text
    assert "Cast" not in code(op="atan2.out", acl="aclnnAtan2(self, other, out)", cast=[])
    assert "Cast" not in code(op="mm.out", acl="aclnnMm(self, mat2, out, cube_math_type())")


def test_conditional_calls_come_in_order() -> None:
    text = code(
        op="mul.out",
        acl=[
            {"when": "is_host_scalar(other)", "call": "aclnnMuls(self, other.item(), out)"},
            "aclnnMul(self, other, out)",
        ],
    )
    assert text.index("if (is_host_scalar(other)) { ACLNN_CALL(aclnnMuls") < text.index("aclnnMul,")


def test_what_follows_the_call_sees_the_given_output() -> None:
    """Not a temporary of another dtype."""
    text = code(op="atan2.out", acl="aclnnAtan2(self, other, out)", post="out.mul_(2)")
    assert text.index("ACLNN_CALL") < text.index("give_back();") < text.index("out.mul_(2);")


def test_unstructured_operator_with_output_shape() -> None:
    text = code(op="abs.out", out="like(self)", acl="aclnnAbs(self, out)")
    assert "const at::Tensor result0 = make(like(self));" in text
    assert "const at::Tensor result0 = fit(out, like(self));" in text
    assert "const at::Tensor result0 = fit_inplace(self, like(self));" in text


def test_output_that_may_have_another_dtype() -> None:
    text = code(op="abs.out", out="like(self)", out_casts=True, acl="aclnnAbs(self, out)")
    assert text.count("const at::Tensor result0 = make(like(self));") == 2
    assert "copy_out(result0, out);" in text
    assert "const at::Tensor result0 = fit_inplace(self, like(self));" in text


def test_autocast_does_not_come_between_operators() -> None:
    """Only where an expression computes: views and properties do not."""
    excluded = "ExcludeDispatchKeyGuard no_autocast(kAutocast);"
    assert excluded in code(op="abs.out", out="like(self)", acl="aclnnAbs(self.log(), out)")
    assert excluded in code(op="abs.out", out="like(self)", acl="aclnnAbs(at::exp(self), out)")
    for plain in ("self", "self.reshape({-1})", "self.to(out.scalar_type())", "pair(self.sizes())"):
        assert excluded not in code(op="abs.out", out="like(self)", acl=f"aclnnAbs({plain}, out)")


def test_kernels_of_other_layouts() -> None:
    """PyTorch's for CPU and CUDA alike; not those that each device has its own of."""
    text = layouts.source(SCHEMAS)
    sparse, compressed, nested = text.split("TORCH_LIBRARY_IMPL")[1:]
    assert "SparsePrivateUse1" in sparse
    assert 'm.impl("_to_dense"' in sparse
    assert 'm.impl("_to_dense"' in compressed
    assert 'm.impl("_to_copy"' in nested
    assert 'm.impl("_coalesce"' not in text


def test_operator_with_a_shape_function_of_ours() -> None:
    text = code(op="abs.out", meta="UnaryReal(self)", acl="aclnnAbs(self, out)")
    for variant in ("op;", "op(self);", "op(out);"):
        assert f", 1> {variant}" in text
    assert text.count("op.meta(self);") == 3
    assert "Structured<UnaryReal, Kind::kInplace, 1>" in text
    assert "const Cast self_cast(self, wide, out);" in text


def test_operator_on_lists() -> None:
    text = code(
        op="_foreach_addcmul.Scalar",
        acl="aclnnForeachAddcmulScalarV2(self, tensor1, tensor2, value, out)",
    )
    for name in ("_foreach_addcmul.Scalar", "_foreach_addcmul_.Scalar"):
        assert f'm.impl("{name}", &npu_{name.replace(".", "_")});' in text
    fits = "aclnnForeachAddcmulScalarV2[0], {self, tensor1, tensor2}) && is_real_number(value)"
    assert text.count(fits) == 2
    assert "return at::native::foreach_tensor_addcmul_scalar_slow_(self, tensor1" in text
    assert "const at::TensorList out = part(at::TensorList(made));" in text
    assert "const at::TensorList out = part(self);" in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"op": "no_such_op", "acl": "aclnnX(self)"}, "no such operator"),
        ({"op": "sin.out"}, "keys must be"),
        ({"op": "sin.out", "acl": "aclnnSin(self, out)", "typo": 1}, "keys must be"),
        ({"op": "sin.out", "acl": "sin(self, out)"}, "expected `aclnnName"),
        ({"op": "sin.out", "acl": "aclnnSin(self, out)", "out": "like(self)"}, "drop `out`"),
        ({"op": "abs.out", "acl": "aclnnAbs(self, out)", "meta": "Unary"}, "expected `meta: Class"),
        (
            {
                "op": "abs.out",
                "acl": "aclnnAbs(self, out)",
                "meta": "Unary(self)",
                "out": "like(self)",
            },
            "drop `out`",
        ),
        ({"op": "mul.out", "acl": ["aclnnA(self)", "aclnnB(self)"]}, "needs `when`"),
        ({"op": "mul.out", "acl": [{"when": "x", "call": "aclnnA(self)"}]}, "last must have none"),
        ({"op": "mul.out", "acl": [{"cond": "x", "call": "aclnnA(self)"}]}, "has the keys"),
        ({"op": "abs.out", "acl": "aclnnAbs(self, out)"}, "several variants need `meta` or `out`"),
    ],
)
def test_bad_entries_are_named(data: dict, message: str) -> None:
    with pytest.raises(entries.EntryError, match=message) as error:
        parse(**data)
    assert data["op"] in str(error.value)


def test_duplicates_are_named(tmp_path: pathlib.Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text('- {op: sin.out, acl: "aclnnSin(self, out)"}\n')
    with pytest.raises(entries.EntryError, match=r"sin: in b.yaml and again in a.yaml"):
        entries.load(sorted(tmp_path.glob("*.yaml")))


def test_shards_hold_every_entry_once() -> None:
    loaded = [
        parse(op=f"{name}.out", acl=f"aclnn{name.capitalize()}(self, out)")
        for name in ("sin", "cos", "tan")
    ]
    texts = generate.shards(loaded, 2)
    assert len(texts) == 2
    for name in ("sin", "cos", "tan"):
        assert sum(f'm.impl("{name}.out"' in text for text in texts) == 1
    assert len(generate.shards(loaded, 5)) == 5


def test_parameter_masks(tmp_path: pathlib.Path) -> None:
    table = tmp_path / "t.yaml"
    table.write_text("aclnnX:\n  self: aclTensor in FLOAT BF16\n  dim: int64_t in\n")
    text = parameters.header("t", aclnn_table.load([table]))
    assert f'aclnnX[] = {{{{"self", {1 | 1 << 27:#x}}}, {{"dim", 0x0}}}};' in text
    assert '#include "aclnn/ops/t.h"' in text


def test_every_known_dtype_has_a_bit() -> None:
    for dtype in aclnn_table.DTYPES:
        parameter = aclnn_table.Parameter("self", "aclTensor", "in", (dtype,))
        assert parameters.mask(parameter)


def test_sources_include_the_families_they_call(tmp_path: pathlib.Path) -> None:
    """A new function of another family must not compile them again."""
    for family, function in {"a": "aclnnA", "b": "aclnnB", "c": "aclnnC"}.items():
        (tmp_path / f"{family}.yaml").write_text(f"{function}:\n  self: aclTensor in\n")
    code = "ACLNN_CALL(aclnnC, self); widen(aclnn::parameters::aclnnA[0]); // aclnnB is not called"
    assert parameters.includes(code, sorted(tmp_path.glob("*.yaml"))) == (
        '#include "csrc/aten/aclnn/a.h"\n#include "csrc/aten/aclnn/c.h"\n'
    )
