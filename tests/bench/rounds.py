"""Rounds: every contender once in each round, so that the machine's moods fall on all alike."""

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

Contender = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Result:
    """One contender's median a second, the spread of its rounds, and how it stands to the first contender."""

    name: str
    median: float
    low: float
    high: float
    ratio: float


async def run_rounds(contenders: Mapping[str, Contender], rounds: int) -> list[Result]:
    """Runs all contenders `rounds` times; the first one is what the others are compared with."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            figures[name].append(await contender())
    medians = {name: statistics.median(values) for name, values in figures.items()}
    first = next(iter(medians.values()))
    return [
        Result(name, medians[name], min(values), max(values), medians[name] / first) for name, values in figures.items()
    ]


def table(title: str, unit: str, results: list[Result]) -> str:
    """The results as a table in Markdown."""
    lines = [f"### {title}", "", f"| | {unit}, median | lowest – highest | against the first |", "|---|---|---|---|"]
    lines += [f"| {r.name} | {r.median:,.0f} | {r.low:,.0f} – {r.high:,.0f} | {r.ratio:.2f} |" for r in results]
    return "\n".join(lines) + "\n"
