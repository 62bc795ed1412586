"""The databases: ascend_pytorch_profiler[_{rank}].db and analysis.db."""

import shutil
import socket
import sqlite3
import uuid
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from .. import output_directory
from . import communication, database_cann, database_host, msprof
from .database_schema import ANALYSIS_TABLES
from .join import Joined
from .result import DETAILED_LEVELS, ResultDirectory
from .step_time import device_steps

_MICROSECOND = 1e3


class Database:
    """A new or copied SQLite file that tables are written to."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            with output_directory.open_file(path, "wb"):
                pass  # created here for the sake of its mode
        self._connection = sqlite3.connect(path, isolation_level=None)
        # The whole result is written anew if this is interrupted, so nothing needs a journal.
        self._connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN")

    def close(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.close()

    def insert(self, table: str, schema: str, rows: Iterable[tuple]) -> None:
        """Adds `rows` to `table`, which is created by the columns in `schema` if it is missing."""
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({schema})")
        columns = schema.count(",") + 1
        places = ",".join("?" * columns)
        try:
            self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        except OverflowError:
            raise ValueError(
                f"a value for {table} has more than 63 bits: the raw data are damaged"
            ) from None


def write(result: ResultDirectory, joined: Joined) -> None:
    suffix = "" if result.rank is None else f"_{result.rank}"
    path = result.output / f"ascend_pytorch_profiler{suffix}.db"
    from_msprof = msprof.export_database(result.prof) if result.prof is not None else None
    if from_msprof is not None:
        shutil.move(from_msprof, path)
        path.chmod(output_directory.FILE_MODE)
    with closing(Database(path)) as database:
        if from_msprof is None:
            database_cann.write(database, result, joined)
        database_host.write(database, result, joined, _host())
    if result.has_device:
        with closing(Database(result.output / "analysis.db")) as database:
            _write_analysis(database, result, joined)


def _host() -> tuple[str, str]:
    return str(uuid.getnode()), socket.gethostname()


def _write_analysis(database: Database, result: ResultDirectory, joined: Joined) -> None:
    steps = [
        (
            step.device,
            step.step,
            *(nanoseconds / _MICROSECOND for nanoseconds in vars(step.times).values()),
        )
        for step in device_steps(joined)
    ]
    database.insert("StepTraceTime", ANALYSIS_TABLES["StepTraceTime"], steps)
    if result.level not in DETAILED_LEVELS:
        return
    found = communication.read(result, joined)
    if found is None:
        return
    for table, rows in (
        ("CommAnalyzerTime", _time_rows(found.times)),
        ("CommAnalyzerBandwidth", _bandwidth_rows(found.times)),
        ("CommAnalyzerMatrix", _matrix_rows(found.matrix)),
    ):
        database.insert(table, ANALYSIS_TABLES[table], rows)


def _entries(steps: communication.Steps):
    for step, kinds in steps.items():
        for kind, operations in kinds.items():
            for name, info in operations.items():
                operation, _, group = name.partition("@")
                yield step, kind, operation, group, info


def _time_rows(steps: communication.Steps):
    for step, kind, operation, group, info in _entries(steps):
        times = info[communication.TIME]
        yield (
            operation,
            group,
            times.get("Start Timestamp(us)", 0),
            *(
                times.get(f"{part} Time(ms)", 0)
                for part in ("Elapse", "Transit", "Wait", "Synchronization", "Idle")
            ),
            step,
            kind,
        )


def _bandwidth_rows(steps: communication.Steps):
    for step, kind, operation, group, info in _entries(steps):
        for transport, part in info[communication.BANDWIDTH].items():
            for size, (count, duration) in part.get("Size Distribution", {}).items():
                yield (
                    operation,
                    group,
                    transport,
                    part["Transit Size(MB)"],
                    part["Transit Time(ms)"],
                    part["Bandwidth(GB/s)"],
                    part["Large Packet Ratio"],
                    float(size),
                    count,
                    duration,
                    step,
                    kind,
                )


def _matrix_rows(steps: communication.Steps):
    for step, kind, operation, group, links in _entries(steps):
        for link, info in links.items():
            source, _, target = link.partition("-")
            yield (
                operation,
                group,
                source,
                target,
                info["Transport Type"],
                info["Transit Size(MB)"],
                info["Transit Time(ms)"],
                info["Bandwidth(GB/s)"],
                step,
                kind,
                info.get("Op Name", ""),
            )
