"""Which ATen operators the NPU has kernels for, and which of PyTorch's OpInfos exercise them."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
_REGISTRATION = re.compile(r'm\.impl\("([\w.]+)"')


@functools.cache
def implemented_ops() -> frozenset[str]:
    """Base names (no overload, no underscore at the end) of the YAML and the written files."""
    names = []
    for path in (_ROOT / "csrc/aten/ops").glob("*.yaml"):
        names += [entry["op"] for entry in yaml.safe_load(path.read_text())]
    for path in (_ROOT / "csrc/aten/native").glob("*.cc"):
        if path.name != "Autocast.cc":
            names += _REGISTRATION.findall(path.read_text())
    return frozenset(base_name(name) for name in names)


def base_name(op: str) -> str:
    name = op.split(".")[0]
    return name if name.startswith("__") else name.rstrip("_")


@functools.cache
def opinfo_names() -> dict[str, list[str]]:
    """Operators whose OpInfo has another name, from opinfos.yaml."""
    return yaml.safe_load((_HERE / "opinfos.yaml").read_text())["names"]


@functools.cache
def without_opinfo() -> dict[str, str]:
    """Operators that no OpInfo calls, with where they are tested instead."""
    return yaml.safe_load((_HERE / "opinfos.yaml").read_text())["elsewhere"]


def covering_opinfos(op: str, op_db: list) -> list:
    """The OpInfos that call `op`."""
    wanted = {op, f"nn.functional.{op}", *opinfo_names().get(op, ())}
    return [info for info in op_db if info.aten_name in wanted or info.name in wanted]


@functools.cache
def random_opinfos() -> frozenset[str]:
    """OpInfos whose results are random: tests/aten/test_random.py looks at their distributions."""
    return frozenset(yaml.safe_load((_HERE / "opinfos.yaml").read_text())["random"])


@functools.cache
def checked_on_device() -> frozenset[str]:
    """OpInfos whose values on the device are checked by the kernel, after the call has returned."""
    return frozenset(yaml.safe_load((_HERE / "opinfos.yaml").read_text())["checked_on_device"])


@functools.cache
def excluded_opinfos() -> frozenset[str]:
    """OpInfos that are no comparison of values between devices, each with its reason."""
    return frozenset(yaml.safe_load((_HERE / "opinfos.yaml").read_text())["excluded"])
