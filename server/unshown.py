"""What one answer has said and nobody has been shown yet.

Rule: an answer has one piece at most on its way to the disk; what comes meanwhile gathers, and follows.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from server.last_piece import NOTHING, LastPiece
from server.response_log import ResponseLog
from server.wire_events import delta_form, filled_delta, reasoning_event

_MAX_CHARS = 64 * 1024
"""How much text of one answer may gather: a fast assistant waits for the disk."""


class Shower(Protocol):
    """Who shows what has gathered (`coalescing.py`)."""

    def gather(self, pieces: "Pieces") -> None:
        """When it is due."""

    def hurry(self, pieces: "Pieces") -> None:
        """Now, whenever it is due."""

    def forget(self, pieces: "Pieces") -> None:
        """Not at all: somebody else does."""


class Pieces:
    """The text of one answer that is not shown yet.

    Args:
        kept: Whether it is written before it is shown.

    Attributes:
        due_at: When the next event may go out (the loop's time).
        fault: Why the disk did not take it; nothing is shown any more.
        on_fault: Called then.
    """

    __slots__ = (
        "_chars",
        "_form",
        "_is_due",
        "_is_taken",
        "_shower",
        "_shown",
        "_texts",
        "_thoughts",
        "due_at",
        "fault",
        "kept",
        "log",
        "on_fault",
    )

    def __init__(self, shower: Shower, log: ResponseLog, *, kept: bool) -> None:
        self.log = log
        self.kept = kept
        self.due_at = 0.0
        self.fault: Exception | None = None
        self.on_fault: Callable[[], object] | None = None
        self._shower = shower
        self._form = b""
        """Its deltas' form, from the first one on."""
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._chars = 0
        self._is_due = False
        """Whether it is on its way: gathering, or being written."""
        self._is_taken = False
        """Whether some of it is being written."""
        self._shown: asyncio.Future[None] | None = None
        """For whoever waits until what there is has been shown."""

    def put(self, text: str) -> bool:
        """Adds a piece; after a fault there is no use for it.

        Returns:
            Whether so much has gathered that the assistant should wait until it is `shown`.
        """
        if self.fault:
            return False
        self._texts.append(text)
        self._chars += len(text)
        if not self._is_due:
            self._is_due = True
            self._shower.gather(self)
        return self._chars >= _MAX_CHARS

    def put_thought(self, text: str) -> bool:
        """The same for a piece of what is thought; within the window it goes ahead of the text."""
        if self.fault:
            return False
        self._thoughts.append(text)
        self._chars += len(text)
        if not self._is_due:
            self._is_due = True
            self._shower.gather(self)
        return self._chars >= _MAX_CHARS

    async def shown(self) -> None:
        """Waits until everything is shown, or cannot be; what has gathered goes out at once."""
        self._shower.hurry(self)
        while self._is_due:
            await self._until_shown()

    async def withdraw(self) -> LastPiece:
        """Takes what has gathered, to be shown by somebody else, and waits for what is being written. Nothing may be
        put meanwhile, or ever after.

        Raises:
            TypeError: It cannot be encoded.
        """
        gathered = self._texts, self._thoughts
        self._texts, self._thoughts = [], []
        self._shower.forget(self)
        while self._is_taken:
            await self._until_shown()
        self._texts, self._thoughts = gathered
        return NOTHING if self.is_empty else self.take()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has gathered."""
        return not (self._texts or self._thoughts)

    def take(self) -> LastPiece:
        """All that has gathered, to be written and then shown.

        Raises:
            TypeError: It cannot be encoded, such as half a surrogate pair.
        """
        text = self._texts[0] if len(self._texts) == 1 else "".join(self._texts)
        self._texts = []
        self._chars = 0
        self._is_taken = True
        if self._thoughts:
            return self._take_thoughts(text)
        return LastPiece(text, self._delta(self.log.next_number, text))

    def _delta(self, number: int, text: str) -> bytes:
        self._form = self._form or delta_form(self.log.turn)
        return filled_delta(self._form, number, text)

    def _take_thoughts(self, text: str) -> LastPiece:
        thought, number = "".join(self._thoughts), self.log.number_of_thought()
        self._thoughts = []
        thought_event = reasoning_event(self.log.turn, number, thought)
        return LastPiece(text, self._delta(number + 1, text) if text else b"", thought, thought_event)

    def show(self, piece: LastPiece, next_at: float) -> None:
        """Puts a piece that is written into the log; what has come meanwhile goes on gathering."""
        piece.show_in(self.log)
        self.due_at = next_at
        self._is_taken = False
        self._is_due = not self.is_empty
        if self._is_due:
            self._shower.gather(self)
            if self._shown:
                self._shower.hurry(self)
        else:
            self._tell_shown()

    def refuse(self, fault: Exception) -> None:
        """The disk did not take it."""
        self.fault = fault
        self._texts, self._thoughts = [], []
        self._is_due = self._is_taken = False
        self._tell_shown()
        if self.on_fault:
            self.on_fault()

    async def _until_shown(self) -> None:
        self._shown = self._shown or asyncio.get_running_loop().create_future()
        await asyncio.shield(self._shown)

    def _tell_shown(self) -> None:
        if self._shown and not self._shown.done():
            self._shown.set_result(None)
        self._shown = None
