"""A start on many sessions: how long it takes, and how long the event loop is held then and while the index is written.

Rule: each measurement is a process of its own, which opens the store as the server does; the files are in the system's
cache, as after a restart.
"""

import asyncio
import os
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from persistence import FileStore, Record
from persistence.index_file import encode_index
from persistence.session_file import encode_file
from tests.bench.rounds import Rounds, results, table
from tests.bench.setting import ANSWER, QUESTION, disk_folder

_SESSIONS, _USERS = 100_000, 1_000
_STARTS_WITHOUT_INDEX = 2
_WRITTEN, _NOT_WRITTEN, _BARE = "sessions.json written", "sessions.json not written", "without sessions.json"
_WINDOWS = 8
"""For how many times as long as a turn's rate the changes are watched: the index is written seldom."""


@dataclass(frozen=True)
class Stall:
    """The longest time for which the event loop was held: in all, and while the process itself was at work."""

    late_s: float
    worked_s: float


@dataclass(frozen=True)
class Measured:
    """What one process has seen. Times in seconds.

    Attributes:
        loads_s: `orjson.loads` of `sessions.json`; zero where there is none.
        open_s: From `open()` until it returns.
        idle, opening, changing: How the event loop was held with nothing to do, by a start, and under steady changes.
        share: How much of a core the process has used under steady changes.
        flushes: How often the index was written meanwhile.
        index_bytes: How many bytes a second that was.
    """

    loads_s: float
    open_s: float
    idle: Stall
    opening: Stall
    changing: Stall
    share: float
    flushes: int
    index_bytes: float


async def run(rounds: Rounds) -> str:
    """Tables."""
    seconds = rounds.seconds * _WINDOWS
    seen: dict[str, list[Measured]] = {_WRITTEN: [], _NOT_WRITTEN: [], _BARE: []}
    with disk_folder() as folder:
        await asyncio.to_thread(_make_sessions, folder)
        await _index_messages(folder)
        for _ in range(rounds.count):
            seen[_WRITTEN].append(await _start(folder, seconds))
            seen[_NOT_WRITTEN].append(await _start(folder, seconds, "--no-flush"))
        for _ in range(_STARTS_WITHOUT_INDEX):
            (folder / "sessions.json").unlink(missing_ok=True)
            seen[_BARE].append(await _start(folder, 0))
    return "\n".join(_tables(seen, seconds))


def _tables(seen: Mapping[str, Sequence[Measured]], seconds: float) -> Iterator[str]:
    with_index, without = [*seen[_WRITTEN], *seen[_NOT_WRITTEN]], seen[_BARE]
    starts = {
        "orjson.loads of sessions.json": [one.loads_s * 1e3 for one in with_index],
        "a start": [one.open_s * 1e3 for one in with_index],
        f"a start {_BARE}": [one.open_s * 1e3 for one in without],
    }
    yield table(f"A start on {_SESSIONS:,} sessions of {_USERS:,} users", {"ms": results(starts)})
    changing = {name: seen[name] for name in (_NOT_WRITTEN, _WRITTEN)}
    stalls = {
        "nothing to do": [one.idle for one in with_index],
        "during a start": [one.opening for one in with_index],
        f"during a start {_BARE}": [one.opening for one in without],
        **{f"100 turns a second, {name}": [one.changing for one in ones] for name, ones in changing.items()},
    }
    late = results({name: [one.late_s * 1e3 for one in ones] for name, ones in stalls.items()})
    worked = results({name: [one.worked_s * 1e3 for one in ones] for name, ones in stalls.items()})
    columns = {"ms": late, "ms at work": worked}
    yield table("The longest time for which the event loop was held", columns, ratios=False)
    shares = {f"100 turns a second, {name}": [one.share * 100 for one in ones] for name, ones in changing.items()}
    yield table("How much of a core the process used", {"%": results(shares)}, ratios=False)
    flushes = statistics.mean(one.flushes for one in seen[_WRITTEN])
    rate = statistics.mean(one.index_bytes for one in seen[_WRITTEN]) / 1e6
    yield f"`sessions.json` was written {flushes:.1f} times in {seconds:.0f} s, {rate:.1f} MB a second.\n"


async def _start(folder: Path, seconds: float, *more: str) -> Measured:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.one_start", folder, str(seconds), *more, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"a start ended with {process.returncode}")
    return msgspec.json.decode(told, type=Measured)


def tell(measured: Measured) -> None:
    """Says it to the process that has asked."""
    sys.stdout.buffer.write(msgspec.json.encode(measured))


async def _index_messages(folder: Path) -> None:
    """Makes the search index, which a server that has ended leaves behind."""
    store = FileStore(folder)
    await store.open()
    await store._search.caught_up()
    await store.close()


def _make_sessions(folder: Path) -> None:
    """Writes the files of a data directory in which a server has ended well."""
    (folder / "journal").mkdir()
    began = datetime(2025, 1, 1, tzinfo=UTC)
    records = []
    for number in range(_SESSIONS):
        at = (began + timedelta(seconds=number * 100)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        session_id = f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"
        record = Record(session_id, f"user_{number % _USERS}", at, at, metadata={"title": f"Chat number {number}"})
        records.append(record)
        (folder / f"session_{session_id}.json").write_bytes(encode_file(record, [QUESTION, ANSWER])[0])
    (folder / "sessions.json").write_bytes(b"".join(encode_index(records)))
    os.sync()
