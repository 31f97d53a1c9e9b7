"""Behind a start: images that nobody names go.

Rules:
- A folder of images whose session is not there goes before anybody is let in: a crash came between the deletion and
  this, or between the images and the first message.
- An image that no message of its session names goes in the background: a crash came between it and its message, or a
  person has taken the message out of the file. Only where a name is not found in the file's bytes is the session read.
- While the quarantine has a copy of a session's file, all its images stay: what names them may be in the copy.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from persistence.changes import Changes
from persistence.disk import Disk
from persistence.errors import PersistenceError, SessionNotFound
from persistence.files import Files, names, read
from persistence.image_files import ImageFiles
from persistence.images import IMAGES, image_names
from persistence.model import is_session_id, session_file_name
from persistence.portions import in_portions
from persistence.session_reader import SessionReader

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 32


class ImageSweep:
    """One start's."""

    def __init__(self, folder: Path, files: Files, images: ImageFiles, changes: Changes, reader: SessionReader) -> None:
        self._folder = folder
        self._files = files
        self._images = images
        self._changes = changes
        self._reader = reader
        self._left: list[str] = []
        self._task: asyncio.Task[None] | None = None
        """Set by `start`."""

    async def begin(self) -> None:
        """Removes the folders of sessions that are not there."""
        gone, self._left = await self._files.hop("look through", self._folder, _look_through, self._images.folder)
        for session_id in gone:
            if removed := await self._images.remove(session_id):
                _log.info("%d images of a session that is not there were removed: %s", len(removed), session_id)

    def start(self) -> None:
        """Begins to look for single images in the background."""
        if self._left:
            self._task = asyncio.create_task(self._sweep(), name="image sweep")

    async def close(self) -> None:
        """Looks for none any more."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _sweep(self) -> None:
        async for some in in_portions(self._left, _FILES_AT_ONCE):
            try:
                for session_id in await self._files.hop("look through", self._folder, _doubtful, some):
                    await self._sweep_session(session_id)
            except PersistenceError as error:
                _log.error("images that nobody names are left where they are: %s", error)

    async def _sweep_session(self, session_id: str) -> None:
        with suppress(SessionNotFound):
            async with self._changes.hold(session_id):
                named = image_names((await self._reader.tree(session_id)).messages())
                if await self._files.hop("look through", self._folder, _is_aside, session_id):
                    return
                if removed := await self._images.keep_only(session_id, named):
                    _log.info("%d images of session %s were named by no message", len(removed), session_id)


def _look_through(disk: Disk, folder: Path, images: Path) -> tuple[list[str], list[str]]:
    """The sessions with images that are not there, and those that are; without those that are in the quarantine."""
    gone: list[str] = []
    left: list[str] = []
    for session_id in filter(is_session_id, names(disk, images)):
        if not _is_aside(disk, folder, session_id):
            (left if _is_there(disk, folder / session_file_name(session_id)) else gone).append(session_id)
    return gone, left


def _is_aside(disk: Disk, folder: Path, session_id: str) -> bool:
    copy = session_file_name(session_id) + "."
    return any(name.startswith(copy) for name in names(disk, folder / "quarantine"))


def _is_there(disk: Disk, path: Path) -> bool:
    try:
        disk.stamp(path)
    except FileNotFoundError:
        return False
    return True


def _doubtful(disk: Disk, folder: Path, session_ids: Iterable[str]) -> list[str]:
    """The sessions whose files do not hold the names of all their images."""
    return [session_id for session_id in session_ids if not _names_all(disk, folder, session_id)]


def _names_all(disk: Disk, folder: Path, session_id: str) -> bool:
    found = read(disk, folder / session_file_name(session_id))
    return found is not None and all(name.encode() in found[0] for name in names(disk, folder / IMAGES / session_id))
