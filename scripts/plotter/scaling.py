"""Scaling series: what `cyclescope scaling` writes as scaling.csv or with `--format csv`.

Above, the speed-up of every series against its axis, both logarithmic, beside the capacity (the ideal). Below, for every
series, where the MAC slots of each point went: useful at the bottom, then the causes of loss, stacked to 100 %.
"""
from typing import Any, Dict, List, Tuple

from .errors import PlotError
from .table import Row

NAME = "scaling"
#: Columns that make a file one of this kind.
COLUMNS = ("model", "axis", "platform", "state", "memory", "label", "size", "speed_up", "ideal_speed_up", "slots",
           "slots.useful")
#: Series side by side at most; more would be unreadable.
MOST_SERIES = 6
#: Causes with less than this share of the slots everywhere are drawn together.
_SMALL = 0.01
_KEYS = ("model", "platform", "fixed", "memory", "state")

Series = Tuple[str, List[Row]]


def add_options(parser: Any) -> None:
    """Declares what only this kind knows."""
    parser.add_argument("--only", action="append", default=[], metavar="COLUMN=VALUE",
                        help="rows with this value only, such as state=steady; may be repeated")


def _selected(rows: List[Row], conditions: List[str]) -> List[Row]:
    for condition in conditions:
        column, equals, value = condition.partition("=")
        known = [name for name in ("model", "precision", "platform", "state", "memory", "fixed") if name in rows[0].cells]
        if not equals or column not in known:
            raise PlotError(f"--only '{condition}': expected COLUMN=VALUE with a column of {', '.join(known)}")
        kept = [row for row in rows if row.cells[column] == value]
        if not kept:
            values = ", ".join(sorted({row.cells[column] for row in rows}))
            raise PlotError(f"--only '{condition}': no such row; expected one of {values}")
        rows = kept
    return rows


def series_of(rows: List[Row]) -> List[Series]:
    """Rows by series; a label says only what differs."""
    groups: Dict[Tuple[str, ...], List[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.cells.get(key, "") for key in _KEYS), []).append(row)
    series = []
    for key, members in groups.items():
        told = [part + (" memory" if _KEYS[i] == "memory" else "") for i, part in enumerate(key)
                if part and len({other[i] for other in groups}) > 1]
        sized = sorted(members, key=lambda row: row.number("size"))
        everything = f"{key[0]} on {key[1]}, {key[3]} memory, {key[4]}" if key[1] else f"{key[0]}, {key[4]}"
        series.append((", ".join(told) or everything, sized))
    return series


def shares(members: List[Row]) -> List[Tuple[str, List[float]]]:
    """Parts of the slots of each point, useful first, then causes by their largest share; small ones together."""
    causes = [name for name in members[0].cells if name.startswith("slots.")]
    parts = {name: [row.number(name) / row.number("slots") for row in members] for name in causes}
    useful = parts.pop("slots.useful")
    large = sorted((name for name in parts if max(parts[name]) >= _SMALL), key=lambda name: -max(parts[name]))
    stack = [("useful", useful)] + [(name.partition(".")[2].replace("_", " "), parts[name]) for name in large]
    small = [name for name in parts if name not in large]
    rest = [sum(parts[name][i] for name in small) for i in range(len(members))]
    if any(rest):
        stack.append(("other", rest))
    return stack


def _colours(stacks: List[List[Tuple[str, List[float]]]]) -> Dict[str, Any]:
    """The same cause has the same colour in every panel."""
    from matplotlib import colormaps
    names = list(dict.fromkeys(name for stack in stacks for name, _ in stack if name not in ("useful", "other")))
    palette = colormaps["tab20"]
    colours = {name: palette(i % 20) for i, name in enumerate(names)}
    return {**colours, "useful": "#2d6a2d", "other": "#bbbbbb"}


