"""The generator of vendor operators: what it refuses, and the code and docstrings it writes."""

from pathlib import Path

import pytest
import yaml

from csrc.aten.codegen import vendor, vendor_docs, vendor_entries
from csrc.aten.codegen.entries import EntryError

NORM = {
    "schema": "npu_norm(Tensor self, Tensor? gamma=None, int dim=-1) -> (Tensor, Tensor)",
    "doc": "A norm.",
    "check": "check_norm(self, gamma)",
    "out": ["same(self)", "same(self, at::kFloat)"],
    "acl": "aclnnNorm(self, gamma, dim, out0, out1)",
    "backward": {"self, gamma": "npu_norm_grad(grad0, self, statistic=out1)"},
}
GRAD = {
    "schema": "npu_norm_grad(Tensor grad, Tensor self, *, Tensor? statistic=None, float scale=1.0) "
    "-> (Tensor, Tensor)",
    "doc": "Its gradients.",
    "out": ["same(self)", "same(self)"],
    "acl": "aclnnNormGrad(grad, self, statistic, scale, out0, out1)",
}  # fmt: skip


def load(tmp_path: Path, *entries: dict) -> list[vendor_entries.VendorOp]:
    path = tmp_path / "ops.yaml"
    path.write_text(yaml.safe_dump(list(entries)))
    return vendor_entries.load([path])


def test_kernel_and_fake_kernel(tmp_path: Path) -> None:
    text = vendor.sources(load(tmp_path, NORM, GRAD))["ops"]
    assert text.count("check_norm(self, gamma);") == 2
    assert "ACLNN_CALL(aclnnNorm, self, gamma, dim, out0, out1);" in text
    assert "const auto self = Shaped(self_);" in text
    assert "const auto gamma = shaped(gamma_);" in text
    assert text.count("const auto out1 = make(same(self, at::kFloat));") == 2
    assert 'm.impl("npu_norm", &kernel_npu_norm);' in text
    assert 'm.impl("npu_norm", &fake_npu_norm);' in text
    assert "npu_norm(Tensor input, Tensor? gamma=None, int dim=-1)" in text


def test_derivative(tmp_path: Path) -> None:
    text = vendor.sources(load(tmp_path, NORM, GRAD))["ops"]
    sources = (
        "{Source::Kind::kGrad, 0}, {Source::Kind::kInput, 0}, "
        "{Source::Kind::kOutput, 1}, {Source::Kind::kDefault}"
    )
    assert f'{{"npu::npu_norm", "npu::npu_norm_grad", {{{sources}}}, {{0, 1}}}},' in text


def test_operator_that_changes_its_argument(tmp_path: Path) -> None:
    entry = {
        "schema": "npu_add_(Tensor(a!) self, Tensor other) -> Tensor(a!)",
        "doc": "Adds.",
        "acl": "aclnnInplaceAdd(self, other)",
    }
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "return self;" in text and "return self_;" in text


def test_operator_written_by_hand(tmp_path: Path) -> None:
    entry = {"schema": "npu_own(Tensor self) -> int", "doc": "Own.", "out": "self.dim()"}
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "kernel_npu_own" not in text and 'm.impl("npu_own", &fake_npu_own);' in text


def test_fake_kernel_in_python(tmp_path: Path) -> None:
    entry = {"schema": "npu_own(Tensor self) -> Tensor", "doc": "Own.", "fake": "python"}
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "kernel_npu_own" not in text and "fake_npu_own" not in text
    text = vendor.sources(load(tmp_path, {**entry, "acl": [], "out": "same(self)"}))["ops"]
    assert 'm.impl("npu_own", &kernel_npu_own);' in text and "fake_npu_own" not in text
    with pytest.raises(EntryError, match="`fake` is python or left out, not 'c'"):
        load(tmp_path, {**entry, "fake": "c"})


def test_results_that_are_arguments_among_new_ones(tmp_path: Path) -> None:
    entry = {
        "schema": "npu_write(Tensor self, Tensor(a!) cache) -> (Tensor, Tensor(a!), Tensor)",
        "doc": "Writes.",
        "out": ["same(self)", "same(cache)"],
        "acl": "aclnnWrite(self, cache, out0, out1)",
    }
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "return {out0, cache, out1};" in text and "return {out0, cache_, out1};" in text
    assert f'R"({vendor_entries.as_callers_say(entry["schema"])})"' in text


def test_argument_called_out(tmp_path: Path) -> None:
    entry = {
        "schema": "npu_size(Tensor self, Tensor(a!) out) -> Tensor",
        "doc": "A size.",
        "out": "same(out)",
        "acl": [],
    }
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "const auto result = make(same(out));" in text and "return result;" in text
    assert "ACLNN_CALL" not in text and 'm.impl("npu_size", &kernel_npu_size);' in text


def test_other_namespace(tmp_path: Path) -> None:
    entry = {**GRAD, "schema": f"atb::{GRAD['schema']}"}
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "TORCH_LIBRARY_FRAGMENT(atb, m) {" in text and "(npu, " not in text
    assert (
        f'R"({vendor_entries.as_callers_say(GRAD["schema"])})"' in text
        and "kernel_npu_norm_grad" in text
    )


