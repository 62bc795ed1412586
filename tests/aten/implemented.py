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
def named(table: str) -> dict | list:
    """One of the tables of opinfos.yaml, which says what each is."""
    return yaml.safe_load((_HERE / "opinfos.yaml").read_text())[table]


def covering_opinfos(op: str, op_db: list) -> list:
    """The OpInfos that call `op`."""
    wanted = {op, f"nn.functional.{op}", *named("names").get(op, ())}
    return [info for info in op_db if info.aten_name in wanted or info.name in wanted]
