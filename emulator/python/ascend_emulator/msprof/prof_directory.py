"""Reads a PROF directory into numpy columns."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

_PROF_NAME = re.compile(r"^PROF_\d+_\d+_[0-9A-Za-z]+$")
_DEVICE_NAME = re.compile(r"^device_(\d+)$")
_MAGIC = 0x5A5A

# emulator/profiling/raw_records.h
API = np.dtype(
    [
        ("magic", "<u2"),
        ("level", "<u2"),
        ("type", "<u4"),
        ("thread", "<u4"),
        ("connection", "<u4"),
        ("begin", "<u8"),
        ("end", "<u8"),
        ("item", "<u8"),
    ]
)
TASK = np.dtype(
    [
        ("magic", "<u2"),
        ("kind", "<u2"),
        ("thread", "<u4"),
        ("stream", "<u4"),
        ("task", "<u4"),
        ("connection", "<u4"),
        ("block_num", "<u4"),
        ("submit", "<u8"),
        ("start", "<u8"),
        ("end", "<u8"),
        ("name", "<u8"),
        ("type", "<u8"),
        ("engine", "<u8"),
        ("details", "<u8"),
        ("bytes", "<u8"),
    ]
)
KERNEL, COLLECTIVE, MEMCPY = 0, 1, 2  # ascend_emulator::TaskKind


class ProfDirectoryError(Exception):
    """The directory is not what msprof writes; the text says what is wrong."""


def find_prof_directories(path: Path) -> list[Path]:
    """`path` itself if it is a PROF directory, otherwise those directly below it."""
    if not path.is_dir():
        raise ProfDirectoryError(f"{path} is not a directory")
    if _PROF_NAME.match(path.resolve().name):
        return [path]
    found = sorted(entry for entry in path.iterdir() if _PROF_NAME.match(entry.name))
    if not found:
        raise ProfDirectoryError(f"{path} is no PROF_* directory and contains none")
    return found


@dataclass(frozen=True)
class ProfDirectory:
    """One session: host API calls, and device tasks ordered by start. Times: monotonic ns."""

    path: Path
    pid: int
    process_name: str
    unix_offset: int  # Unix ns = monotonic ns + unix_offset
    texts: dict[int, str]  # by hash id
    apis: np.ndarray
    tasks: dict[int, np.ndarray]  # by device

    def text_column(self, ids: np.ndarray) -> list[str]:
        """The texts of a column of hash ids; "" for id 0."""
        return self._column(ids, str)

    def json_column(self, ids: np.ndarray) -> list[str]:
        """As text_column, escaped for the inside of a JSON string."""
        return self._column(ids, lambda text: json.dumps(text)[1:-1])

    def _column(self, ids: np.ndarray, convert: Callable[[str], str]) -> list[str]:
        unique, positions = np.unique(ids, return_inverse=True)
        texts = [convert(self._text(int(identity))) for identity in unique]
        return [texts[position] for position in positions.tolist()]

    def _text(self, identity: int) -> str:
        if identity == 0:
            return ""
        try:
            return self.texts[identity]
        except KeyError:
            raise ProfDirectoryError(f"{self.path}: hash_dic has no entry {identity}") from None

    @cached_property
    def task_count(self) -> int:
        return sum(len(tasks) for tasks in self.tasks.values())


def read(path: Path) -> ProfDirectory:
    host = path / "host"
    start = _read_json(host / "start_info")
    info = _read_json(host / "info.json")
    apis = _read_records(host / "data" / "unaging.api_event.data.slice_0", API)
    return ProfDirectory(
        path=path,
        pid=int(info["pid"]),
        process_name=info["pid_name"],
        unix_offset=int(start["collectionTimeBegin"]) * 1000 - int(start["clockMonotonicRaw"]),
        texts=_read_texts(host / "data" / "unaging.additional.hash_dic.slice_0"),
        apis=apis[np.argsort(apis["begin"], kind="stable")],
        tasks=dict(_read_devices(path)),
    )


def _read_devices(path: Path):
    for entry in sorted(path.iterdir()):
        match = _DEVICE_NAME.match(entry.name)
        if match is None:
            continue
        device = int(match[1])
        tasks = _read_records(entry / "data" / f"emulator_task.data.{device}.slice_0", TASK)
        yield device, tasks[np.argsort(tasks["start"], kind="stable")]


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise ProfDirectoryError(f"{path} is missing: was aclprofStart called?") from None
    except json.JSONDecodeError as error:
        raise ProfDirectoryError(f"{path} is not JSON: {error}") from None


def _read_records(path: Path, dtype: np.dtype) -> np.ndarray:
    if not path.exists():
        raise ProfDirectoryError(f"{path} is missing")
    size = path.stat().st_size
    # A process that was killed leaves at most one torn record at the end.
    records = np.fromfile(path, dtype=dtype, count=size // dtype.itemsize)
    bad = np.flatnonzero(records["magic"] != _MAGIC)
    if len(bad):
        raise ProfDirectoryError(
            f"{path}: record {bad[0]} has no magic 0x5A5A, the file is damaged"
        )
    return records


def _read_texts(path: Path) -> dict[int, str]:
    texts = {}
    for line in path.read_text().splitlines():
        identity, _, text = line.partition(":")
        texts[int(identity)] = text
    return texts
