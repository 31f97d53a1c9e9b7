"""The time to the first delta, beside the sync that it waits for.

Rule: it counts from the request to the arrival of the first delta; the sync is a write and an fdatasync in a file of
written zeros on the same disk, made while nobody else does anything.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from functools import partial

from tests.bench.clients import clients, for_seconds, make_turns, percentile, read_answers
from tests.bench.rounds import Rounds, table
from tests.bench.served import client_core, served
from tests.bench.setting import disk_folder
from tests.bench.ways import BARE, OURS, Way

_WORDS = 20
_TEMPOS = {1: f"{_WORDS}@1000", 32: f"{_WORDS}@50"}
"""Paced, as a model's words are: an answer that is there at once is shown with its end, and no stream waits for
another's words."""
_SPREAD_S = 0.4
_SYNCS = 300
_SYNCED_BYTES = 4096


async def run(rounds: Rounds) -> str:
    """A table."""
    waits = {way.name: partial(_measure, way, rounds.seconds) for way in (BARE, OURS)}
    columns = await rounds.run_wide({"write + fdatasync, nothing else": _syncs, **waits})
    return table("ms from the request to the first delta", columns, ratios=False)


async def _measure(way: Way, seconds: float) -> Mapping[str, float]:
    figures: dict[str, float] = {}
    async with served(way) as server:
        for streams, tempo in _TEMPOS.items():
            async with clients(server, streams) as ones:
                with client_core():
                    await make_turns(server, ones, tempo, for_seconds(seconds), spread_s=_SPREAD_S)
                waits = [one.words[0][1] - one.asked for one in read_answers(server, ones, _WORDS)]
            figures |= _figures(streams, waits)
    return figures


async def _syncs() -> Mapping[str, float]:
    figures: dict[str, float] = {}
    for streams in _TEMPOS:
        with client_core():
            figures |= _figures(streams, await asyncio.to_thread(_sync_times))
    return figures


def _sync_times() -> list[float]:
    with disk_folder() as folder, (folder / "synced").open("w+b", buffering=0) as file:
        file.write(bytes(_SYNCED_BYTES * _SYNCS))
        os.fsync(file)
        took = []
        for number in range(_SYNCS):
            began = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 512, number * _SYNCED_BYTES)
            os.fdatasync(file)
            took.append(time.perf_counter() - began)
    return took


def _figures(streams: int, seconds: list[float]) -> dict[str, float]:
    head = f"{streams} streams" if streams > 1 else "1 stream"
    return {f"{head}, p{part}": percentile(seconds, part) * 1e3 for part in (50, 99)}
