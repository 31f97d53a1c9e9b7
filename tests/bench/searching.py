"""Search: how long it takes on a warm index, how long the index takes to be made from the files, and how long the event
loop is held meanwhile; and whether an index that is made anew answers as the old one did.

Rule: half of the messages, or all of them, are one user's, the rest belongs to 1,000 others; words are as frequent as
words are. Queries come one at a time, those of all kinds in turn, each with words of its own.
"""

import asyncio
import mmap
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from persistence import FileStore, Message, Record, SearchQuery, parse_phrases
from persistence.index_file import encode_index
from persistence.session_file import encode_file
from server.__main__ import uncollected
from tests.bench.boot import Stall
from tests.bench.one_start import Stalls
from tests.bench.rounds import Rounds
from tests.bench.setting import disk_folder, settle

_MESSAGES, _FEW_MESSAGES = 1_000_000, 20_000
_SEARCHES, _FEW_SEARCHES = 4_000, 200
_COMPARED = 20
_IN_SESSION = 100
_WORDS, _IN_MESSAGE = 50_000, 30
_OTHERS = 1_000
_PAGE = 20
_USER = "u"
_SYLLABLES = tuple("ka to re in ster con pre ma lo ti on en ber ge sch an al or ir us da mi ve no sol pa".split())  # noqa: SIM905
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)

Took = tuple[float, float]
"""How many milliseconds a search took, and how many of them the processor was at work."""


class Words:
    """A language: its words, the frequent ones first, and texts in it."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        made: dict[str, None] = {}
        while len(made) < _WORDS:
            made["".join(self.chance.choices(_SYLLABLES, k=self.chance.choice((1, 2, 2, 3, 3, 4))))] = None
        self._words = sorted(made, key=len)

    def word(self) -> str:
        """A word, a frequent one most of the time."""
        return self._words[int(_WORDS * self.chance.random() ** 4)]

    def rare(self) -> str:
        """A word that few messages have."""
        return self._words[self.chance.randrange(_WORDS // 2, _WORDS)]

    def text(self) -> str:
        return " ".join(self.word() for _ in range(_IN_MESSAGE))

    def queries(self) -> Iterator[tuple[str, SearchQuery]]:
        """A query of each kind, with its kind."""
        day_us = int((_BEGAN.timestamp() + self.chance.randrange(86_400 * 300)) * 1e6)
        somewhere = f"s{self.chance.randrange(50) * 2}"
        word, other, rare = self.word(), self.word(), self.rare()
        month_us = 30 * 86_400 * 1_000_000
        yield "one word", SearchQuery(parse_phrases(f"{word} "))
        yield "a rare word", SearchQuery(parse_phrases(f'"{rare}"'))
        yield "two words", SearchQuery(parse_phrases(f'{word} "{other}"'))
        yield "three words, one rare", SearchQuery(parse_phrases(f'{word} {rare} "{other}"'))
        yield "a phrase", SearchQuery(parse_phrases(f'"{word} {other}"'))
        for length in (2, 3, 5):
            yield f"{length} letters of a word", SearchQuery(parse_phrases(f"{rare:x<5}"[:length]))
        yield "one word in a session", SearchQuery(parse_phrases(f'"{word}"'), session_id=somewhere)
        yield "one word before a day", SearchQuery(parse_phrases(f'"{word}"'), until_us=day_us)
        both = parse_phrases(f'{word} "{other}"')
        yield "two words in a month", SearchQuery(both, since_us=day_us, until_us=day_us + month_us)
        yield "nothing that is there", SearchQuery(parse_phrases(f'"{rare}q"'))


async def run(rounds: Rounds, others: int = _OTHERS) -> str:
    """Tables.

    Args:
        others: How many users share one half of the messages; 0: all are one user's.
    """
    messages = _FEW_MESSAGES if rounds.small else _MESSAGES
    count = _FEW_SEARCHES if rounds.small else _SEARCHES
    with disk_folder() as folder:
        await asyncio.to_thread(_make_sessions, folder, messages, others)
        made = await _rebuild(folder)
        size = (folder / "search.sqlite").stat().st_size
        async with _opened(folder) as (store, caught_up_s):
            took = await _search(store, count, others)
            async with Stalls() as following:
                lag_s = await _follow(store)
            gone_s = await _delete(folder, store)
            before = await _answers(store)
        (folder / "search.sqlite").unlink()
        async with _opened(folder) as (store, _):
            is_same = await _answers(store) == before
    whose = f"half of them of {others:,} users, half" if others else "all"
    told = [
        f"## Search in {messages:,} messages, {whose} of one\n",
        "| | p50, ms | p99, ms | longest, ms | p99 of the processor, ms |\n|---|---|---|---|---|",
        *(_row(kind, some) for kind, some in took.items()),
        _row("all", [one for some in took.values() for one in some]),
        "\n| the index | |\n|---|---|",
        f"| made from the files | {made.took_s:.1f} s, {made.used_s:.1f} s of them at work |",
        f"| event loop held meanwhile, at most | {_held(made.stall)} |",
        f"| looked through after a start | {caught_up_s:.1f} s |",
        f"| a new message is found after | {lag_s * 1e3:.0f} ms |",
        f"| event loop held meanwhile, at most | {_held(following.stall)} |",
        f"| a deleted session's text has left all files after | {gone_s * 1e3:.0f} ms |",
        f"| made anew it gives | {'the same' if is_same else 'OTHER'} answers |",
        f"| size | {size / 1e6:.0f} MB |\n",
    ]
    return "\n".join(told)


def _held(stall: Stall) -> str:
    return f"{stall.late_s * 1e3:.1f} ms ({stall.worked_s * 1e3:.1f} at work)"


def _row(kind: str, took: list[Took]) -> str:
    ms, worked = zip(*took, strict=True)
    return f"| {kind} | {statistics.median(ms):.2f} | {_p99(ms):.2f} | {max(ms):.2f} | {_p99(worked):.2f} |"


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


@asynccontextmanager
async def _opened(folder: Path):
    """A store whose index has everything, and how long that took after the start."""
    store = FileStore(folder)
    with uncollected():
        await store.open()
    began = time.perf_counter()
    await store._search.caught_up()
    try:
        yield store, time.perf_counter() - began
    finally:
        await store.close()


@dataclass(frozen=True, slots=True)
class Made:
    """How an index was made: in how many seconds, how many of the processor, and how the event loop was held."""

    took_s: float
    used_s: float
    stall: Stall


async def _rebuild(folder: Path) -> Made:
    """An index made from nothing."""
    settle()
    used = time.process_time()
    async with Stalls() as stalls, _opened(folder) as (_, took_s):
        pass
    return Made(took_s, time.process_time() - used, stalls.stall)


async def _search(store: FileStore, count: int, others: int) -> dict[str, list[Took]]:
    """What each search took, by kind; those of a first round, which warm the caches, do not count."""
    words, took = Words(2), dict[str, list[Took]]()
    kinds = len(list(words.queries()))
    for number in range(-10, count // kinds):
        asked = [(_USER, kind, query) for kind, query in words.queries()]
        if others:
            asked.append((f"u{number % others * 2 + 1}", "one word, of another user", asked[0][2]))
        for user_id, kind, query in asked:
            began, used = time.perf_counter(), time.process_time()
            await store.search(user_id, query, limit=_PAGE)
            ms, worked = (time.perf_counter() - began) * 1e3, (time.process_time() - used) * 1e3
            if number >= 0:
                took.setdefault(kind, []).append((ms, worked))
    return took


async def _answers(store: FileStore) -> list[Any]:
    """What some queries of each kind find."""
    words = Words(3)
    asked = [query for _ in range(_COMPARED) for _, query in words.queries()]
    return [await store.search(_USER, query, limit=_PAGE) for query in asked]


async def _follow(store: FileStore) -> float:
    """Seconds until a message that is said now is found."""
    began = time.perf_counter()
    await store.append("s0", [_message("fresh zzzword", datetime.now(UTC))])
    query = SearchQuery(parse_phrases("zzzword"))
    while not (await store.search(_USER, query, limit=1)).hits:  # noqa: ASYNC110 - as a client would
        await asyncio.sleep(0.001)
    return time.perf_counter() - began


async def _delete(folder: Path, store: FileStore) -> float:
    """Seconds until a deleted session's text is in no file."""
    began = time.perf_counter()
    await store.delete("s0")
    while await asyncio.to_thread(_holds, folder, b"zzzword"):  # noqa: ASYNC110 - files tell nobody
        await asyncio.sleep(0.02)
    return time.perf_counter() - began


