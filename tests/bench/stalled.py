"""One reader of many that stops reading: what the others notice, and what the server's memory does.

Rule: the same is asked for in both halves; in the second the last socket reads nothing of it. A large answer fills all
that the system takes on its behalf, a steady one goes on behind it, and the limit after which such a reader is cut off
falls into the time that is measured.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

import orjson

from tests.bench.clients import clients
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
    """A table."""
    others, seconds = (19, 0.5) if rounds.small else (199, 6.0)
    halves = {"all read": False, "one stops": True}
    columns = await rounds.run_wide({name: partial(_measure, others, seconds, stops) for name, stops in halves.items()})
    title = f"{others} readers of {RATE} deltas a second beside one that reads too, or does not"
    told = {head: columns.pop(head) for head in (_GROWN, _CUT_OFF)}
    return table(title, columns) + "\n" + table("Meanwhile, in the server", told, ratios=False)


async def _measure(others: int, seconds: float, stops: bool) -> Mapping[str, float]:
    async with served(OURS, VERBATIM_SEND_TIMEOUT_S=str(_SEND_TIMEOUT_S)) as server, clients(server, others) as ones:
        line = await connect(server.port, OURS.dialect, "bench-stalled")
        with client_core():
            before = server.memory_bytes()
            highest = asyncio.create_task(_highest(server))
            if stops:
                line.transport.pause_reading()
            line.send(_asked(_LARGE, "large"))
            await asyncio.sleep(_FILLED_S)
            line.send(_asked(_STEADY, "steady"))
            late = await pace(server, ones, seconds)
            highest.cancel()
            grown = (await highest - before) / 2**20
            line.transport.resume_reading()
            await asyncio.sleep(_DRAINED_S)
            cut_off = line.lost
            line.transport.abort()
    told = {"p50, ms late": late.p50_s * 1e3, "p99, ms late": late.p99_s * 1e3}
    return {**told, _GROWN: grown, _CUT_OFF: float(cut_off)}


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