def _ticks(axes: Any, members: List[Row]) -> None:
    axes.set_xscale("log")
    axes.set_xticks([row.number("size") for row in members])
    axes.set_xticklabels([row.text("label") for row in members], fontsize="small")
    axes.set_xticks([], minor=True)


def _draw_speed_up(axes: Any, series: List[Series], axis: str) -> None:
    longest = max((members for _, members in series), key=len)
    ideal = [(row.number("size"), row.number("ideal_speed_up")) for row in longest]
    axes.plot(*zip(*ideal), color="black", linestyle="--", linewidth=1, label="capacity (ideal)")
    for i, (label, members) in enumerate(series):
        points = [(row.number("size"), row.number("speed_up")) for row in members]
        axes.plot(*zip(*points), marker="osD^vx"[i % 6], fillstyle="none", markersize=5 + i, linewidth=1.2, label=label)
    _ticks(axes, longest)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    ticks = [2.0 ** power for power in range(-4, 15) if low <= 2.0 ** power <= high]
    axes.set_yticks(ticks)
    axes.set_yticklabels([f"{tick:g}x" for tick in ticks], fontsize="small")
    axes.set_yticks([], minor=True)
    axes.set_xlabel(axis)
    axes.set_ylabel("speed-up")
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small")


def _draw_stack(axes: Any, label: str, members: List[Row], stack: List[Tuple[str, List[float]]],
                colours: Dict[str, Any]) -> None:
    sizes = [row.number("size") for row in members]
    values = [[100 * part for part in parts] for _, parts in stack]
    fills = [colours[name] for name, _ in stack]
    if len(members) == 1 or members[0].text("axis") == "platform":  # nothing lies between
        places = range(len(members))
        bottom = [0.0 for _ in members]
        for parts, fill in zip(values, fills):
            axes.bar(places, parts, bottom=bottom, color=fill)
            bottom = [below + part for below, part in zip(bottom, parts)]
        axes.set_xticks(places)
        axes.set_xticklabels([row.text("label") for row in members], fontsize="small")
    else:
        axes.stackplot(sizes, values, colors=fills, linewidth=0)
        _ticks(axes, members)
        axes.set_xlim(sizes[0], sizes[-1])
    axes.set_ylim(0, 100)
    axes.set_title(label, fontsize="small")


def draw(rows: List[Row], figure: Any, options: Any) -> None:
    """Draws all rows into `figure`."""
    from matplotlib.patches import Patch
    rows = _selected(rows, options.only)
    series = series_of(rows)
    if len(series) > MOST_SERIES:
        raise PlotError(f"{len(series)} series; expected at most {MOST_SERIES}: choose with --only, as in "
                        "--only state=steady")
    axis = {"tiles": "tiles", "bandwidth": "bandwidth", "platform": "platform"}.get(rows[0].text("axis"), "size")
    stacks = [shares(members) for _, members in series]
    colours = _colours(stacks)
    figure.set_size_inches(max(9.0, 2.4 * len(series) + 2.5), 8)
    grid = figure.add_gridspec(2, len(series) + 1, height_ratios=(1, 1.1), width_ratios=(*[1] * len(series), 0.01))
    _draw_speed_up(figure.add_subplot(grid[0, :len(series)]), series, axis)
    for i, ((label, members), stack) in enumerate(zip(series, stacks)):
        axes = figure.add_subplot(grid[1, i])
        _draw_stack(axes, label, members, stack, colours)
        axes.set_xlabel(axis)
        if i == 0:
            axes.set_ylabel("MAC slots (%)")
        else:
            axes.tick_params(labelleft=False)
    names = list(reversed(dict.fromkeys(name for stack in stacks for name, _ in stack)))
    names.sort(key=lambda name: (name != "other", name == "useful"))  # useful at the bottom, as stacked
    legend = figure.add_subplot(grid[1, len(series)])
    legend.axis("off")
    legend.legend(handles=[Patch(color=colours[name], label=name) for name in names], loc="center left",
                  borderaxespad=0, fontsize="small")
