"""Plots of rates: a bar for each way and number of sessions or streams, on a logarithmic scale."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from tests.bench.rounds import Result

_OURS, _THEIRS = ("#9ecae1", "#4292c6", "#08519c"), ("#d0d0d0", "#9a9a9a", "#5a5a5a")
"""From few sessions at once to many."""


def draw(path: Path, columns: Mapping[str, list[Result]], what: str) -> None:
    """Draws the results, of which those are ours whose names begin with Verbatim.

    Args:
        columns: By number of sessions, the results of the same contenders.
        what: What the bars show.
    """
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "verbatim", "font.family": "sans-serif"})
    figure = Figure(figsize=(9, 5.4), layout="constrained", facecolor="white")
    axes = figure.subplots()
    names = [result.name for result in next(iter(columns.values()))]
    height = 0.8 / len(columns)
    for place, results in enumerate(columns.values()):
        for row, result in enumerate(results):
            y = row + (place - (len(columns) - 1) / 2) * height
            color = (_OURS if result.name.startswith("Verbatim") else _THEIRS)[place]
            axes.barh(y, result.median, height * 0.92, color=color)
            axes.errorbar(
                result.median,
                y,
                xerr=[[result.median - result.low], [result.high - result.median]],
                color="#222222",
                linewidth=0.8,
            )
            axes.text(result.high * 1.07, y, f"{result.median:,.0f}", va="center", fontsize=8, color="#222222")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(right=axes.get_xlim()[1] * 1.8)
    axes.set_yticks(range(len(names)), [_in_two_lines(name) for name in names])
    axes.invert_yaxis()
    axes.set_xlabel(f"{what} (logarithmic); median, lowest to highest round")
    axes.set_title(f"Each way from top to bottom: {', '.join(columns)}", fontsize=10, loc="left")
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _in_two_lines(name: str) -> str:
    """A long name, broken at the space next to its middle."""
    spaces = [at for at, letter in enumerate(name) if letter == " "]
    if len(name) <= 24 or not spaces:
        return name
    middle = min(spaces, key=lambda at: abs(at - len(name) / 2))
    return name[:middle] + "\n" + name[middle + 1 :]
