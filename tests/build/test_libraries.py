"""What the adapter's libraries need and offer, read with binutils."""

import re
import subprocess
from pathlib import Path

import pytest

LIBRARY = Path("torch_npu/lib/libtorch_npu.so")
EXTENSION = next(Path("torch_npu").glob("_C.*.so"))
CANN_LIBRARIES = re.compile(r"lib(ascendcl|opapi|nnopbase|hccl|hcomm|msprofiler|runtime)")
CANN_NAMES = re.compile(r"^(acl|aclnn|Hccl)")


def needed(library: Path) -> list[str]:
    text = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text.stdout)


def exported(library: Path) -> list[str]:
    command = ["nm", "--dynamic", "--defined-only", "--format=posix", library]
    text = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split()[0] for line in text.stdout.splitlines()]


@pytest.mark.parametrize("library", [LIBRARY, EXTENSION], ids=["libtorch_npu", "_C"])
def test_links_to_no_cann_library(library: Path) -> None:
    assert "libc10.so" in needed(LIBRARY)
    assert not [name for name in needed(library) if CANN_LIBRARIES.match(name)]


@pytest.mark.parametrize("library", [LIBRARY, EXTENSION], ids=["libtorch_npu", "_C"])
def test_exports_no_cann_name(library: Path) -> None:
    assert not [name for name in exported(library) if CANN_NAMES.match(name)]


def test_extension_offers_its_init_function_only() -> None:
    assert [name for name in exported(EXTENSION) if name.startswith("Py")] == ["PyInit__C"]
    assert not [name for name in exported(EXTENSION) if "c10_npu" in name]


def test_library_offers_its_namespaces_to_extensions() -> None:
    assert any("7c10_npu" in name for name in exported(LIBRARY))


@pytest.mark.parametrize("library", [LIBRARY, EXTENSION], ids=["libtorch_npu", "_C"])
def test_rpath_stays_in_the_package(library: Path) -> None:
    text = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True)
    paths = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", text.stdout)
    assert all(path.startswith("$ORIGIN") and "_solib" not in path for path in paths)
