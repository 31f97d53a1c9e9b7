"""Streams of 50 deltas a second: by how much the deltas are late.

Rule: word n is due at n / 50 s after the stream's origin, and its origin is the latest that leaves no word early: what
is the same for all words of a stream does not count. Streams begin spread over a second, and what is told was due while
all of them ran. A word that never came counts as late as the end.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import chart
from tests.bench.answers import answers
from tests.bench.clients import Client, clients, percentile
from tests.bench.rounds import Rounds, table
from tests.bench.served import Served, client_core, served
from tests.bench.ways import STREAMING, Way

RATE = 50
STREAMS = 100, 500
_RAMP_S = 1.0
_GRACE_S = 2.0
"""How long after the last word was due answers are waited for."""


@dataclass(frozen=True)
class Punctuality:
    """How late the words were, and what it cost.

    Attributes:
        p50_s, p99_s: The delays.
        server, client: The shares of their cores that the processes used while all streams ran.
    """

    p50_s: float
    p99_s: float
    server: float
    client: float


async def run(rounds: Rounds, plots: Path | None) -> str:
    """A table for each number of streams."""
    counts, seconds = ((20,), 1.0) if rounds.small else (STREAMS, 5.0)
    ways = [STREAMING[0], STREAMING[-1]] if rounds.small else STREAMING

    async def measure(way: Way) -> Mapping[str, float]:
        figures: dict[str, float] = {}
        for streams in counts:
            one = await punctuality(way, streams, seconds)
            told = one.p50_s * 1e3, one.p99_s * 1e3, one.server * 100, one.client * 100
            figures |= dict(zip(_heads(streams), told, strict=True))
        return figures

    columns = await rounds.run_wide({way.name: partial(measure, way) for way in ways})
    tables = []
    for streams in counts:
        shown = {head.partition(": ")[2]: columns[head] for head in _heads(streams)}
        tables.append(table(f"{streams} streams of {RATE} deltas a second", shown))
    if plots:
        late = {f"{streams} streams": columns[_heads(streams)[1]] for streams in counts}
        chart.draw(plots / "paced-deltas.svg", late, f"p99 delay in ms of {RATE} deltas a second in each stream")
    return "\n".join(tables)


def _heads(streams: int) -> list[str]:
    return [
        f"{streams}: {what}" for what in ("p50, ms late", "p99, ms late", "% of server's core", "% of client's core")
    ]


async def punctuality(way: Way, streams: int, seconds: float) -> Punctuality:
    """Of one server, which is started for it.

    Args:
        seconds: For how long all streams run together.
    """
    async with served(way) as server, clients(server, streams) as ones:
        with client_core():
            return await pace(server, ones, seconds)


Streams = Callable[[Served, Sequence[Client], int], Iterable[Awaitable[None]]]
"""What the clients do at once to read so many words each."""


async def pace(server: Served, ones: list[Client], seconds: float, streams_of: Streams | None = None) -> Punctuality:
    """Lets the clients read; says how late the words were while all streams ran.

    Args:
        streams_of: None: each reads a stream of its own.
    """
    count = round(RATE * (seconds + _RAMP_S))
    began = time.perf_counter()
    streams = asyncio.gather(*(streams_of or _own_streams)(server, ones, count))
    await asyncio.sleep(_RAMP_S)
    since, server_s, client_s = time.perf_counter(), server.cpu_s(), time.process_time()
    await asyncio.sleep(seconds)
    until = time.perf_counter()
    cores = (server.cpu_s() - server_s) / (until - since), (time.process_time() - client_s) / (until - since)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + began + count / RATE + _GRACE_S - until):
            await streams
    late = delays(server, ones, count, since, until)
    return Punctuality(percentile(late, 50), percentile(late, 99), *cores)


def _own_streams(server: Served, ones: Sequence[Client], count: int) -> Iterable[Awaitable[None]]:
    return [_stream(server, one, number / len(ones), count) for number, one in enumerate(ones)]


async def _stream(server: Served, one: Client, share: float, count: int) -> None:
    await asyncio.sleep(_RAMP_S * share)
    await one.line.turn(server.way.dialect.request(f"{count}@{RATE}", one.conversation))


def delays(server: Served, ones: list[Client], count: int, since: float, until: float, rate: int = RATE) -> list[float]:
    """By how many seconds each word was late that was due in that time."""
    end, late = time.perf_counter(), []
    for one in ones:
        heard = list(answers(one.line, server.way.dialect, count))
        arrivals = [came for words, came in heard[0].words for _ in range(words)] if heard else []
        origin = min((came - number / rate for number, came in enumerate(arrivals)), default=one.line.asked[0])
        arrivals += [end] * (count - len(arrivals))
        late += [
            came - due for number, came in enumerate(arrivals) if since <= (due := origin + number / rate) <= until
        ]
        one.line.forget()
    return late
