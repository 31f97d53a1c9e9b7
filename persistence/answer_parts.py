"""What is written of the answers that are running, one file each under `journal/`.

Rule: a file exists while its response runs, or until a start after a crash has settled it. Written, not synced.
"""

import hashlib
import logging
from pathlib import Path

from persistence import files
from persistence.answer import Parts, decode_parts, encode_head, encode_piece
from persistence.errors import StorageError
from persistence.model import Message

_log = logging.getLogger(__name__)

_SUFFIX = ".part"


class AnswerParts:
    """The parts files.

    **Concurrency**: whoever calls holds the session's lock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun: set[tuple[str, str]] = set()
        """The sessions and responses that have a file."""

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        """Adds a piece of text; the first one begins the file with the draft."""
        key = session_id, draft["response_id"]
        head = b"" if key in self._begun else encode_head(session_id, draft)
        await files.append(self._path(*key), head + encode_piece(text))
        self._begun.add(key)

    async def read(self, session_id: str, response_id: str) -> Parts | None:
        """What was written of a response; None where there is nothing."""
        found = await files.read(self._path(session_id, response_id))
        return decode_parts(found[0]) if found else None

    async def drop(self, session_id: str, response_id: str) -> None:
        """Removes what was written of a response that is settled. A refusal is logged: the next start tries again."""
        key = session_id, response_id
        if key in self._begun:
            try:
                await files.remove(self._path(*key), durable=False)
            except StorageError as error:
                _log.warning("%s", error)
            else:
                self._begun.remove(key)

    async def drop_session(self, session_id: str) -> list[str]:
        """Removes what was written in a session, durably; returns the files' names."""
        mine = {key for key in self._begun if key[0] == session_id}
        removed = await files.remove(*(self._path(*key) for key in mine)) if mine else []
        self._begun -= mine
        return removed

    async def take_over(self) -> list[tuple[str, str]]:
        """What a crash left: sessions and responses, oldest first. A file without a whole first line is removed."""
        ages = []
        for name in await files.list_folder(self._folder):
            path = self._folder / name
            if name.endswith(_SUFFIX) and (found := await files.read(path)):
                parts = decode_parts(found[0])
                if parts and self._path(*parts.key) == path:
                    ages.append(parts.age)
                elif parts is None:
                    await files.remove(path, durable=False)
        keys = [key for _, key in sorted(ages)]
        self._begun.update(keys)
        return keys

    async def set_aside(self, session_id: str, response_id: str, quarantine: Path) -> None:
        """Puts what was written in a session that is not there any more into the quarantine."""
        aside = await files.set_aside(self._path(session_id, response_id), quarantine, keep=False)
        self._begun.remove((session_id, response_id))
        _log.error("response %s belongs to no session; what there was of it: %s", response_id, aside)

    def _path(self, session_id: str, response_id: str) -> Path:
        name = hashlib.sha256(response_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self._folder / f"{session_id}.{name}{_SUFFIX}"
