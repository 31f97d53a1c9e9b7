"""The images of sessions on the disk: `images/{session_id}/{name}`.

Rule: an image is durable before the message that names it, and goes after the last one that does; whoever calls holds
the session's lock, but for reading. What a crash leaves in between is named by nobody, and goes behind the next start
(`image_sweep.py`). An image for which its user has no room is refused before anything is written (`image_room.py`).

**Cancellation**: what has begun goes on to its end, under the lock where images are put.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from persistence.disk import Disk
from persistence.errors import ImageNotFound, ImagesFull, PersistenceError, StorageError, StorageReadOnly
from persistence.files import Files, make_folder, names, names_synced, replace
from persistence.finishing import finish
from persistence.image_room import ImageRoom, folder_bytes
from persistence.images import IMAGES, image_names, is_image_name
from persistence.model import Message, Record
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)


class ImageFiles:
    """The images in a data directory.

    Args:
        index: Knows which sessions there are.
        bytes_per_user: What the images of one user may take; 0: any number.

    Attributes:
        folder: Where each session that has some has a folder of its own.
    """

    def __init__(self, folder: Path, files: Files, index: SessionIndex, bytes_per_user: int) -> None:
        self.folder = folder / IMAGES
        self._index = index
        self._files = files
        self._room = ImageRoom(self.folder, files, index, bytes_per_user)

    async def read(self, session_id: str, name: str) -> bytes:
        """See `Store.image`. No lock is held."""
        self._index.get(session_id)
        found = await self._files.read(self.folder / session_id / name) if is_image_name(name) else None
        if found is None:
            raise ImageNotFound(name)
        return found[0]

    @asynccontextmanager
    async def put(self, record: Record, images: Mapping[str, bytes]) -> AsyncIterator[None]:
        """Inside, a session's images are there, durably; where what is done inside is refused, they are taken back.

        Raises:
            ImagesFull: They are more than its user may keep.
        """
        if not images:
            yield
            return
        session_id = record.session_id
        async with self._room.promised(record.user_id, sum(map(len, images.values()))) as room:
            folder = self.folder / session_id
            writing = asyncio.ensure_future(self._files.hop("keep images in", folder, _put, images, room))
            try:
                new, taken = await asyncio.shield(writing)
            except asyncio.CancelledError:
                await asyncio.wait([writing])
                if not writing.cancelled() and writing.exception() is None:
                    await self._remove(session_id, writing.result()[0])
                raise
            except _NoRoom as error:
                raise ImagesFull(self._room.limit_bytes) from error
            is_kept = True
            try:
                yield
            except StorageReadOnly:  # Whether the message is durable is known at the next start only.
                raise
            except PersistenceError:
                is_kept = False
                await self._remove(session_id, new)
                raise
            finally:
                if is_kept:  # From here on it counts; until here it was promised.
                    self._room.note(session_id, taken)

    async def drop(self, session_id: str, before: Iterable[Message], after: Iterable[Message]) -> None:
        """Removes, durably, what some messages named and those that are left do not."""
        if victims := image_names(before) - image_names(after):
            await self._remove(session_id, victims)

    async def keep_only(self, session_id: str, named: Collection[str]) -> list[str]:
        """Removes, durably, what is not named; returns what has gone."""
        return await self._remove(session_id, None, named)

    async def remove(self, session_id: str) -> list[str]:
        """Removes all images of a session, durably; returns what has gone, from the data directory on."""
        return [f"{IMAGES}/{session_id}/{name}" for name in await self._remove(session_id)]

    async def _remove(
        self, session_id: str, victims: Collection[str] | None = None, named: Collection[str] = ()
    ) -> list[str]:
        """A refusal is no fault of what has led to it: the log says so, and it is done behind the next start."""

        async def remove() -> list[str]:
            folder = self.folder / session_id
            gone, taken = await self._files.hop("remove images from", folder, _remove, victims, named)
            self._room.note(session_id, taken)
            return gone

        try:
            return await finish(remove())
        except StorageError as error:
            _log.error("%s; they go behind the next start", error)
            return []


class _NoRoom(Exception):
    """More bytes are new than there is room for."""


def _put(disk: Disk, folder: Path, images: Mapping[str, bytes], room: int) -> tuple[list[str], int]:
    """Writes those that are not there yet, all or none; returns their names, and what the folder's files take then."""
    present = set(names(disk, folder))
    new = [name for name in images if name not in present]
    if sum(len(images[name]) for name in new) > max(room, 0):
        raise _NoRoom
    make_folder(disk, folder)
    try:
        for name in new:
            replace(disk, folder / name, [images[name]])
        return new, folder_bytes(disk, folder)
    except BaseException:
        for name in new:
            with suppress(OSError):
                disk.unlink(folder / name)
        raise


def _remove(disk: Disk, folder: Path, victims: Collection[str] | None, named: Collection[str]) -> tuple[list[str], int]:
    """Removes files, None: all but the named ones; and the folder with the last one of them. Returns their names, and
    what the files take that are left."""
    present = names(disk, folder)
    gone = [name for name in present if name not in named and (victims is None or name in victims)]
    if gone:
        with names_synced(disk, folder):
            for name in gone:
                disk.unlink(folder / name)
    if len(gone) == len(present):
        with suppress(FileNotFoundError), names_synced(disk, folder.parent):
            disk.remove_folder(folder)
    return gone, folder_bytes(disk, folder)
