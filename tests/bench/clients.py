"""Clients of one server, and what their turns cost it and them.

Rule: each client has a session of its own, and makes its turns one after the other on one socket.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import quantiles

from tests.bench.answers import Answer, answers, conversation_of
from tests.bench.served import Served
from tests.bench.stream_client import Line, connect

_PUT_OFF_S = 0.3
"""For how long after the last answer the server's work still counts: what it has put off."""

_LONGEST_S = 60.0
"""For how long answers are waited for; then it is told what went wrong with them."""


@dataclass
class Client:
    """A socket and its session."""

    line: Line
    conversation: str | None


@dataclass(frozen=True)
class Spent:
    """What some turns took.

    Attributes:
        turns: How many there were.
        elapsed_s: From the first request to the last answer's end.
        server_s, client_s: What the processes used of their cores.
    """

    turns: int
    elapsed_s: float
    server_s: float
    client_s: float


@asynccontextmanager
async def clients(server: Served, count: int, *, of_one_user: bool = False) -> AsyncIterator[list[Client]]:
    """Opened, each with one turn behind it; closed at the end.

    Args:
        of_one_user: They are the sockets of one user, with a session for each.
    """
    users = ["bench"] * count if of_one_user else [f"bench-{number}" for number in range(count)]
    async with asyncio.timeout(60):
        lines = [await connect(server.port, server.way.dialect, user) for user in users]
    ones = [Client(line, f"s{number}") for number, line in enumerate(lines)]
    try:
        await asyncio.gather(*(_begin(server, one) for one in ones))
        yield ones
    finally:
        for line in lines:
            line.transport.abort()


async def _begin(server: Served, one: Client) -> None:
    dialect, named = server.way.dialect, server.way.names_sessions
    async with asyncio.timeout(60):
        await one.line.turn(dialect.request("1@0", one.conversation if named else None))
    if not named:
        one.conversation = conversation_of(one.line, dialect)
    one.line.forget()


async def make_turns(
    server: Served, ones: Sequence[Client], tempo: str, go_on: Callable[[int], bool], *, spread_s: float = 0.0
) -> Spent:
    """Makes turns with all clients at once, each as long as `go_on`, told how many it has made, says so.

    Args:
        spread_s: Within which time they begin, evenly.
    """

    async def keep_asking(number: int, one: Client) -> int:
        turns, request = 0, server.way.dialect.request(tempo, one.conversation)
        await asyncio.sleep(spread_s * number / len(ones))
        while go_on(turns):
            await one.line.turn(request)
            turns += 1
        return turns

    server_s, client_s, began = server.cpu_s(), time.process_time(), time.perf_counter()
    try:
        async with asyncio.timeout(_LONGEST_S):
            turns = sum(await asyncio.gather(*(keep_asking(number, one) for number, one in enumerate(ones))))
    except TimeoutError:
        read_answers(server, ones, int(tempo.partition("@")[0]))
        raise
    elapsed_s, client_s = time.perf_counter() - began, time.process_time() - client_s
    await asyncio.sleep(_PUT_OFF_S)
    return Spent(turns, elapsed_s, server.cpu_s() - server_s, client_s)


def for_seconds(seconds: float) -> Callable[[int], bool]:
    """Goes on until the time is up, which begins now."""
    until = time.perf_counter() + seconds
    return lambda _: time.perf_counter() < until


def read_answers(server: Served, ones: Sequence[Client], count: int) -> list[Answer]:
    """What all have heard since the last time, checked."""
    every = [answer for one in ones for answer in answers(one.line, server.way.dialect, count)]
    for one in ones:
        one.line.forget()
    return every


def percentile(values: Sequence[float], part: int) -> float:
    """The value below which `part` hundredths of the values lie."""
    return quantiles(values, n=100, method="inclusive")[part - 1] if len(values) > 1 else values[0]
