"""communication.json and communication_matrix.json: what msprof found out, by step and kind."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from .. import log, output_directory
from . import msprof
from .join import Joined, steps_of
from .result import ResultDirectory

TIME, BANDWIDTH, TOTAL = (
    "Communication Time Info",
    "Communication Bandwidth Info",
    "Total Op Info",
)
_P2P = ("hcom_send", "hcom_receive", "hcom_batchsendrecv")
# Longer names first: a name is of the first type that it contains.
_TYPES = (
    *("batchsendrecv", "reducescatter", "allreduce", "allgather", "alltoallvc", "alltoallv"),
    *("alltoall", "broadcast", "scatter", "reduce", "receive", "send"),
)
_LARGE_MEGABYTES = {"RDMA": 0.5, "HCCS": 32, "PCIE": 32, "SIO": 32, "SDMA": 32}
_TIMES = ("Elapse", "Transit", "Wait", "Synchronization", "Idle")

Steps = dict[str, dict[str, dict]]  # step -> "p2p" or "collective" -> operation -> what is known


@dataclass(frozen=True)
class Communication:
    times: Steps
    matrix: Steps


def read(result: ResultDirectory, joined: Joined) -> Communication | None:
    """None if nothing was communicated, or if this msprof cannot tell."""
    if result.prof is None or not joined.is_collective.any():
        return None
    folder = msprof.analyze(result.prof)
    if folder is None:
        log.warning(
            "This msprof has no --analyze: there are no communication.json and "
            "communication_matrix.json, although collectives were recorded."
        )
        return None
    operations = _load(folder / "communication.json")
    links = _load(folder / "communication_matrix.json")
    step_of = _steps(joined, operations)
    times: Steps = defaultdict(lambda: {"p2p": {}, "collective": {}})
    matrix: Steps = defaultdict(lambda: {"p2p": {}, "collective": {}})
    for name, info in operations.items():
        if name != TOTAL:
            times[step_of[name]][_kind(name)][name] = info
    for kinds in times.values():
        for group in kinds.values():
            if group:
                group[TOTAL] = _total(list(group.values()))
    grouped: dict = defaultdict(lambda: defaultdict(list))
    for name, of_op in links.items():
        where = (step_of.get(name, _step_key("")), _kind(name), _type_of(name), _group_of(name))
        for link, info in of_op.items():
            grouped[where][link].append({**info, "Op Name": name.split("@")[0]})
    for (step, kind, operation, group), of_link in grouped.items():
        for rank, of_rank in _ranked(of_link).items():
            matrix[step][kind][f"{operation}-{rank}@{group}"] = of_rank
    return Communication(dict(times), dict(matrix))


def write_json(result: ResultDirectory, joined: Joined) -> None:
    found = read(result, joined)
    if found is None:
        return
    for name, content in (
        ("communication", found.times),
        ("communication_matrix", found.matrix),
    ):
        with output_directory.open_file(result.output / f"{name}.json") as file:
            json.dump(content, file)


def _load(path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def _step_key(step: str) -> str:
    return f"step{step}"


def _steps(joined: Joined, operations: dict) -> dict[str, str]:
    """The step of each operation: that of the task which starts when it does."""
    names = [name for name in operations if name != TOTAL]
    starts = np.array(
        [round(operations[name][TIME]["Start Timestamp(us)"] * 1000) for name in names], np.int64
    )
    steps = joined.ops.steps
    order = np.argsort(joined.tasks.start)
    # A double holds Unix time in µs to a quarter of a µs only.
    found = np.searchsorted(joined.tasks.start[order], starts - 500)
    found = order[np.minimum(found, len(order) - 1)]
    near = np.abs(joined.tasks.start[found] - starts) <= 500
    positions = np.where(near, joined.task_steps[found], steps_of(starts, steps))
    ids = [*(identity for identity, _, _ in steps), ""]
    return {name: _step_key(ids[p]) for name, p in zip(names, positions.tolist(), strict=True)}


def _kind(name: str) -> str:
    return "p2p" if name.lower().startswith(_P2P) else "collective"


def _type_of(name: str) -> str:
    lower = re.sub(r"[^a-z]", "", name.split("__")[0].lower())
    return next((known for known in _TYPES if known in lower), "invalid")


def _group_of(name: str) -> str:
    return name.rpartition("@")[2]


def _total(operations: list[dict]) -> dict:
    """The sums of all operations of a kind in a step."""
    times = {
        f"{part} Time(ms)": sum(op[TIME].get(f"{part} Time(ms)", 0) for op in operations)
        for part in _TIMES
    }
    transit = times["Transit Time(ms)"]
    for part in ("Wait", "Synchronization"):
        spent = times[f"{part} Time(ms)"]
        times[f"{part} Time Ratio"] = round(spent / (spent + transit), 4) if spent else 0
    bandwidth = {}
    for transport in dict.fromkeys(name for op in operations for name in op[BANDWIDTH]):
        bandwidth[transport] = _total_bandwidth(
            transport, [op[BANDWIDTH][transport] for op in operations if transport in op[BANDWIDTH]]
        )
    return {TIME: times, BANDWIDTH: bandwidth}


def _total_bandwidth(transport: str, parts: list[dict]) -> dict:
    size = sum(part["Transit Size(MB)"] for part in parts)
    milliseconds = sum(part["Transit Time(ms)"] for part in parts)
    sizes: dict[str, list] = {}
    for part in parts:
        for megabytes, (count, duration) in part.get("Size Distribution", {}).items():
            entry = sizes.setdefault(megabytes, [0, 0])
            entry[0] += count
            entry[1] += duration
    packets = sum(count for count, _ in sizes.values())
    limit = _LARGE_MEGABYTES.get(transport, 32)
    large = sum(count for megabytes, (count, _) in sizes.items() if float(megabytes) > limit)
    return {
        "Transit Size(MB)": size,
        "Transit Time(ms)": milliseconds,
        "Bandwidth(GB/s)": round(size / milliseconds, 4) if milliseconds else 0,
        "Large Packet Ratio": round(large / packets, 4) if packets else 0,
        "Size Distribution": sizes,
    }


def _ranked(of_link: dict[str, list[dict]]) -> dict[str, dict[str, dict]]:
    """Per link the fastest, the middle and the slowest operations, and their sums."""
    result: dict[str, dict[str, dict]] = defaultdict(dict)
    for link, operations in of_link.items():
        by_speed = sorted(operations, key=lambda op: op["Bandwidth(GB/s)"], reverse=True)
        picks = {"top1": 0, "middle": len(by_speed) // 2}
        picks |= {f"bottom{n}": len(by_speed) - n for n in (1, 2, 3) if len(by_speed) >= n}
        for rank, position in picks.items():
            result[rank][link] = by_speed[position]
        size = sum(op["Transit Size(MB)"] for op in operations)
        milliseconds = sum(op["Transit Time(ms)"] for op in operations)
        result["total"][link] = {
            "Transport Type": operations[0].get("Transport Type", ""),
            "Transit Size(MB)": size,
            "Transit Time(ms)": milliseconds,
            "Bandwidth(GB/s)": round(size / milliseconds, 4) if milliseconds else 0,
        }
    return result
