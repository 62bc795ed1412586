"""Packs a wheel from the JSON of the npu_wheel rule; PyPI's wheel package writes RECORD."""

import json
import stat
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipInfo

from packaging.metadata import Metadata
from packaging.utils import parse_wheel_filename
from wheel.wheelfile import WheelFile, get_zipinfo_datetime

LICENSE_IN_WHEEL = "licenses/LICENSE"


def metadata(spec: dict) -> bytes:
    """METADATA; from_raw raises for every field that is not valid."""
    fields = {
        "metadata_version": "2.4",
        "name": spec["name"],
        "version": spec["version"],
        "summary": spec["summary"],
        "requires_python": "==3.11.*",
        "requires_dist": spec["requires_dist"],
        "classifiers": spec["classifiers"],
        "license_expression": "BSD-3-Clause",
        "license_files": ["LICENSE"],
        "description_content_type": "text/markdown",
        "description": Path(spec["description"]).read_text(),
    }
    return Metadata.from_raw(fields).as_rfc822().as_bytes()


def wheel_description(tag: str) -> str:
    fields = {
        "Wheel-Version": "1.0",
        "Generator": "torch_npu bazel/wheel_tool.py",
        "Root-Is-Purelib": "false",
        "Tag": tag,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def entry_points(groups: dict[str, str]) -> str:
    return "\n".join(f"[{group}]\n{lines}\n" for group, lines in sorted(groups.items()))


def mode(path: str, data: bytes) -> int:
    """Bazel marks all its outputs executable, so what a file holds decides."""
    is_program = data.startswith(b"#!") or (data.startswith(b"\x7fELF") and ".so" not in path)
    return stat.S_IFREG | (0o755 if is_program else 0o644)


def add(wheel: WheelFile, path: str, data: bytes) -> None:
    entry = ZipInfo(path, date_time=get_zipinfo_datetime())
    entry.external_attr = mode(path, data) << 16
    entry.compress_type = ZIP_DEFLATED
    wheel.writestr(entry, data)


def pack(spec: dict) -> None:
    parse_wheel_filename(Path(spec["output"]).name)
    info = f"{spec['name']}-{spec['version']}.dist-info"
    with WheelFile(spec["output"], "w") as wheel:
        for path, source in sorted(spec["contents"].items()):
            add(wheel, path, Path(source).read_bytes())
        add(wheel, f"{info}/{LICENSE_IN_WHEEL}", Path(spec["license"]).read_bytes())
        add(wheel, f"{info}/METADATA", metadata(spec))
        add(wheel, f"{info}/WHEEL", wheel_description(spec["tag"]).encode())
        if spec["entry_points"]:
            add(wheel, f"{info}/entry_points.txt", entry_points(spec["entry_points"]).encode())


if __name__ == "__main__":
    pack(json.loads(Path(sys.argv[1]).read_text()))
