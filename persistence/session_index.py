"""All records, and `sessions.json` behind them.

Rule: the session files are the truth. The index knows every record, and its file follows debounced: never sooner than
`delay_s` after the first change, never more often than a twentieth of the time that writing takes. Neither reading nor
writing it holds the event loop for more than a portion.
"""

import asyncio
import logging
import math
import time
from bisect import bisect_left, insort
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from persistence.errors import Damaged, SessionNotFound, StorageError, StorageReadOnly
from persistence.files import Files
from persistence.finishing import finish
from persistence.index_file import decode_index, decode_portion, encode_index, index_portions
from persistence.model import Record, is_session_id
from persistence.portions import in_portions
from persistence.split_dict import SplitDict

_log = logging.getLogger(__name__)

_SHARE = 20
_MARGIN_S = 2.0
"""The file's time of change lies this far back: session files changed later are looked at again at the start."""
_PORTION = 500
_place = attrgetter("is_active", "is_pinned", "last_activity", "session_id")
"""Where a record stands among its user's: the archived first, the pinned last among their like, and then the newest
activity. No two stand at the same place."""
_FIRST_ACTIVE = True, False, "", ""
"""The place ahead of all that are not archived."""

NO_FILE = float("nan")
"""Stands for the time of change where there is no file."""

Stored = tuple[Record, float | None]
"""A record from the file, and when its session's file was changed: None where that is not known, or `NO_FILE`."""


