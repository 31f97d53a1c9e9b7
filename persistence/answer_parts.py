"""What is written of the answers that are running, one file each under `journal/`.

Rule: a file exists while its response runs, or until a start after a crash has settled it. Written, not synced.
"""

import logging
from pathlib import Path

from persistence import files
from persistence.answer import Parts, decode_parts, encode_head, encode_piece
from persistence.errors import StorageError
from persistence.model import Message, file_name_of

_log = logging.getLogger(__name__)

_SUFFIX = ".part"


class AnswerParts:
    """The parts files.

    **Concurrency**: whoever calls holds the session's lock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._session_of: dict[str, str] = {}
        """The responses that have a file, each with its session."""

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        """Adds a piece of text; the first one begins the file with the draft."""
        response_id = draft["response_id"]
        head = b"" if response_id in self._session_of else encode_head(session_id, draft)
        await files.append(self._path(response_id), head + encode_piece(text))
        self._session_of[response_id] = session_id

    async def read(self, response_id: str) -> Parts | None:
        """What was written of a response; None where there is nothing."""
        found = await files.read(self._path(response_id))
        return decode_parts(found[0]) if found else None

    async def drop(self, response_id: str) -> None:
        """Removes what was written of a response that is settled. A refusal is logged: the next start tries again."""
        if response_id in self._session_of:
            try:
                await files.remove(self._path(response_id), durable=False)
            except StorageError as error:
                _log.warning("%s", error)
            else:
                del self._session_of[response_id]

    async def drop_session(self, session_id: str) -> list[str]:
        """Removes what was written in a session, durably; returns the files' names."""
        mine = [response_id for response_id, of in self._session_of.items() if of == session_id]
        removed = await files.remove(*map(self._path, mine)) if mine else []
        for response_id in mine:
            del self._session_of[response_id]
        return removed

    async def take_over(self) -> dict[str, str]:
        """Finds what a crash left: responses, each with its session. A file without a whole first line is removed."""
        for name in await files.list_folder(self._folder):
            path = self._folder / name
            if name.endswith(_SUFFIX) and (found := await files.read(path)):
                parts = decode_parts(found[0])
                if parts and self._path(parts.draft["response_id"]) == path:
                    self._session_of[parts.draft["response_id"]] = parts.session_id
                elif parts is None:
                    await files.remove(path, durable=False)
        return dict(self._session_of)

    async def set_aside(self, response_id: str, quarantine: Path) -> None:
        """Puts what was written in a session that is not there any more into the quarantine."""
        aside = await files.set_aside(self._path(response_id), quarantine, keep=False)
        del self._session_of[response_id]
        _log.error("response %s belongs to no session; what there was of it: %s", response_id, aside)

    def _path(self, response_id: str) -> Path:
        return self._folder / (file_name_of(response_id) + _SUFFIX)
