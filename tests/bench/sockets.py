"""Many sockets: how fast they come, what memory they take idle and after a turn, what their heartbeats cost.

Rule: the server's memory is read before the first socket, and each figure is what has been added, for each socket: what
a turn leaves in the server (its session, its events for a while) is in it.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from tests.bench.answers import answers
from tests.bench.clients import Client
from tests.bench.rounds import Rounds, table
from tests.bench.served import Served, client_core, served
from tests.bench.stream_client import connect
from tests.bench.ways import BARE, OURS, Way

_T = TypeVar("_T")
_WORDS = 20
_AT_ONCE = 32
"""So many connect at once, and later have a turn."""
_ADDRESS_SOCKETS = 2_000
"""So many come from one loopback address."""
CONNECTS, CLIENT, IDLE, USED = "connects a second", "% of the client's core", "KiB idle", "KiB after a turn"
BEATS, BEAT_MS, BEAT_US = "heartbeats", "ms of the server's core", "µs for each"


@dataclass(frozen=True)
class Size:
    """How many sockets there are, and how much time things are given, in seconds.

    Attributes:
        beat_s: How far apart heartbeats are.
        settled_s: After which time memory is read.
    """

    sockets: int
    beat_s: int
    settled_s: float


async def run(rounds: Rounds) -> str:
    """Tables."""
    size = Size(300, 1, 0.2) if rounds.small else Size(10_000, 10, 1.5)
    bare = replace(BARE, name="bare aiohttp with heartbeat", command=(*BARE.command, "--heartbeat", str(size.beat_s)))
    ours = replace(OURS, settings={**OURS.settings, "VERBATIM_KEEPALIVE_S": str(size.beat_s)})
    columns = await rounds.run_wide({way.name: partial(_measure, way, size) for way in (BARE, bare, ours)})
    many = {head: columns[head] for head in (CONNECTS, CLIENT, IDLE, USED)}
    beats = {head: columns[head] for head in (BEATS, BEAT_MS, BEAT_US)}
    title = f"{size.beat_s} s of {size.sockets:,} idle sockets with a heartbeat every {size.beat_s} s"
    return table(f"{size.sockets:,} sockets, for each one", many) + "\n" + table(title, beats, ratios=False)


async def _measure(way: Way, size: Size) -> Mapping[str, float]:
    async with served(way) as server:
        with client_core():
            (first,) = await _connect(server, 1)
            await _one_turn(server, first)

            async def added() -> float:
                await asyncio.sleep(size.settled_s)
                return (server.memory_bytes() - before) / size.sockets / 1024

            before = 0
            before = round(await added() * size.sockets * 1024)
            began, spent_s = time.perf_counter(), time.process_time()
            ones = await _connect(server, size.sockets)
            took_s, spent_s = time.perf_counter() - began, time.process_time() - spent_s
            figures = {CONNECTS: size.sockets / took_s, CLIENT: spent_s / took_s * 100, IDLE: await added()}
            if way is not BARE:
                figures |= await _beats(server, ones, size)
            await _at_once(_one_turn(server, one) for one in ones)
            figures[USED] = await added()
            for one in ones:
                assert len(list(answers(one.line, way.dialect, _WORDS))) == 1, "a socket had no answer"
                one.line.transport.abort()
    return figures


async def _beats(server: Served, ones: Sequence[Client], size: Size) -> Mapping[str, float]:
    """What one heartbeat to each socket costs."""
    for one in ones:
        one.line.forget()
    beats, spent_s = -sum(one.line.beats for one in ones), -server.cpu_s()
    await asyncio.sleep(size.beat_s)
    spent_s += server.cpu_s()
    for one in ones:
        one.line.forget()
    beats += sum(one.line.beats for one in ones)
    return {BEATS: beats, BEAT_MS: spent_s * 1e3, BEAT_US: spent_s / max(beats, 1) * 1e6}


async def _one_turn(server: Served, one: Client) -> None:
    await one.line.turn(server.way.dialect.request(f"{_WORDS}@0", one.conversation))


async def _at_once(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """Does all of it, never more at once than `_AT_ONCE`."""
    left, done = iter(work), []

    async def go_on() -> None:
        for one in left:
            done.append(await one)

    async with asyncio.timeout(120):
        await asyncio.gather(*(go_on() for _ in range(_AT_ONCE)))
    return done


async def _connect(server: Served, count: int) -> list[Client]:
    async def one(number: int) -> Client:
        source = f"127.0.0.{2 + number // _ADDRESS_SOCKETS}"
        line = await connect(server.port, server.way.dialect, f"bench-{count}-{number}", source)
        return Client(line, f"s{number}" if server.way.names_sessions else None)

    return await _at_once(one(number) for number in range(count))
