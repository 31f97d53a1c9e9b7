"""Repairing: a data directory is brought to where verifying finds no damage, with as much as can be read of it.

Rule: what is changed is in the quarantine first, as it was. Each step is durable before the next one and leaves a
directory that can be repaired again, or started on: after a crash it is all done again.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from persistence.branches import with_ids
from persistence.checkpoints import CheckpointLimits
from persistence.disk import Disk
from persistence.errors import Damaged, JournalDamaged, PersistenceError, SessionNotFound, StorageError, StorageReadOnly
from persistence.facts import Facts
from persistence.file_store import FileStore
from persistence.files import Files, read
from persistence.journal_entry import Delete, Memory, Put
from persistence.json_bytes import decode_json
from persistence.memory_file import decode_memory, encode_memory, memory_file_name
from persistence.model import Message, message_id, new_id, session_file_name, session_id_of
from persistence.recovery import read_journal
from persistence.segment_file import SegmentFile, is_segment
from persistence.tools.data_folder import (
    INDEX,
    JOURNAL,
    QUARANTINE,
    Finding,
    Kind,
    Progress,
    kind_of,
    list_folder,
    silent,
)
from persistence.tools.file_check import branch_fault
from persistence.tools.journal_salvage import Salvage, mended_segment, mended_session, salvage
from persistence.tools.verify import check_folder

_ROUNDS = 2
"""What only the start shows that the first round makes, the second one mends."""


async def repair_folder(
    folder: Path, *, disk: Disk | None = None, progress: Progress = silent
) -> AsyncIterator[Finding]:
    """Repairs a data directory; tells what was done, and at the end what is damaged still.

    Raises:
        DirectoryInUse: A server has it.
        JournalDamaged: The journal holds what another version has written.
        StorageError: There is no such directory, or the disk refuses.
    """
    repair = _Repair(folder, disk or Disk(), progress)
    async for done in repair.journal():
        yield done
    left: list[Finding] = []
    for _ in range(_ROUNDS):
        async for done in repair.files():
            yield done
        left = [one async for one in check_folder(folder, disk=disk, progress=progress) if one.is_damage]
        if not left:
            return
    for finding in left:
        yield finding


_NEVER_S = 1e6
_AT_THE_END = CheckpointLimits(journal_bytes=1 << 62, age_s=_NEVER_S, idle_s=_NEVER_S)
"""Nothing is folded into a file before the file has been set aside as it was: all of it is when the store closes."""


class _Repair:
    def __init__(self, folder: Path, disk: Disk, progress: Progress) -> None:
        self._folder = folder
        self._journal = folder / JOURNAL
        self._quarantine = folder / QUARANTINE
        self._disk = disk
        self._files = Files(disk)
        self._progress = progress

    async def journal(self) -> AsyncIterator[Finding]:
        """Removes what was being written, and puts a segment with all that is left in the place of damaged ones."""
        names = await list_folder(self._files, self._folder)
        lock = await self._files.lock_folder(self._folder)
        try:
            in_journal = await self._files.names(self._journal)
            left = [self._folder / name for name in names if kind_of(name) is Kind.LEFTOVER]
            left += [self._journal / name for name in in_journal if name.endswith(".new")]
            for path in left:
                await self._files.remove(path)
                yield Finding(str(path.relative_to(self._folder)), "was being written; removed")
            try:
                await read_journal(self._files, self._journal)
            except JournalDamaged as error:
                async for done in self._mend_journal(error, [name for name in in_journal if is_segment(name)]):
                    yield done
        finally:
            await self._disk.run(self._disk.close, lock)

    async def files(self) -> AsyncIterator[Finding]:
        """Starts on the directory, which brings the index and the files together, and mends each file for itself."""
        wrong = [finding async for finding in check_folder(self._folder, disk=self._disk, progress=self._progress)]
        if any(finding.path == INDEX for finding in wrong):
            await self._files.hop("date back", self._folder / INDEX, _date_back)
            yield Finding(INDEX, "made anew from the session files")
        before = set(await self._files.names(self._quarantine))
        store = FileStore(
            self._folder, search_delay_s=None, disk=self._disk, fold_delay_s=_NEVER_S, checkpoints=_AT_THE_END
        )
        await store.open()
        try:
            for number, finding in enumerate(wrong):
                self._progress("mended", number, len(wrong))
                if kind_of(finding.path) is Kind.SESSION:
                    yield await self._mend_session(store, finding, before)
                elif kind_of(finding.path) is Kind.MEMORY:
                    yield await self._mend_memory(finding)
        finally:
            await store.close()

    async def _mend_journal(self, damage: JournalDamaged, segments: Sequence[str]) -> AsyncIterator[Finding]:
        left = await self._files.hop("read", self._journal, _salvage, segments, damage)
        for name in segments:
            aside = await self._keep(self._journal / name)
            yield Finding(f"{JOURNAL}/{name}", f"what is left of it is carried out{aside}")
        for numbers in left.lost:
            many = f"entries {numbers[0]} to {numbers[-1]} are" if len(numbers) > 1 else f"entry {numbers[0]} is"
            yield Finding(JOURNAL, f"{many} lost")
        entries: list[Put | Delete | Memory] = []
        for session_id, told in left.sessions.items():
            path = self._folder / session_file_name(session_id)
            found = await self._files.read(path)
            entry, goes = mended_session(session_id, told, found[0] if found else None)
            if entry:
                entries.append(entry)
            if goes and not isinstance(entry, Delete):
                yield Finding(path.name, f"brought together with the journal{await self._keep(path)}")
            elif not entry:
                yield Finding(path.name, f"not there; {len(told.added)} messages for it are in the quarantined journal")
        for memory in left.memories.values():
            path = self._folder / memory_file_name(memory.user_id)
            entries.append(memory)
            if await self._files.stamp(path):
                yield Finding(path.name, f"written anew from the journal{await self._keep(path)}")
        await self._files.hop("begin a segment in", self._journal, _begin, left, entries)

    async def _mend_session(self, store: FileStore, finding: Finding, before: set[str]) -> Finding:
        path, session_id = self._folder / finding.path, session_id_of(finding.path) or ""
        try:
            tree = await store.tree(session_id)
            aside = await self._new_copy(path.name, before)
            if finding.is_damage and not aside:
                aside = await self._keep(path)
            if len({message_id(message, at) for at, message in enumerate(tree.history)}) < len(tree.history):
                await store.edit(session_id, _with_ids_of_their_own)
            elif branch_fault(tree):
                await store.edit_tree(session_id, with_ids)
            await store.update(session_id, lambda record: record)
        except SessionNotFound:
            aside = await self._new_copy(path.name, before)
            return Finding(path.name, f"{finding.what}; the session is gone{aside}")
        except StorageReadOnly:
            raise
        except PersistenceError as error:
            return Finding(path.name, f"{finding.what}; it cannot be mended: {error}")
        return Finding(path.name, f"{finding.what}; mended{aside}")

    async def _mend_memory(self, finding: Finding) -> Finding:
        path = self._folder / finding.path
        try:
            found = await self._files.read(path)
            value = decode_json(found[0] if found else b"", "a memory file")
            user_id, facts = _user_of(path.name, value), decode_memory(found[0] if found else b"")[0]
        except Damaged:
            user_id, facts = None, Facts()
        except StorageError as error:
            return Finding(path.name, f"{finding.what}; it cannot be mended: {error}")
        if user_id is None:
            aside = await self._files.set_aside(path, self._quarantine, keep=False)
            return Finding(path.name, f"{finding.what}; it lies in {QUARANTINE}/{aside.name}")
        aside_text = await self._keep(path)
        await self._files.replace(path, [encode_memory(user_id, facts)])
        return Finding(path.name, f"{finding.what}; mended{aside_text}")

    async def _keep(self, path: Path) -> str:
        """Puts a copy of a file into the quarantine; says where, as the end of a sentence."""
        return _as_it_was((await self._files.set_aside(path, self._quarantine, keep=True)).name)

    async def _new_copy(self, name: str, before: set[str]) -> str:
        """Where the store has put the file as it was, as the end of a sentence; empty if it has not."""
        new = [copy for copy in await self._files.names(self._quarantine) if copy.startswith(f"{name}.")]
        return next((_as_it_was(copy) for copy in new if copy not in before), "")


def _as_it_was(copy: str) -> str:
    return f"; as it was: {QUARANTINE}/{copy}"


def _salvage(disk: Disk, folder: Path, segments: Sequence[str], damage: JournalDamaged) -> Salvage:
    found = {int(name.partition(".")[0]): read(disk, folder / name) for name in segments}
    try:
        return salvage({first: data[0] for first, data in found.items() if data})
    except (KeyError, TypeError, ValueError, PersistenceError) as error:
        raise JournalDamaged(damage.name, damage.offset, f"a whole entry is none of this version's: {error}") from error


def _begin(disk: Disk, folder: Path, left: Salvage, entries: Sequence[Put | Delete | Memory]) -> None:
    SegmentFile.begin(disk, folder, left.next_number, mended_segment(left, entries)).close()


def _date_back(disk: Disk, path: Path) -> None:
    """Makes the index older than every session file: all of them are looked at."""
    try:
        descriptor = disk.open(path, write=True)
    except FileNotFoundError:
        return
    try:
        disk.set_modified(descriptor, 0)
    finally:
        disk.close(descriptor)


def _with_ids_of_their_own(messages: Sequence[Message]) -> Iterator[Message]:
    """The messages, each with an id that none before it has."""
    seen: set[str] = set()
    for at, message in enumerate(messages):
        if message_id(message, at) in seen:
            message = {**message, "id": new_id("msg_")}
        seen.add(message_id(message, at))
        yield message


def _user_of(name: str, value: object) -> str | None:
    """The user whose memory a file of this name is; None where neither the name nor the file says so."""
    encoded = name.removeprefix("memory_").removesuffix(".json")
    named = value.get("user_id") if isinstance(value, dict) else None
    candidates = [named, encoded]
    if encoded.startswith("="):
        try:
            raw = base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
            candidates.append(raw.decode("utf-8", "surrogatepass"))
        except (binascii.Error, UnicodeDecodeError):
            pass
    return next((user for user in candidates if isinstance(user, str) and memory_file_name(user) == name), None)
