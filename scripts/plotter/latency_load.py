"""Latency-load curves of memories: what `cyclescope memory --curve` or `--format csv` writes.

Horizontal the attained bandwidth (or its share of the peak), vertical the latency; a line per memory and pattern.
"""
from typing import Any, Dict, List, Tuple

from .table import Row

NAME = "latency-load"
#: Columns that make a file one of this kind.
COLUMNS = ("memory", "pattern", "load", "attained_gb_per_s", "share_of_peak", "latency_mean_ns", "latency_p50_ns",
           "latency_p99_ns", "latency_max_ns")
#: What else tells two lines of one memory and pattern apart: column and how a label shows it.
_DETAILS = (("channels", "{} channels"), ("request_bytes", "{} B"), ("stride_bytes", "stride {} B"),
            ("read_percent", "{} % reads"), ("outstanding", "{} outstanding"), ("seed", "seed {}"))
_LATENCIES = {"mean": "mean", "p50": "P50", "p99": "P99", "max": "largest"}


def add_options(parser: Any) -> None:
    """Declares what only this kind knows."""
    parser.add_argument("--latency", choices=list(_LATENCIES), default="mean", help="which latency (default: mean)")
    parser.add_argument("--share", action="store_true", help="bandwidth as a share of the peak instead of in GB/s")


def _details(row: Row) -> Tuple[str, ...]:
    return tuple(form.format(row.cells[column]) if row.cells.get(column) else "" for column, form in _DETAILS)


def _lines(rows: List[Row]) -> List[Tuple[str, List[Row]]]:
    """Rows by label; a label says what it must to be the only one."""
    groups: Dict[Tuple[str, ...], List[Row]] = {}
    for row in rows:
        groups.setdefault((row.text("memory"), row.text("pattern"), *_details(row)), []).append(row)
    lines = []
    for key, members in groups.items():
        twins = [other for other in groups if other[:2] == key[:2]]
        told = [key[i] for i in range(2, len(key)) if key[i] and len({other[i] for other in twins}) > 1]
        lines.append((", ".join([" ".join(key[:2]), *told]), members))
    return lines


def draw(rows: List[Row], figure: Any, options: Any) -> None:
    """Draws all rows into `figure`."""
    axes = figure.subplots()
    bandwidth = "share_of_peak" if options.share else "attained_gb_per_s"
    for label, members in _lines(rows):
        points = [(row.number(bandwidth), row.number(f"latency_{options.latency}_ns")) for row in members]
        axes.plot(*zip(*points), marker="o", markersize=3, linewidth=1.2, label=label)
    axes.set_xlabel("attained bandwidth (share of the peak)" if options.share else "attained bandwidth (GB/s)")
    axes.set_ylabel(f"{_LATENCIES[options.latency]} latency (ns)")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small")
