"""Whole durable turns a second over the wire: a question, an answer of 20 deltas as fast as they go, both kept.

Rule: each client makes one turn after the other on one socket; a turn counts when its end has arrived, and each way
says so only when it has kept it. Each server warms up for as long as it is measured: SQLite's log is slow until it
has been written once.
"""

from collections.abc import Mapping
from functools import partial

from tests.bench.clients import clients, for_seconds, make_turns, read_answers
from tests.bench.rounds import Rounds, table
from tests.bench.served import client_core, served
from tests.bench.ways import KEEPING, Way

CLIENTS = 1, 32
_WORDS = 20


async def run(rounds: Rounds) -> str:
    """Tables."""
    seconds = 0.2 if rounds.small else rounds.seconds
    columns = await rounds.run_wide({way.name: partial(_measure, way, seconds) for way in KEEPING})
    titles = {
        " /s": f"Whole durable turns of {_WORDS} deltas a second",
        " µs": "µs of the server's core for a turn",
        " %": "% of its core that the client used",
    }
    return "\n".join(
        table(title, {head.removesuffix(unit): one for head, one in columns.items() if head.endswith(unit)})
        for unit, title in titles.items()
    )


async def _measure(way: Way, seconds: float) -> Mapping[str, float]:
    figures = {}
    async with served(way) as server:
        async with clients(server, CLIENTS[-1]) as ones:
            await make_turns(server, ones, f"{_WORDS}@0", for_seconds(seconds))
        for count in CLIENTS:
            async with clients(server, count) as ones:
                with client_core():
                    spent = await make_turns(server, ones, f"{_WORDS}@0", for_seconds(seconds))
                read_answers(server, ones, _WORDS)
            head = f"{count} clients" if count > 1 else "1 client"
            figures[f"{head} /s"] = spent.turns / spent.elapsed_s
            figures[f"{head} µs"] = spent.server_s / spent.turns * 1e6
            figures[f"{head} %"] = spent.client_s / spent.elapsed_s * 100
    return figures
