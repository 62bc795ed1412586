"""What is in the wheels: names, tags, metadata, RECORD, and nothing that differs between builds."""

import base64
import csv
import hashlib
import re
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename

from tests.build import wheels

BOTH = [wheels.TORCH_NPU, wheels.ASCEND_EMULATOR]
BUILD_PATHS = re.compile(rb"/(?:execroot|sandbox|bazel-out|home|root)/|\.runfiles|_solib_")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def dist_info(wheel: Path) -> str:
    return "-".join(wheel.name.split("-")[:2]) + ".dist-info"


@pytest.fixture(params=BOTH, ids=["torch_npu", "ascend_emulator"])
def wheel(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_name_says_python_and_machine(wheel: Path) -> None:
    name, version, _, tags = parse_wheel_filename(wheel.name)
    assert {str(tag) for tag in tags} == {"cp311-cp311-linux_x86_64"}
    metadata = message_from_bytes(contents(wheel)[f"{dist_info(wheel)}/METADATA"])
    assert metadata["Name"].replace("_", "-") == name
    assert metadata["Version"] == str(version)


def test_metadata(wheel: Path) -> None:
    files = contents(wheel)
    metadata = message_from_bytes(files[f"{dist_info(wheel)}/METADATA"])
    assert metadata["Requires-Python"] == "==3.11.*"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert "torch==2.13.0.*" in metadata.get_all("Requires-Dist")
    assert b"BSD 3-Clause" in files[f"{dist_info(wheel)}/licenses/LICENSE"]
    tags = message_from_bytes(files[f"{dist_info(wheel)}/WHEEL"])
    assert (tags["Root-Is-Purelib"], tags["Tag"]) == ("false", "cp311-cp311-linux_x86_64")


def test_record_lists_every_file_with_its_hash(wheel: Path) -> None:
    files = contents(wheel)
    record = f"{dist_info(wheel)}/RECORD"
    rows = {row[0]: row[1:] for row in csv.reader(files[record].decode().splitlines())}
    assert rows.keys() == files.keys()
    assert rows.pop(record) == ["", ""]
    for name, (digest, size) in rows.items():
        sha256 = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=")
        assert (digest, size) == (f"sha256={sha256.decode()}", str(len(files[name])))


def test_nothing_depends_on_time_or_place(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    packed = [entry.filename for entry in entries if ".dist-info/" not in entry.filename]
    assert packed == sorted(packed)
    for name, data in contents(wheel).items():
        assert not BUILD_PATHS.search(data), f"{name} holds a path of the build"


def test_programs_are_executable_and_data_is_not() -> None:
    with zipfile.ZipFile(wheels.ASCEND_EMULATOR) as archive:
        executable = {e.filename for e in archive.infolist() if e.external_attr >> 16 & 0o111}
    assert "ascend_emulator/cann/bin/npu-smi" in executable
    assert not [name for name in executable if name.endswith((".py", ".so", ".cfg"))]


def test_autoload_entry_point() -> None:
    files = contents(wheels.TORCH_NPU)
    entry_points = files[f"{dist_info(wheels.TORCH_NPU)}/entry_points.txt"].decode()
    assert entry_points.split() == ["[torch.backends]", "torch_npu", "=", "torch_npu:_autoload"]


def test_wheels_hold_their_package_only() -> None:
    for wheel, package in zip(BOTH, ("torch_npu", "ascend_emulator"), strict=True):
        roots = {name.split("/")[0] for name in contents(wheel)}
        assert roots == {package, dist_info(wheel)}


def test_torch_npu_holds_no_emulator() -> None:
    names = contents(wheels.TORCH_NPU).keys()
    assert not [name for name in names if "emulator" in name or "libascendcl" in name]
    assert "torch_npu/lib/libtorch_npu.so" in names