class SessionIndex:
    """The records by id and by user.

    Args:
        delay_s: How long the file may lag behind.
        stop: Called where a sync of the file fails: what that says of the disk counts for all.

    Attributes:
        seen_until: Up to when the session files were looked at (seconds since the epoch): the file claims no more.

    **Concurrency**: `put` and `drop` are plain calls; one task writes the file.
    """

    def __init__(self, path: Path, files: Files, *, delay_s: float, stop: Callable[[StorageReadOnly], None]) -> None:
        self._path = path
        self._files = files
        self._delay_s = delay_s
        self._stop = stop
        self.seen_until = math.inf
        self._records: SplitDict[Record] = SplitDict()
        self._by_user: dict[str, list[Record]] = {}
        """Each user's records in their order: a page is a slice of it, read backwards."""
        self._moved: dict[str, dict[str, Record]] = {}
        """By user, the records that stand in `_by_user` for newer ones. They are moved when somebody looks."""
        self._dirty = asyncio.Event()
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        """Set by `start`."""

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._records

    def __len__(self) -> int:
        return len(self._records)

    def get(self, session_id: str) -> Record:
        """The session's record.

        Raises:
            SessionNotFound: There is none.
        """
        record: Record | None = self._records.get(session_id)
        if record is None:
            raise SessionNotFound(session_id)
        return record

    def put(self, record: Record) -> None:
        """Adds a record or takes the place of the one with its id."""
        before: Record | None = self._records.get(record.session_id)
        self._records[record.session_id] = record
        if before and before.user_id == record.user_id:
            mine = self._by_user[record.user_id]
            if mine[-1] is before and _place(before) <= _place(record):
                mine[-1] = record  # As a rule: who goes on with what he was at last moves nothing.
            else:
                self._moved.setdefault(record.user_id, {}).setdefault(record.session_id, before)
        else:
            if before:
                self._unlist(before)
            self._list(record)
        self._dirty.set()

    def fill(self, records: Iterable[Record]) -> None:
        """Adds records from the file."""
        for record in records:
            if self._records.setdefault(record.session_id, record) is not record:
                self.put(record)
                continue
            mine = self._by_user.get(record.user_id)
            if mine is None:
                self._by_user[record.user_id] = [record]
            elif _place(mine[-1]) < _place(record):
                mine.append(record)
            else:
                insort(mine, record, key=_place)

    def drop(self, session_id: str) -> None:
        """Removes a record, if it is there, from the file too."""
        if record := self._records.pop(session_id, None):
            self._unlist(record)
        self._dirty.set()

    def page(
        self, user_id: str, *, limit: int, after: str | None = None, is_active: bool | None = None
    ) -> Sequence[Record]:
        """A user's records as `Store.records` has them; looks at nobody else's, and at few of this user's.

        Raises:
            SessionNotFound: `after` is none of this user's sessions.
        """
        mine = self._listed(user_id)
        first_active = 0 if is_active is None else bisect_left(mine, _FIRST_ACTIVE, key=_place)
        begin, end = (0, first_active) if is_active is False else (first_active, len(mine))
        if after is not None:
            if (last := self.get(after)).user_id != user_id:
                raise SessionNotFound(after)
            stood = last if is_active is None else replace(last, is_active=is_active)
            end = bisect_left(mine, _place(stood), key=_place)
        return mine[max(end - limit, begin) : end][::-1]

    def in_order(self) -> Iterator[Record]:
        """All records, each user's about in their order; one that comes or goes meanwhile may be among them or not."""
        for user_id in list(self._by_user):
            for listed in tuple(self._by_user.get(user_id, ())):
                if record := self._records.get(listed.session_id):
                    yield record

    def count(self, user_id: str) -> int:
        """How many sessions a user has."""
        return len(self._listed(user_id))

    async def stored(
        self, quarantine: Path, changed_at: Mapping[str, float | None]
    ) -> AsyncIterator[tuple[list[Stored], float]]:
        """The records in the file, in portions, each with the time up to which the file is known to be true.

        Args:
            changed_at: When each session's file was changed; also the time of a record that says none.

        Of a damaged file the quarantine keeps a copy. A time that has not come yet says that the clock was put back:
        then nothing is known to be true.
        """
        if not (found := await self._files.read(self._path)) or not found[0]:
            return
        data, (_, modified_at_ns, _) = found
        true_until = modified_at_ns / 1e9
        if true_until > time.time():
            true_until = 0.0
        try:
            for portion in index_portions(data):
                found_here = _with_times(decode_portion(portion), changed_at)
                if not all(at is not NO_FILE or is_session_id(record.session_id) for record, at in found_here):
                    raise Damaged("an index", "it names what is no session's id")
                yield found_here, true_until
                await asyncio.sleep(0)
            return
        except Damaged:
            pass  # It is not as we write it: it is read whole, with what was read already.
        try:
            by_id, bad = decode_index(data, changed_at)
        except Damaged as error:
            await self._set_aside(quarantine, str(error))
            return
        if bad:
            await self._set_aside(quarantine, f"no index in {len(bad)} of its entries")
        async for records in in_portions(by_id.values()):
            yield _with_times(records, changed_at), true_until

    def start(self) -> None:
        """Begins to write the file behind the changes."""
        self._writer = asyncio.create_task(self._write_behind(), name="sessions.json")

    async def close(self) -> None:
        """Stops writing; what is not written yet, the next `flush` writes."""
        if self._writer:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        async with self._writing:  # A flush that is under way goes on to its end.
            pass

    async def flush(self) -> None:
        """Writes the file, if anything has changed.

        Raises:
            StorageError: The disk refuses.
        """
        async with self._writing:
            if self._dirty.is_set():
                self._dirty.clear()
                try:
                    await self._write()
                except BaseException:
                    self._dirty.set()
                    raise

    async def _write(self) -> None:
        true_until = min(time.time() - _MARGIN_S, self.seen_until)
        chunks = []
        for chunk in encode_index(self.in_order(), per_chunk=_PORTION):
            chunks.append(chunk)
            await asyncio.sleep(0)
        await self._files.replace(self._path, chunks, true_until)

    async def _write_behind(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(self._delay_s)
            began = time.monotonic()
            try:
                await finish(self.flush())
            except StorageReadOnly as error:
                self._stop(error)
                return
            except StorageError as error:
                _log.warning("%s; it is tried again, and nothing depends on it", error)
            await asyncio.sleep((time.monotonic() - began) * _SHARE)

    async def _set_aside(self, quarantine: Path, reason: str) -> None:
        aside = await self._files.set_aside(self._path, quarantine, keep=True)
        self._dirty.set()
        _log.error("%s is %s; the session files are asked instead; as it was: %s", self._path, reason, aside)

    def _listed(self, user_id: str) -> list[Record]:
        """A user's records, each in its place."""
        for session_id, before in self._moved.pop(user_id, {}).items():
            self._remove(before)
            self._list(self._records[session_id])
        return self._by_user.get(user_id, [])

    def _list(self, record: Record) -> None:
        mine = self._by_user.setdefault(record.user_id, [])
        if not mine or _place(mine[-1]) < _place(record):
            mine.append(record)
        else:
            insort(mine, record, key=_place)

    def _unlist(self, record: Record) -> None:
        moved = self._moved.get(record.user_id, {})
        self._remove(moved.pop(record.session_id, record))

    def _remove(self, listed: Record) -> None:
        mine = self._by_user[listed.user_id]
        del mine[bisect_left(mine, _place(listed), key=_place)]
        if not mine:
            del self._by_user[listed.user_id]


def _with_times(records: Iterable[Record], changed_at: Mapping[str, float | None]) -> list[Stored]:
    return [(record, changed_at.get(record.session_id, NO_FILE)) for record in records]
