"""The table of torch.npu.memory_summary()."""

from __future__ import annotations

from collections.abc import Mapping

_METRICS = (
    ("allocated_bytes", "Allocated memory"),
    ("active_bytes", "Active memory"),
    ("requested_bytes", "Requested memory"),
    ("reserved_bytes", "Reserved memory"),
    ("inactive_split_bytes", "Non-releasable memory"),
    ("allocation", "Allocations"),
    ("active", "Active allocations"),
    ("segment", "Reserved segments"),
    ("inactive_split", "Non-releasable blocks"),
)
_POOLS = (("large_pool", "  from large pool"), ("small_pool", "  from small pool"))
_COLUMNS = ("current", "peak", "allocated", "freed")
_NAME_WIDTH, _CELL_WIDTH = 23, 12


def _bytes(amount: int) -> str:
    size = float(amount)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _line(name: str, cells: list[str]) -> str:
    return " | ".join([f"{name:<{_NAME_WIDTH}}"] + [f"{cell:>{_CELL_WIDTH}}" for cell in cells])


def format_summary(stats: Mapping[str, int], device: int, abbreviated: bool) -> str:
    """`stats`: of torch.npu.memory_stats(); missing keys count as 0."""
    lines = [
        f"Memory of npu:{device}: {stats.get('num_ooms', 0)} times out of memory, "
        f"{stats.get('num_alloc_retries', 0)} times the cache was emptied to go on",
        _line("", ["now", "peak", "in total", "freed"]),
    ]
    for metric, title in _METRICS:
        show = _bytes if metric.endswith("bytes") else str
        for pool, name in (("all", title), *(() if abbreviated else _POOLS)):
            cells = [show(stats.get(f"{metric}.{pool}.{column}", 0)) for column in _COLUMNS]
            lines.append(_line(name, cells))
    rule = "-" * len(lines[1])
    return "\n".join([lines[0], rule, lines[1], rule, *lines[2:], rule])
