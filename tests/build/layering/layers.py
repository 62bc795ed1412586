"""Which package may depend on which: DESIGN's one-way arrows as a table."""

_CANN = {"third_party/cann"}
_CORE = _CANN | {"csrc/core"}
_LIBRARIES = _CORE | {"csrc/aten", "csrc/distributed", "csrc/profiler"}

ALLOWED = {
    "third_party/cann": set(),
    "csrc/core": _CANN,
    "csrc/aten": _CORE,
    "csrc/distributed": _CORE,
    "csrc/profiler": _CORE,
    "csrc/python": _LIBRARIES,
    "torch_npu": _LIBRARIES | {"csrc/python"},
}

# The library of each package, where it has one.
LIBRARIES = {package: f"//{package}" for package in ALLOWED if package.startswith("csrc/")}


def layer(package: str) -> str:
    """The row of a package: all of the emulator is one."""
    return "emulator" if package.startswith("emulator/") else package


def is_allowed(package: str, dependency: str) -> bool:
    if layer(package) == "emulator":
        return layer(dependency) in _CANN | {"emulator"}
    return dependency == package or dependency in ALLOWED.get(package, set())
