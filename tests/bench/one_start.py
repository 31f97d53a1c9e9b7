"""One start in a process of its own: `python -m tests.bench.one_start FOLDER SECONDS [--no-flush]`."""

import asyncio
import gc
import sys
import time
from pathlib import Path

import orjson
import uvloop

from persistence import FileStore
from server.__main__ import uncollected
from tests.bench.boot import Measured, Stall, tell
from tests.bench.counting_disk import INDEX, CountingDisk
from tests.bench.setting import ANSWER, QUESTION

_TICK_S = 0.001
_NEVER_S = 1e6
_CHANGES_PER_S = 100
_CHANGED_SESSIONS = 500


class Stalls:
    """Sleeps a millisecond again and again, and notes by how much it was late at most, and for how much of such a time
    this process was at work: the rest belongs to whoever else wants the cores."""

    async def __aenter__(self) -> "Stalls":
        self.late_s = self.worked_s = 0.0
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(_TICK_S)
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.sleep(_TICK_S)
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(_TICK_S)
            late, worked = time.perf_counter() - before - _TICK_S, time.process_time() - worked
            self.late_s = max(self.late_s, late)
            self.worked_s = max(self.worked_s, min(late, worked))

    @property
    def stall(self) -> Stall:
        """What it has noted."""
        return Stall(self.late_s, self.worked_s)


async def measure(folder: Path, seconds: float, *, flush: bool) -> Measured:
    """Opens the store, changes sessions at a steady pace, and closes it."""
    loads_s = _loads(folder / "sessions.json")
    disk = CountingDisk()
    store = FileStore(folder, disk=disk, index_delay_s=1.0 if flush else _NEVER_S)
    async with Stalls() as idle:
        await asyncio.sleep(0.5)
    with uncollected():
        async with Stalls() as opening:
            began = time.perf_counter()
            await store.open()
            open_s = time.perf_counter() - began
    try:
        disk.written.clear()
        disk.replaced.clear()
        began, used = time.perf_counter(), time.process_time()
        async with Stalls() as changing:
            await _change(store, seconds)
        elapsed, used = time.perf_counter() - began, time.process_time() - used
        flushes, index_bytes = disk.replaced["sessions.json"], disk.written[INDEX] / elapsed
    finally:
        await store.close()
    return Measured(loads_s, open_s, idle.stall, opening.stall, changing.stall, used / elapsed, flushes, index_bytes)


def _loads(path: Path) -> float:
    if not path.exists():
        return 0.0
    data = path.read_bytes()
    gc.collect()
    began = time.perf_counter()
    value = orjson.loads(data)
    took = time.perf_counter() - began
    assert value
    del value
    gc.collect()
    return took


async def _change(store: FileStore, seconds: float) -> None:
    """Makes turns at a steady pace, in one session after the other."""
    names = [record.session_id for user in range(10) for record in await store.records(f"user_{user}", limit=50)]
    began, turns = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        await store.append(names[turns % _CHANGED_SESSIONS], [QUESTION, ANSWER])
        turns += 1
        await asyncio.sleep(max(began + turns / _CHANGES_PER_S - time.perf_counter(), 0))


if __name__ == "__main__":
    tell(uvloop.run(measure(Path(sys.argv[1]), float(sys.argv[2]), flush="--no-flush" not in sys.argv)))
