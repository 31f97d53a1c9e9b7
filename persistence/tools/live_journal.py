"""Reading the journal of a directory that a server may have, from another process, without its help.

Rule: every segment that counts is opened and stays open: one that the server drops can still be read. What is missing
or torn in the first look may only be under way, so it is looked at again before it is called damaged.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from persistence.disk import Disk
from persistence.errors import JournalDamaged
from persistence.files import Files, names
from persistence.journal_line import Line, Scanned, scan_segment
from persistence.replay import Replay, first_that_counts, replay
from persistence.segment_file import is_segment, segment_name

_LOOKS = 5
_PAUSE_S = 0.05


class LiveJournal:
    """The segments in a folder, from `open` until `close`.

    Attributes:
        size: How many bytes of entries there were when they were added up last.
    """

    def __init__(self, files: Files, folder: Path) -> None:
        self.size = 0
        self._files = files
        self._folder = folder
        self._held: dict[str, int] = {}
        self._first = 1

    async def open(self) -> Replay:
        """Takes hold of the segments that count now; returns the sum of their entries.

        Raises:
            JournalDamaged: There are entries missing, and they do not come.
        """
        for _ in range(_LOOKS - 1):
            try:
                return await self._files.hop("read", self._folder, self._open)
            except JournalDamaged:
                await self.close()
                await asyncio.sleep(_PAUSE_S)
        return await self._files.hop("read", self._folder, self._open)

    async def look(self) -> None:
        """Takes hold of segments that have come since."""
        await self._files.hop("read", self._folder, self._hold_new)

    async def total(self) -> Replay:
        """The sum of the entries from the first one that counted at `open` to the last one there is.

        Raises:
            JournalDamaged: There are entries missing: segments came and went between two looks, or are damaged.
        """
        for _ in range(_LOOKS - 1):
            try:
                return await self._files.hop("read", self._folder, self._total)
            except JournalDamaged:
                await asyncio.sleep(_PAUSE_S)
        return await self._files.hop("read", self._folder, self._total)

    async def close(self) -> None:
        """Lets go of all segments."""
        held, self._held = self._held, {}
        for descriptor in held.values():
            await self._files.disk.run(self._files.disk.close, descriptor)

    def _open(self, disk: Disk, folder: Path) -> Replay:
        self._hold_new(disk, folder)
        self._first = first_that_counts(self._scan(disk, max(self._held)).lines) if self._held else 1
        return self._total(disk, folder)

    def _hold_new(self, disk: Disk, folder: Path) -> None:
        for name in names(disk, folder):
            if is_segment(name) and name not in self._held:
                try:
                    self._held[name] = disk.open(folder / name)
                except FileNotFoundError:
                    continue

    def _total(self, disk: Disk, folder: Path) -> Replay:
        self._hold_new(disk, folder)
        self.size = 0
        return replay(self._lines(disk), self._first) if self._held else Replay(adopted=False)

    def _lines(self, disk: Disk) -> Iterator[Line]:
        for name in sorted(self._held):
            if name >= segment_name(self._first):
                scanned = self._scan(disk, name)
                self.size += scanned.end
                yield from scanned.lines

    def _scan(self, disk: Disk, name: str) -> Scanned:
        pieces, at = [], 0
        while piece := disk.read(self._held[name], 1 << 20, at):
            pieces.append(piece)
            at += len(piece)
        return scan_segment(b"".join(pieces), name)
