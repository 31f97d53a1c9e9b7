"""Unpaced deltas a second to WebSocket clients, and what each costs the server's core.

Rule: each way gets as many deltas as keep it busy for the time of a measurement, in answers of equal length.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.bench import chart
from tests.bench.clients import Client, Spent, clients, make_turns, read_answers
from tests.bench.rounds import Rounds, table
from tests.bench.served import Served, client_core, served
from tests.bench.ways import STREAMING, Way

STREAMS = 1, 32, 256
_LONGEST_ANSWER = 20_000
_SHORTEST_ANSWER = 100

Amounts = dict[tuple[str, int], int]
"""By way and number of streams, how many deltas a stream is given."""


async def run(rounds: Rounds, plots: Path | None) -> str:
    """Tables, and a plot of the first."""
    amounts: Amounts = {}
    counts = STREAMS[:2] if rounds.small else STREAMS
    ways = {way.name: partial(_measure, way, counts, rounds, amounts) for way in STREAMING}
    columns = await rounds.run_wide(ways)
    if plots:
        rates = {head: columns[f"{head} /s"] for head in map(_head, counts)}
        chart.draw(plots / "deltas.svg", rates, "unpaced deltas a second")
    titles = {" /s": "Unpaced deltas a second", " µs": "µs of the server's core for a delta, unpaced"}
    told = [
        table(title, {name.removesuffix(unit): column for name, column in columns.items() if name.endswith(unit)})
        for unit, title in titles.items()
    ]
    busy = {name.removesuffix(" %"): column for name, column in columns.items() if name.endswith(" %")}
    return "\n".join([*told, table("% of its core that the client used", busy, ratios=False)])


def _head(streams: int) -> str:
    return f"{streams} streams" if streams > 1 else "1 stream"


async def _measure(way: Way, counts: Sequence[int], rounds: Rounds, amounts: Amounts) -> Mapping[str, float]:
    figures = {}
    async with served(way) as server:
        for streams in counts:
            spent, deltas = await _stream(server, streams, rounds, amounts)
            figures[f"{_head(streams)} /s"] = deltas / spent.elapsed_s
            figures[f"{_head(streams)} µs"] = spent.server_s / deltas * 1e6
            figures[f"{_head(streams)} %"] = spent.client_s / spent.elapsed_s * 100
    return figures


async def _stream(server: Served, streams: int, rounds: Rounds, amounts: Amounts) -> tuple[Spent, int]:
    """What was spent, and on how many deltas; the amount grows until it keeps the server busy long enough."""
    key = server.way.name, streams
    async with clients(server, streams) as ones:
        await _answers(server, ones, _SHORTEST_ANSWER)
        amount = amounts.get(key, 5 * _SHORTEST_ANSWER)
        while True:
            spent, deltas = await _answers(server, ones, amount)
            if spent.elapsed_s > rounds.seconds / 2 or rounds.small:
                amounts[key] = amount
                return spent, deltas
            amount = int(amount * min(8, 1.1 * rounds.seconds / spent.elapsed_s))


async def _answers(server: Served, ones: list[Client], amount: int) -> tuple[Spent, int]:
    turns = -(-amount // _LONGEST_ANSWER)
    count = amount // turns
    with client_core():
        spent = await make_turns(server, ones, f"{count}@0", lambda made: made < turns)
    read_answers(server, ones, count)
    return spent, spent.turns * count
