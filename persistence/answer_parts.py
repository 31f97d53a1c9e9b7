"""What is written of the answers that are running, one file each under `journal/`.

Rule: a file exists while its response runs, or until a start after a crash has settled it. Written, not synced.
"""

from collections.abc import Iterable
from pathlib import Path

from persistence import files
from persistence.answer import Parts, decode_parts, encode_head, encode_piece
from persistence.model import Message

_SUFFIX = ".part"


class AnswerParts:
    """The parts files.

    **Concurrency**: one writer for each response.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun: dict[str, str] = {}

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        """Adds a piece of text; the first one begins the file with the draft."""
        response_id = draft["response_id"]
        head = b"" if response_id in self._begun else encode_head(session_id, draft)
        await files.append(self._path(response_id), head + encode_piece(text))
        self._begun[response_id] = session_id

    async def read(self, response_id: str) -> Parts | None:
        """What was written of a response; None where there is nothing."""
        return decode_parts(await files.read(self._path(response_id)) or b"")

    async def drop(self, response_id: str) -> None:
        """Removes what was written of a response that is settled."""
        if self._begun.pop(response_id, None) is not None:
            await files.remove(self._path(response_id), durable=False)

    async def drop_session(self, session_id: str) -> list[str]:
        """Removes what was written in a session, durably; returns the files' names."""
        mine = [response_id for response_id, of in self._begun.items() if of == session_id]
        for response_id in mine:
            del self._begun[response_id]
        return await files.remove(*map(self._path, mine)) if mine else []

    async def left_over(self) -> dict[str, str | None]:
        """The parts files that a crash left, by name, each with the session that it belongs to, where it says so."""
        found: dict[str, str | None] = {}
        for name in await files.list_folder(self._folder):
            if name.endswith(_SUFFIX):
                parts = decode_parts(await files.read(self._folder / name) or b"")
                found[name] = parts.session_id if parts else None
        return found

    async def clear(self, names: Iterable[str]) -> None:
        """Removes parts files whose sessions are settled."""
        for name in names:
            await files.remove(self._folder / name, durable=False)

    def _path(self, response_id: str) -> Path:
        return self._folder / (response_id.replace("/", "_") + _SUFFIX)