MISSING = {
    "schema": "npu_none(Tensor x) -> Tensor",
    "doc": "Nothing.",
    "only_on": "Ascend 950",
    "function": "aclnnNone",
    "instead": "npu_norm",
}


def test_operator_that_atlas_a2_lacks(tmp_path: Path) -> None:
    ops = load(tmp_path, MISSING)
    text = vendor.sources(ops)["ops"]
    assert '{"npu_none", "aclnnNone", "Ascend 950", "npu_norm"},' in text
    assert "fake_npu_none" not in text and "kernel_npu_none" not in text
    assert "aclnnNone is there on Ascend 950 only.\\nUse npu_norm." in vendor_docs.docs_module(
        ops, []
    )


def test_backward_is_refused_without_a_formula(tmp_path: Path) -> None:
    write = {
        "schema": "atb::_npu_write(Tensor x, Tensor(a!) out) -> ()",
        "doc": "Writes.",
        "acl": "aclnnWrite(x, out)",
    }
    rank = {"schema": "npu_rank(Tensor self) -> int", "doc": "A rank.", "out": "self.dim()"}
    both = {"schema": "npu_both(Tensor x) -> Tensor", "doc": "Both.", "kernel": "composite"}
    text = vendor.sources(load(tmp_path, NORM, GRAD, write, rank, both, MISSING))["ops"]
    assert text.count("refuse_backward") == 2
    key = "TORCH_LIBRARY_IMPL(npu, AutogradPrivateUse1, m) {"
    assert f'{key}\n  refuse_backward(m, {{"npu_norm_grad"}});' in text
    assert 'refuse_backward(m, {"_npu_write"});' in text


def test_composite(tmp_path: Path) -> None:
    entry = {"schema": "npu_both(Tensor x) -> Tensor", "doc": "Both.", "kernel": "composite"}
    text = vendor.sources(load(tmp_path, entry))["ops"]
    assert "npu_both(Tensor x) -> Tensor" in text and "m.impl" not in text


def test_docstring(tmp_path: Path) -> None:
    table = tmp_path / "norm.yaml"
    table.write_text(
        "aclnnNorm: {x: aclTensor in FLOAT BF16, gamma: aclTensor in FLOAT, dim: int64_t in, "
        "y: aclTensor out FLOAT, z: aclTensor out FLOAT}\n"
        "aclnnNormGrad: {a: aclTensor in, b: aclTensor in, c: aclTensor in, d: double in, "
        "e: aclTensor out, f: aclTensor out}\n"
    )
    module = vendor_docs.docs_module(load(tmp_path, NORM, GRAD), [table])
    namespace: dict = {}
    exec(module, namespace)
    text = namespace["DOCS"]["npu_norm"]
    assert "    input: float32, bfloat16\n    gamma: float32\n" in text
    assert "Differentiable with respect to input, gamma." in text
    assert "dtypes" not in namespace["DOCS"]["npu_norm_grad"]


def changed(entry: dict, **changes: object) -> dict:
    return {key: value for key, value in {**entry, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (changed(NORM, typo=1), "keys must be"),
        (changed(NORM, doc=None), "keys must be"),
        (changed(NORM, out=["same(self)"]), "returns 2 new values"),
        (changed(NORM, out=None), "`out` must say"),
        (changed(NORM, acl="norm(self)"), "expected `aclnnName"),
        (changed(NORM, backward={"self": "npu_norm_grad"}), "expected `backward"),
        (changed(NORM, backward={"self, gamma": "npu_none(grad0)"}), "no operator 'npu_none'"),
        (changed(NORM, backward={"self": "npu_norm_grad(grad0, self)"}), "another number"),
        (changed(NORM, backward={"self, x": "npu_norm_grad(grad0, self)"}), "has no argument"),
        (changed(NORM, backward={"self, _": "npu_norm_grad(grad0)"}), "needs self"),
        (
            changed(NORM, backward={"self, _": "npu_norm_grad(grad0, out2)"}),
            "'out2' is no argument",
        ),
        (changed(NORM, backward={"self, _": "npu_norm_grad(grad0, self, x=dim)"}), "no parameter"),
    ],
)
def test_bad_entries_are_named(tmp_path: Path, entry: dict, message: str) -> None:
    with pytest.raises(EntryError, match=message) as error:
        vendor.sources(load(tmp_path, entry, GRAD))
    assert "npu_norm" in str(error.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (changed(MISSING, instead=None), "with `only_on` the keys must be"),
        (changed(MISSING, out="same(x)"), "with `only_on` the keys must be"),
        (changed(NORM, kernel="mine"), "`kernel` is composite or left out, not 'mine'"),
        (changed(NORM, kernel="composite"), "a composite is written by hand"),
    ],
)
def test_bad_entries_of_other_kinds_are_named(tmp_path: Path, entry: dict, message: str) -> None:
    with pytest.raises(EntryError, match=message):
        vendor.sources(load(tmp_path, entry, GRAD))


def test_duplicates_are_named(tmp_path: Path) -> None:
    with pytest.raises(EntryError, match="npu_norm_grad: twice"):
        load(tmp_path, GRAD, GRAD)
