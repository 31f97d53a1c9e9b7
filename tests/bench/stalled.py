"""One reader of many that stops reading: what the others notice, and what the server's memory does.

Rule: the others read a stream each, or all of them one response. The same is asked for in both halves; in the second
the last socket reads nothing of it. A large answer fills all that the system takes on its behalf, a steady one goes on
behind it, and the limit after which such a reader is cut off falls into the time that is measured.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import orjson

from tests.bench.answers import response_of
from tests.bench.clients import Client, clients
from tests.bench.paced import RATE, pace
from tests.bench.rounds import Rounds, table
from tests.bench.served import Served, client_core, served
from tests.bench.stream_client import connect
from tests.bench.ways import OURS

_LARGE, _STEADY = "400000@0", "20000@2000"
_FILLED_S = 1.0
"""For how long the large answer has the server for itself."""
_SEND_TIMEOUT_S = 3
_DRAINED_S = 1.0
"""Within which time a line that is read again has heard that it is closed."""
_GROWN, _CUT_OFF = "MiB more at most", "readers cut off"


async def run(rounds: Rounds) -> str:
    """Tables."""
    others, seconds = (19, 0.5) if rounds.small else (199, 6.0)
    halves = {"all read": False, "one stops": True}
    tables = []
    for shared, what in ((False, f"{others} streams"), (True, f"{others} readers of one response")):
        contenders = {name: partial(_measure, others, seconds, shared, stops) for name, stops in halves.items()}
        columns = await rounds.run_wide(contenders)
        told = {head: columns.pop(head) for head in (_GROWN, _CUT_OFF)}
        tables.append(table(f"{what}, {RATE} deltas a second, beside a reader that reads too, or does not", columns))
        tables.append(table("Meanwhile, in the server", told, ratios=False))
    return "\n".join(tables)


async def _measure(others: int, seconds: float, shared: bool, stops: bool) -> Mapping[str, float]:
    async with (
        served(OURS, VERBATIM_SEND_TIMEOUT_S=str(_SEND_TIMEOUT_S)) as server,
        clients(server, others, of_one_user=shared) as ones,
    ):
        line = await connect(server.port, OURS.dialect, "bench-stalled")
        with client_core():
            before = server.memory_bytes()
            highest = asyncio.create_task(_highest(server))
            if stops:
                line.transport.pause_reading()
            line.send(_asked(_LARGE, "large"))
            await asyncio.sleep(_FILLED_S)
            line.send(_asked(_STEADY, "steady"))
            late = await pace(server, ones, seconds, _one_response if shared else None)
            highest.cancel()
            grown = (await highest - before) / 2**20
            line.transport.resume_reading()
            await asyncio.sleep(_DRAINED_S)
            cut_off = line.lost
            line.transport.abort()
    told = {"p50, ms late": late.p50_s * 1e3, "p99, ms late": late.p99_s * 1e3}
    return {**told, _GROWN: grown, _CUT_OFF: float(cut_off)}


def _one_response(server: Served, ones: Sequence[Client], count: int) -> Iterable[Awaitable[None]]:
    """The first client asks; all others attach to what it is answered."""
    first, *others = ones
    begun = asyncio.ensure_future(_begun(first))
    return [_ask(first, count), *(_attach(one, begun) for one in others)]


async def _ask(one: Client, count: int) -> None:
    await one.line.turn(OURS.dialect.request(f"{count}@{RATE}", one.conversation))


async def _begun(one: Client) -> str:
    """The id of the response that a client reads next."""
    while not (response_id := response_of(one.line, OURS.dialect)):  # noqa: ASYNC110 - a line tells nobody
        await asyncio.sleep(0.001)
    return response_id


async def _attach(one: Client, begun: Awaitable[str]) -> None:
    frame = {"type": "verbatim:response.attach", "response_id": await begun}
    await one.line.turn(orjson.dumps(frame))


def _asked(tempo: str, stream_id: str) -> bytes:
    """A request that does not wait for another one of the same socket."""
    return orjson.dumps({**orjson.loads(OURS.dialect.request(tempo, None)), "stream_id": stream_id})


async def _highest(server: Served) -> int:
    """The most memory that the server has had, until it is cancelled."""
    most = 0
    with suppress(asyncio.CancelledError):
        while True:
            most = max(most, server.memory_bytes())
            await asyncio.sleep(0.5)
    return most
