"""A start: what the last process left is put in order before anybody is let in.

Rule: first the journal is carried out, then the index is filled: from its file, from the journal, and from the session
files that are newer than it or unknown to it. A directory without a journal comes from elsewhere: all its session files
are looked at, and the sessions that only the index names get theirs.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from persistence.answer import Parts
from persistence.errors import SessionNotFound, StorageError, StorageReadOnly
from persistence.files import Files
from persistence.journal import Journal
from persistence.json_bytes import encode_json
from persistence.listing import list_sessions, read_tails
from persistence.model import NOBODY, Message, Record, file_name_of, session_file_name
from persistence.portions import in_portions
from persistence.record_json import normal_time
from persistence.recovery import read_journal, recover
from persistence.replay import Replay
from persistence.running_answers import RunningAnswers
from persistence.session_file import read_tail
from persistence.session_index import NO_FILE, SessionIndex

_log = logging.getLogger(__name__)

_NOBODYS = (
    "sessions whose owner is not known: %d; they belong to the user %s and nobody else sees them. A key `key=%s` in"
    " VERBATIM_API_KEYS shows them; or write another `user_id` into the records at their files' ends while no server"
    ' runs. See docs/operations.md, "Old data"'
)
_FILES_AT_ONCE = 128
_TIMES_AT_ONCE = 10_000
"""In a directory of more files their times of change are looked at once the store is open."""

Look = Callable[[str], Awaitable[Any]]
Create = Callable[[Record, Sequence[Message]], Awaitable[Any]]
Settle = Callable[[str, str], Awaitable[Any]]


class Start:
    """Fills a store's index and starts its journal.

    Attributes:
        unseen: Sessions whose files were not looked at: somebody may have changed them while no server ran.
        true_until: Up to when the index's file is known to be true of them (seconds since the epoch).
    """

    def __init__(
        self, folder: Path, files: Files, journal: Journal, index: SessionIndex, running: RunningAnswers
    ) -> None:
        self._folder = folder
        self._quarantine = folder / "quarantine"
        self._files = files
        self._journal = journal
        self._index = index
        self._running = running
        self.unseen: list[str] = []
        self.true_until = 0.0

    async def run(self, *, look: Look, create: Create, settle: Settle) -> None:
        """Does all of it.

        Args:
            look: Reads a session, and mends and settles it.
            create: Writes a new session.
            settle: Settles an answer of a session.
        """
        journaled = await read_journal(self._files, self._journal.folder)
        total = journaled.total
        is_foreign = not total.adopted
        await recover(self._files, self._folder, journaled)
        await self._files.make_folder(self._journal.folder)
        self._running.take_over(total.running.values())
        await self._journal.begin(total.next_number, self._running.all(), adopted=not is_foreign)
        most = None if is_foreign else _TIMES_AT_ONCE
        listing = await list_sessions(self._files, self._folder, most)
        if listing.left:
            await self._files.remove(*(self._folder / name for name in listing.left))
        await self._fill_index(listing.changed_at, total, is_foreign, look, create)
        for parts in self._running.all():
            await _alone(self._settle(parts, settle))
        if count := self._index.count(NOBODY):
            _log.warning(_NOBODYS, count, NOBODY, NOBODY)

    async def _fill_index(
        self, changed_at: Mapping[str, float | None], total: Replay, is_foreign: bool, look: Look, create: Create
    ) -> None:
        changed: list[str] = []
        orphans: dict[str, Record] = {}
        async for stored, true_until in self._index.stored(self._quarantine, changed_at):
            self.true_until = true_until
            self._index.fill(record for record, at in stored if at is not NO_FILE)
            for record, at in stored:
                if at is NO_FILE:
                    orphans[record.session_id] = record
                elif at is None:
                    self.unseen.append(record.session_id)
                elif (is_foreign or at >= true_until) and record.session_id not in total.records:
                    changed.append(record.session_id)
        async for journaled in in_portions(total.records.items()):
            for session_id, known in journaled:
                if known is None or session_id not in changed_at:
                    self._index.drop(session_id)
                else:
                    self._index.put(known)
        unknown: list[str] = []
        if len(self._index) != len(changed_at):
            async for some in in_portions(changed_at):
                unknown += (one for one in some if one not in self._index and one not in total.records)
        async for lost in in_portions(orphans.values()):
            for record in lost:
                if is_foreign:
                    await create(record, ())
                else:
                    self._index.drop(record.session_id)
        await self._look_at(chain(changed, unknown), changed_at, look)

    async def _look_at(self, session_ids: Iterable[str], changed_at: Mapping[str, float | None], look: Look) -> None:
        """Takes the records from files' tails; files that have none there are read whole."""
        async for some in in_portions(session_ids, _FILES_AT_ONCE):
            whole = []
            for session_id, tail in zip(some, await self._tails(some), strict=True):
                if tail and (record := read_tail(tail, session_id)):
                    self._index.put(record)
                else:
                    whole.append(session_id)
            await asyncio.gather(
                *(self._look_at_whole(session_id, changed_at[session_id], look) for session_id in whole)
            )

    async def _look_at_whole(self, session_id: str, changed_at: float | None, look: Look) -> None:
        is_known = session_id in self._index
        if not is_known:
            self._index.put(Record.unknown(session_id, normal_time(changed_at)))
        if not await _alone(look(session_id)) and not is_known:
            self._index.drop(session_id)

    async def _tails(self, session_ids: Sequence[str]) -> list[bytes | None]:
        return await self._files.hop("read", self._folder, read_tails, session_ids)

    async def _settle(self, parts: Parts, settle: Settle) -> None:
        session_id, response_id = parts.key
        if session_id in self._index:
            await settle(session_id, response_id)
        elif parts.written:
            aside = self._quarantine / f"{session_file_name(session_id)}.{file_name_of(response_id)}"
            await self._files.make_folder(self._quarantine)
            await self._files.replace(aside, [encode_json(parts.value(), "an answer")])
            _log.error("response %s belongs to no session; what there was of it: %s", response_id, aside)
        self._running.drop(session_id, response_id)


async def _alone(step: Awaitable[Any]) -> bool:
    """Whether a step went well; one session's fault does not keep the others from being served."""
    try:
        await step
    except StorageReadOnly:
        raise
    except (SessionNotFound, StorageError) as error:
        _log.error("at the start: %s", error)
        return False
    return True