def _holds(folder: Path, text: bytes) -> bool:
    names = [*folder.glob("search.sqlite*"), *folder.glob("journal/*"), folder / "session_s0.json"]
    return any(_has(path, text) for path in names)


def _has(path: Path, text: bytes) -> bool:
    try:
        with path.open("rb") as file, closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            return data.find(text) >= 0
    except (FileNotFoundError, ValueError):  # there is none, or it is empty
        return False


def _message(text: str, at: datetime) -> Message:
    stamp = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"role": "user", "content": text, "id": f"msg_{at.timestamp():.6f}", "created_at": stamp}


def _make_sessions(folder: Path, messages: int, others: int) -> None:
    """Writes the files of a data directory in which a server without a search index has ended well."""
    (folder / "journal").mkdir()
    words, records = Words(), []
    for number in range(messages // _IN_SESSION):
        began = _BEGAN + timedelta(seconds=number * 300_000_000 // messages * 10)
        said = [_message(words.text(), began + timedelta(seconds=n)) for n in range(_IN_SESSION)]
        at = said[0]["created_at"]
        user_id = f"u{number % (2 * others)}" if others and number % 2 else _USER
        record = Record(f"s{number}", user_id, at, said[-1]["created_at"], metadata={"title": f"Chat {number}"})
        records.append(record)
        (folder / f"session_s{number}.json").write_bytes(encode_file(record, said)[0])
    (folder / "sessions.json").write_bytes(b"".join(encode_index(records)))
    os.sync()
