"""How many streams of 50 deltas a second one core sustains with 99 of 100 deltas less than 50 ms late.

Rule: a number of streams holds or does not, each time with a server of its own, and is not tried twice in a search;
the search ends when what holds and what does not are a twentieth apart, or after so many steps.
"""

from pathlib import Path

from tests.bench import chart
from tests.bench.paced import RATE, punctuality
from tests.bench.rounds import Rounds, results, table
from tests.bench.ways import STREAMING, Way

_LIMIT_S = 0.05
_PRECISION = 1.05
_STRIDE = 1.3
_STEPS = 16
_MOST = 5_000


async def run(rounds: Rounds, plots: Path | None) -> str:
    """A table."""
    ways = [STREAMING[0], STREAMING[-1]] if rounds.small else STREAMING
    searches = {way.name: Search(way, seconds=1.0, first=2, most=2) if rounds.small else Search(way) for way in ways}
    held: dict[str, list[float]] = {name: [] for name in searches}
    for _ in range(rounds.count):
        for name, search in searches.items():
            held[name].append(float(await search.run()))
    columns = {"streams": results(held)}
    if plots:
        chart.draw(plots / "paced-streams.svg", columns, f"streams of {RATE} deltas a second on one core, p99 < 50 ms")
    return table(f"Streams of {RATE} deltas a second on one core, p99 below 50 ms", columns)


class Search:
    """The search for one way. It widens from a first number; when it is run again, from what it has found.

    Args:
        seconds: How long a step is measured.
        first: Which number is tried first; 0: the way's own.
        most: More streams are not tried.
    """

    def __init__(self, way: Way, *, seconds: float = 5.0, first: int = 0, most: int = _MOST) -> None:
        self._way, self._seconds, self._most = way, seconds, most
        self._first, self._stride = first or way.paced_streams, _STRIDE

    async def run(self) -> int:
        """The highest number of streams that held; 0 where none did."""
        low, high, streams = 0, 0, self._first
        for _ in range(_STEPS):
            if await self._holds(streams):
                low = streams
            else:
                high = streams
            if low == self._most or high == 1 or (low and high and high <= low * _PRECISION + 1):
                break
            if low and high:
                streams = round((low * high) ** 0.5)
            else:
                streams = min(round(low * self._stride + 1), self._most) if low else int(high / self._stride)
        self._first, self._stride = max(low, 1), _PRECISION
        return low

    async def _holds(self, streams: int) -> bool:
        return (await punctuality(self._way, streams, self._seconds)).p99_s < _LIMIT_S
