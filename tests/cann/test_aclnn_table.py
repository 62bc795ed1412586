"""The reader of the aclnn tables: what it accepts, what it refuses, and the tables themselves."""

import pathlib

import aclnn_table
import pytest


def _table(tmp_path: pathlib.Path, text: str) -> pathlib.Path:
    path = tmp_path / "family.yaml"
    path.write_text(text)
    return path


def test_reads_types_directions_and_dtypes(tmp_path):
    path = _table(
        tmp_path,
        "aclnnFoo:\n  self: aclTensor in FLOAT BF16\n  biasOptional: aclTensor in\n"
        "  dim: int64_t in\n  out: aclTensor out FLOAT\n",
    )
    (function,) = aclnn_table.load([path])
    assert function.name == "aclnnFoo"
    assert [p.c_type for p in function.parameters] == [
        "const aclTensor*",
        "const aclTensor*",
        "int64_t",
        "aclTensor*",
    ]
    assert [p.optional for p in function.parameters] == [False, True, False, False]
    assert function.parameters[0].dtypes == ("FLOAT", "BF16")
    assert function.parameters[1].dtypes == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("aclTensr in", r"aclnnFoo\.self.*unknown type 'aclTensr'"),
        ("aclTensor inward", r"unknown direction 'inward'"),
        ("aclTensor in FLOT", r"unknown dtypes \['FLOT'\]"),
    ],
)
def test_names_what_is_wrong(tmp_path, entry, message):
    with pytest.raises(ValueError, match=message):
        aclnn_table.load([_table(tmp_path, f"aclnnFoo:\n  self: {entry}\n")])


def test_refuses_a_function_declared_twice(tmp_path):
    path = _table(tmp_path, "aclnnFoo:\n  self: aclTensor in\n")
    with pytest.raises(ValueError, match="aclnnFoo is declared twice"):
        aclnn_table.load([path, path])


def test_every_function_of_the_product_has_an_output():
    tables = sorted(pathlib.Path("third_party/cann/aclnn").glob("*.yaml"))
    functions = aclnn_table.load(tables)
    assert len(functions) > 300
    assert [f.name for f in functions if all(p.io == "in" for p in f.parameters)] == []
