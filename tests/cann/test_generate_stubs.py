"""The stub generator refuses, by name, what it cannot forward."""

import pathlib
import re

import generate_stubs
import pytest


def test_parses_pointers_const_and_empty_lists():
    stubs = generate_stubs.parse(
        "CANN_API aclError aclrtMalloc(void** devPtr, size_t size);\n"
        "CANN_API const char* aclrtGetSocName();\n"
        "CANN_API aclTensor* aclMake(const aclTensor* const* value, uint64_t size);\n"
    )
    assert [(s.name, s.result) for s in stubs] == [
        ("aclrtMalloc", "aclError"),
        ("aclrtGetSocName", "const char*"),
        ("aclMake", "aclTensor*"),
    ]
    assert stubs[0].arguments == (("void** ", "devPtr"), ("size_t ", "size"))
    assert stubs[2].missing_value() == "nullptr"
    assert "return function(devPtr, size);" in stubs[0].definition("AscendCl")


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("CANN_API aclError aclFoo(void (*fn)(int), int x);", "aclFoo: function pointers"),
        ("CANN_API aclError aclFoo(const char* format, ...);", "aclFoo: variadic"),
        ("CANN_API aclError aclFoo(int values[4]);", "aclFoo: cannot parse.*values"),
        ("CANN_API aclError aclFoo(int);", "aclFoo: cannot parse the parameter 'int'"),
        ("CANN_API aclError (*aclFoo);", "understood 0 of 1"),
    ],
)
def test_refuses_what_it_cannot_forward(declaration, message):
    with pytest.raises(generate_stubs.StubError, match=message):
        generate_stubs.parse(declaration)


def test_refuses_a_result_without_a_value_for_missing():
    (stub,) = generate_stubs.parse("CANN_API double aclFoo(int x);")
    with pytest.raises(generate_stubs.StubError, match=r"aclFoo: no value .* 'double'"):
        stub.definition("AscendCl")


def test_every_declared_function_has_a_stub():
    source = pathlib.Path("third_party/cann/stubs/stubs.cc").read_text()
    headers = pathlib.Path("third_party/cann/include")
    declared = set()
    for name in re.findall(r'#include "((?:acl|aclnn|aclnn/ops|hccl|mstx)/\w+\.h)"', source):
        text = re.sub(r"\s+", " ", (headers / name).read_text())
        declared |= set(re.findall(r"CANN_API [\w\s*]*?(\w+)\(", text))
    defined = set(re.findall(r"reinterpret_cast<decltype\(&(\w+)\)>", source))
    assert len(declared) > 700
    assert declared == defined
