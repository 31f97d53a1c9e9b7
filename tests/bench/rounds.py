"""Rounds: every contender once in each round, so that the machine's moods fall on all alike."""

import math
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

Contender = Callable[[], Awaitable[float]]
WideContender = Callable[[], Awaitable[Mapping[str, float]]]
"""Measures several things at once, by the headings of their columns."""


@dataclass(frozen=True)
class Result:
    """One contender's median, the spread of its rounds, and how its median stands to that of the first contender."""

    name: str
    median: float
    low: float
    high: float
    ratio: float


@dataclass(frozen=True)
class Rounds:
    """How often everything is measured, and how long.

    Attributes:
        count: How many rounds count.
        warm_up: Whether one round goes ahead that does not count.
        seconds: How long one measurement of a rate lasts.
        small: Whether few streams and sockets are enough, since it is only to be seen that it works.
    """

    count: int = 5
    warm_up: bool = True
    seconds: float = 1.5
    small: bool = False

    async def run(self, contenders: Mapping[str, Contender]) -> list[Result]:
        """Runs all contenders; the first one is what the others are compared with."""
        figures: dict[str, list[float]] = {name: [] for name in contenders}
        for number in range(-1 if self.warm_up else 0, self.count):
            for name, contender in contenders.items():
                figure = await contender()
                if number >= 0:
                    figures[name].append(figure)
        return results(figures)

    async def run_wide(self, contenders: Mapping[str, WideContender]) -> dict[str, list[Result]]:
        """Runs all contenders; returns the results by column, each compared with the first contender."""
        columns: dict[str, dict[str, list[float]]] = {}
        for number in range(-1 if self.warm_up else 0, self.count):
            for name, contender in contenders.items():
                for heading, figure in (await contender()).items():
                    kept = columns.setdefault(heading, {}).setdefault(name, [])
                    if number >= 0:
                        kept.append(figure)
        return {heading: results(figures) for heading, figures in columns.items()}


def results(figures: Mapping[str, Sequence[float]]) -> list[Result]:
    """The results of all rounds, from the figures of each one."""
    medians = {name: statistics.median(values) for name, values in figures.items()}
    first = next(iter(medians.values()))
    return [
        Result(name, medians[name], min(values), max(values), medians[name] / first if first else math.nan)
        for name, values in figures.items()
    ]


def table(title: str, columns: Mapping[str, list[Result]], *, ratios: bool = True) -> str:
    """The results as a table in Markdown, a row for each contender.

    Args:
        columns: By heading, the results of the same contenders.
        ratios: Whether each is compared with the first.
    """
    against = " | against the first" if ratios else ""
    heads = " | ".join(heading + against for heading in columns)
    lines = [f"### {title}", "", f"| median (lowest – highest) | {heads} |"]
    lines.append("|---" * (1 + (2 if ratios else 1) * len(columns)) + "|")
    for row in zip(*columns.values(), strict=True):
        cells = " | ".join(_spread(result) + (f" | {_number(result.ratio)}×" if ratios else "") for result in row)
        lines.append(f"| {row[0].name} | {cells} |")
    return "\n".join(lines) + "\n"


def _spread(result: Result) -> str:
    return f"{_number(result.median)} ({_number(result.low)} – {_number(result.high)})"


def _number(value: float) -> str:
    """Three digits that count, or all those before the point."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
