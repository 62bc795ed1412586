"""torch_npu.Format and the numbers of dtypes are those of CANN's headers."""

import re
from pathlib import Path

import pytest
import torch

import torch_npu
from torch_npu import _formats

HEADER = Path("third_party/cann/include/acl/acl_base.h").read_text()
NUMBERS = {name: int(value) for name, value in re.findall(r"\b(ACL_\w+) = (-?\d+)", HEADER)}
NAMES = {"bfloat16": "BF16", "float32": "FLOAT", "float64": "DOUBLE"}
NAMES["float8_e8m0fnu"] = "FLOAT8_E8M0"


@pytest.mark.parametrize("name", sorted(_formats.DTYPES))
def test_dtypes(name):
    number = NUMBERS["ACL_" + NAMES.get(name, name.upper())]
    assert getattr(torch_npu, name) == 256 + number


def test_formats():
    formats = {name: value for name, value in NUMBERS.items() if "FORMAT" in name or "_3D" in name}
    assert {f.name: f.value for f in torch_npu.Format} == {
        name.replace("ACL_FORMAT_", "").replace("ACL_", ""): value
        for name, value in formats.items()
    }


def test_unsupported_dtypes():
    assert torch.quint8 in torch_npu.unsupported_dtype
    assert torch.float32 not in torch_npu.unsupported_dtype
