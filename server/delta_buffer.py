"""Between an assistant and the log: pieces of text gather while the last ones are being written.

Rule: one producer, one consumer; what gathers is bounded, so that a fast assistant waits for the disk.
"""

import asyncio

_MAX_CHARS = 64 * 1024


class DeltaBuffer:
    """Text on its way from the assistant to the log."""

    def __init__(self, max_chars: int = _MAX_CHARS) -> None:
        self._max_chars = max_chars
        self._pieces: list[str] = []
        self._chars = 0
        self._ended = False
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, text: str) -> None:
        """Adds a piece; waits while too much has gathered."""
        while self._chars >= self._max_chars:
            self._taken.clear()
            await self._taken.wait()
        self._pieces.append(text)
        self._chars += len(text)
        self._changed.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._changed.set()

    async def take(self) -> str | None:
        """All that has gathered, in one; None when the end is reached."""
        while not self._pieces and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        text = "".join(self._pieces)
        self._pieces.clear()
        self._chars = 0
        self._taken.set()
        return text or None
