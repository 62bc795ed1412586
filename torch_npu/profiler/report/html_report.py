"""A page with the summary of a result: one file that needs no network and no script."""

from html import escape
from typing import TextIO

import numpy as np

from .summary import Summary, busy_intervals

_WIDTH, _LANE = 1000, 22  # pixels
_COLORS = {
    "Computing": "#3b7dd8",
    "Communication": "#e08a2e",
    "Host operators": "#7a9e4d",
    "CPU fallback": "#c23b3b",
}
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1100px; color: #222 }
h2 { margin-top: 1.6em; font-size: 1.15em }
table { border-collapse: collapse } td, th { padding: 2px 10px; text-align: right }
th { border-bottom: 1px solid #999 } td:first-child, th:first-child { text-align: left }
tr:nth-child(even) { background: #f4f4f4 } svg { background: #fafafa; border: 1px solid #ddd }
"""


def write_page(result, file: TextIO) -> None:
    """`result`: an AnalysedResult."""
    summary = result.summary()
    title = f"Profile {result.directory.name}"
    file.write(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n"
    )
    _section(file, "Timeline", _timeline(result))
    _section(file, "Steps", _steps(summary))
    _section(file, "Longest gaps of the device", _gaps(summary))
    _section(file, "Kernels with the most time", _kernels(summary))
    if summary.fallbacks:
        rows = [(name, count, ns / 1000) for name, (count, ns) in summary.fallbacks.items()]
        table = _table(("Operator", "Calls", "Host (µs)"), rows)
        _section(file, "Operators that ran on the CPU, with copies both ways", table)
    file.write("</body></html>\n")


def _section(file: TextIO, title: str, content: str) -> None:
    file.write(f"<h2>{escape(title)}</h2>\n{content or '<p>Nothing was recorded.</p>'}\n")


def _table(header, rows) -> str:
    def line(tag: str, cells) -> str:
        texts = (f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells)
        return "<tr>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts) + "</tr>\n"

    body = "".join(line("td", row) for row in rows)
    return f"<table>\n{line('th', header)}{body}</table>" if body else ""


def _timeline(result) -> str:
    """A lane per kind of work; the darker, the more of that time was busy."""
    joined = result.joined
    tasks, ops = joined.tasks, joined.ops
    computing = joined.is_kernel & ~joined.is_collective
    lanes = []
    for device in joined.devices:
        for kind, mask in (("Computing", computing), ("Communication", joined.is_collective)):
            chosen = tasks[mask & (joined.device == device)]
            lanes.append((f"NPU {device}", kind, chosen.start, chosen.end))
    shown = np.flatnonzero(~ops.is_step)
    lanes.append(("Host", "Host operators", ops["start"][shown], ops["end"][shown]))
    fallen = result.fallbacks
    lanes.append(("Host", "CPU fallback", ops["start"][fallen], ops["end"][fallen]))
    lanes = [lane for lane in lanes if len(lane[2])]
    if not lanes:
        return ""
    begin = min(int(starts.min()) for _, _, starts, _ in lanes)
    end = max(int(ends.max()) for _, _, _, ends in lanes)
    scale = _WIDTH / max(end - begin, 1)
    parts = []
    for row, (place, kind, starts, ends) in enumerate(lanes):
        top = row * _LANE
        for column, share in _busy_columns(starts, ends, begin, scale):
            parts.append(
                f'<rect x="{160 + column}" y="{top + 2}" width="1" height="{_LANE - 4}" '
                f'fill="{_COLORS[kind]}" fill-opacity="{share:.2f}"/>'
            )
        parts.append(f'<text x="4" y="{top + 15}" font-size="12">{escape(place)}: {kind}</text>')
    for step, step_begin, _ in ops.steps:
        x = 160 + (step_begin - begin) * scale
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{len(lanes) * _LANE}" stroke="#888">'
            f"<title>step {escape(step)}</title></line>"
        )
    size = f'width="{_WIDTH + 160}" height="{len(lanes) * _LANE}"'
    milliseconds = (end - begin) / 1e6
    return f"<svg {size}>{''.join(parts)}</svg><p>{milliseconds:.3f} ms from left to right</p>"


def _busy_columns(starts: np.ndarray, ends: np.ndarray, begin: int, scale: float):
    """(pixel column, busy share of it) where it is not 0."""
    starts, ends = busy_intervals(starts, ends)
    lengths = np.concatenate(([0], np.cumsum(ends - starts)))
    edges = begin + np.arange(_WIDTH + 1) / scale
    # Busy time before each edge: whole intervals, and the part of the one that the edge cuts.
    before = np.searchsorted(starts, edges, side="right")
    last = np.maximum(before - 1, 0)
    cut = np.clip(edges - starts[last], 0, (ends - starts)[last])
    busy = np.where(before > 0, lengths[last] + cut, 0.0)
    shares = np.clip(np.diff(busy) * scale, 0, 1)
    columns = np.flatnonzero(shares > 0)
    # What is shorter than a pixel is still seen.
    return zip(columns.tolist(), np.maximum(shares[columns], 0.15).tolist(), strict=True)


def _steps(summary: Summary) -> str:
    header = (
        *("Device", "Step", "Stage (µs)", "Computing", "Communication", "Not overlapped"),
        *("Overlap", "Free", "Bubble", "Preparing", "Share"),
    )
    rows = []
    for step in summary.steps:
        t = step.times
        values = (t.stage, t.computing, t.communication, t.not_overlapped, t.overlapped)
        times = (*values, t.free, t.bubble, t.preparing)
        share = f"{100 * t.computing / t.stage:.1f} % computing" if t.stage > 0 else ""
        rows.append((step.device, step.step or "all", *(time / 1000 for time in times), share))
    return _table(header, rows)


def _gaps(summary: Summary) -> str:
    rows = [
        (f"NPU {g.device}", g.duration / 1000, g.cause, g.host_op, g.next_task, g.launched_by)
        for g in summary.gaps[:20]
    ]
    header = ("Device", "Gap (µs)", "Cause", "Host was in", "Next task", "Launched by")
    return _table(header, rows)


def _kernels(summary: Summary) -> str:
    rows = [
        (k.name, k.task_type, k.count, k.total / 1000, k.total / k.count / 1000, 100 * k.share)
        for k in summary.kernels[:20]
    ]
    return _table(("Kernel", "Core", "Count", "Total (µs)", "Average (µs)", "Share (%)"), rows)
