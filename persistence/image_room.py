"""How much room there is for a user's images.

Rule: what lies on the disk counts, all sessions of a user together. Each folder is measured once, ahead of the first
image of all, and again with each change of it. Room is promised before an image is written, so that many at once do not
pass the limit together.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from persistence.disk import Disk
from persistence.files import Files, names
from persistence.model import is_session_id
from persistence.session_index import SessionIndex


class ImageRoom:
    """The room in a data directory.

    Args:
        folder: Where each session with images has a folder of its own.
        index: Knows whose sessions are.
        limit_bytes: What the images of one user may take; 0: any number.
    """

    def __init__(self, folder: Path, files: Files, index: SessionIndex, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._folder = folder
        self._files = files
        self._index = index
        self._bytes: dict[str, int] = {}
        """By session, what its images take."""
        self._promised: Counter[str] = Counter()
        """By user, what is being written."""
        self._is_measured = False
        self._measuring = asyncio.Lock()

    @asynccontextmanager
    async def promised(self, user_id: str, most_bytes: int) -> AsyncIterator[int]:
        """Inside, nobody else takes the room for so many bytes; gives how many there are for them.

        Raises:
            StorageError: What is there cannot be measured.
        """
        if not self.limit_bytes:
            yield sys.maxsize
            return
        await self._measure()
        room = self.limit_bytes - self._taken(user_id) - self._promised[user_id]
        self._promised[user_id] += most_bytes
        try:
            yield room
        finally:
            self._promised[user_id] -= most_bytes
            if not self._promised[user_id]:
                del self._promised[user_id]

    def note(self, session_id: str, taken_bytes: int) -> None:
        """A session's images have changed, and take so much now. Before they are measured, the disk knows it."""
        if self._is_measured or self._measuring.locked():
            self._bytes[session_id] = taken_bytes
        if self._is_measured and not taken_bytes:
            del self._bytes[session_id]

    def _taken(self, user_id: str) -> int:
        mine = self._index.page(user_id, limit=self._index.count(user_id))
        return sum(self._bytes.get(record.session_id, 0) for record in mine)

    async def _measure(self) -> None:
        """Measures all folders, once; what has changed meanwhile is known better."""
        async with self._measuring:
            if not self._is_measured:
                found = await self._files.hop("look through", self._folder, _measured)
                self._bytes = {name: size for name, size in {**found, **self._bytes}.items() if size}
                self._is_measured = True


def folder_bytes(disk: Disk, folder: Path) -> int:
    """What the files in a folder take; none where there is no folder."""
    size = 0
    for name in names(disk, folder):
        with suppress(FileNotFoundError):
            size += disk.stamp(folder / name)[2]
    return size


def _measured(disk: Disk, images: Path) -> dict[str, int]:
    """What each session's images take; what is none of ours takes nothing."""
    found: dict[str, int] = {}
    for session_id in filter(is_session_id, names(disk, images)):
        with suppress(NotADirectoryError):
            found[session_id] = folder_bytes(disk, images / session_id)
    return found
