"""Operators that Atlas A2 lacks have their names and docstrings, and a call says why it fails."""

import re
from pathlib import Path

import pytest
import torch
import yaml
from torch._subclasses.fake_tensor import FakeTensorMode, UnsupportedOperatorException

import torch_npu

TABLE = Path(__file__).parents[2] / "csrc/aten/vendor/unavailable.yaml"
ENTRIES = [(e["schema"].split("(")[0], e) for e in yaml.safe_load(TABLE.read_text())]
by_name = pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=[name for name, _ in ENTRIES])

VALUES = {"Tensor": lambda: torch.ones(2, 2, device="npu"), "int": lambda: 1, "float": lambda: 1.0,
          "str": lambda: "", "List[int]": lambda: [1], "List[Tensor]": list,
          "Optional[Tensor]": lambda: None}  # fmt: skip


def required_arguments(name: str) -> tuple[list, dict]:
    args, kwargs = [], {}
    for argument in getattr(torch.ops.npu, name).default._schema.arguments:
        if argument.has_default_value():
            continue
        value = VALUES[str(argument.type)]()
        if argument.kwarg_only:
            kwargs[argument.name] = value
        else:
            args.append(value)
    return args, kwargs


@by_name
def test_call_says_what_lacks_and_what_to_use(name: str, entry: dict) -> None:
    args, kwargs = required_arguments(name)
    text = f"{name}: Atlas A2 does not have it: {entry['function']} is there on {entry['only_on']}"
    with pytest.raises(NotImplementedError, match=re.escape(text)) as error:
        getattr(torch_npu, name)(*args, **kwargs)
    assert f"Use {entry['instead']}." in str(error.value)


@by_name
def test_docstring(name: str, entry: dict) -> None:
    text = getattr(torch_npu, name).__doc__
    described = f"torch_npu.{entry['schema']}\n\n{entry['doc']}"
    assert text.startswith(re.sub(r"\bself\b", "input", described))
    assert f"Not on Atlas A2: {entry['function']}" in text


def test_operators_to_use_instead_are_there() -> None:
    for name, entry in ENTRIES:
        for other in re.findall(r"\bnpu_\w+", entry["instead"]):
            assert hasattr(torch_npu, other), f"{name} advises {other}"


def test_fake_tensors_and_gradients() -> None:
    x = torch.ones(2, 32, device="npu", requires_grad=True)
    with FakeTensorMode() as mode, pytest.raises(UnsupportedOperatorException, match="mx_quant"):
        torch_npu.npu_dynamic_mx_quant(mode.from_tensor(x))
    with pytest.raises(NotImplementedError, match="Ascend 950PR"):
        torch_npu.npu_dynamic_mx_quant(x)
