"""Pieces of all running answers on their way from the assistants through the disk into the logs.

Rule: a piece is written before it is shown. An answer's first piece goes out at once; what follows within the window
becomes one event. What is due at about the same time is written together, for all answers.
"""

import asyncio
from collections.abc import Callable, Sequence

from persistence import Piece, Store
from server.delta_window import DeltaWindow
from server.last_piece import NOTHING, LastPiece
from server.response_log import ResponseLog
from server.wire_events import delta_form, filled_delta, reasoning_event

_MAX_CHARS = 64 * 1024
"""How much text of one answer may gather: a fast assistant waits for the disk."""

_CYCLE_S = 0.001
"""When there is much to do, a step begins this much after the one before: fewer, larger writes."""

_TOGETHER_S = 0.004
"""What is due so much later goes out too. (Much more would make batches that hold the loop for long.)"""


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
        "_coalescing",
        "_form",
        "_is_due",
        "_is_taken",
        "_shown",
        "_texts",
        "_thoughts",
        "due_at",
        "fault",
        "kept",
        "log",
        "on_fault",
    )

    def __init__(self, coalescing: "Coalescing", log: ResponseLog, *, kept: bool) -> None:
        self.log = log
        self.kept = kept
        self.due_at = 0.0
        self.fault: Exception | None = None
        self.on_fault: Callable[[], object] | None = None
        self._coalescing = coalescing
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
            self._coalescing.gather(self)
        return self._chars >= _MAX_CHARS

    def put_thought(self, text: str) -> bool:
        """The same for a piece of what is thought; within the window it goes ahead of the text."""
        if self.fault:
            return False
        self._thoughts.append(text)
        self._chars += len(text)
        if not self._is_due:
            self._is_due = True
            self._coalescing.gather(self)
        return self._chars >= _MAX_CHARS

    async def shown(self) -> None:
        """Waits until everything is shown, or cannot be; what has gathered goes out at once."""
        self._coalescing.hurry(self)
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
        self._coalescing.forget(self)
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
            self._coalescing.gather(self)
            if self._shown:
                self._coalescing.hurry(self)
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


class Coalescing:
    """Writes and shows what is due, for all answers, in one task at a time.

    Args:
        store: Where pieces are written.
    """

    def __init__(self, store: Store, window: DeltaWindow) -> None:
        self._store = store
        self._window = window
        self._ready: list[Pieces] = []
        self._later: dict[Pieces, None] = {}
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def open(self, log: ResponseLog, *, kept: bool) -> Pieces:
        """For a new answer."""
        return Pieces(self, log, kept=kept)

    def gather(self, pieces: Pieces) -> None:
        """Shows the pieces when they are due."""
        now = asyncio.get_running_loop().time()
        if pieces.due_at <= now:
            pieces.due_at = now
            self._begin([pieces])
        else:
            self._later[pieces] = None
            self._wake_at(pieces.due_at)

    def hurry(self, pieces: Pieces) -> None:
        """Shows the pieces now, whenever they are due."""
        if pieces in self._later:
            del self._later[pieces]
            self._begin([pieces])

    def forget(self, pieces: Pieces) -> None:
        """They have been withdrawn."""
        self._later.pop(pieces, None)

    def _wake_at(self, due_at: float) -> None:
        if self._timer is None or due_at < self._timer_at:
            if self._timer:
                self._timer.cancel()
            self._timer, self._timer_at = asyncio.get_running_loop().call_at(due_at, self._on_time), due_at

    def _on_time(self) -> None:
        """Takes all that is due, and what will be in a moment: fewer, larger writes."""
        self._timer = None
        until = asyncio.get_running_loop().time() + min(self._window.width_s / 2, _TOGETHER_S)
        due = [pieces for pieces in self._later if pieces.due_at <= until]
        for pieces in due:
            del self._later[pieces]
        if self._later:
            self._wake_at(min(pieces.due_at for pieces in self._later))
        self._begin(due)

    def _begin(self, pieces: Sequence[Pieces]) -> None:
        self._ready += pieces
        if self._task is None and self._ready:
            self._task = asyncio.create_task(self._show_ready(), name="coalescing")

    async def _show_ready(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            while self._ready:
                began = loop.time()
                batch, self._ready = self._ready, []
                await self._show(batch)
                if self._ready and (pause_s := began + _CYCLE_S - loop.time()) > 0:
                    await asyncio.sleep(pause_s)
        finally:
            self._task = None
            if self._ready:
                self._begin(())

    async def _show(self, batch: Sequence[Pieces]) -> None:
        """Takes, writes and shows what the answers have; whatever fails is one answer's misfortune."""
        loop = asyncio.get_running_loop()
        batch = [pieces for pieces in batch if not pieces.is_empty]
        if not batch:
            return
        self._window.measured(loop.time() - min(pieces.due_at for pieces in batch))
        taken: list[tuple[Pieces, LastPiece]] = []
        for pieces in batch:
            try:
                taken.append((pieces, pieces.take()))
            except Exception as error:
                pieces.refuse(error)
        faults = await self._write([(pieces, piece) for pieces, piece in taken if pieces.kept])
        now = loop.time()
        for pieces, piece in taken:
            if fault := faults.get(pieces):
                pieces.refuse(fault)
            else:
                pieces.show(piece, now + self._window.width_s)

    async def _write(self, kept: Sequence[tuple[Pieces, LastPiece]]) -> dict[Pieces, Exception]:
        """Writes each answer's piece; returns what kept those back that were not written."""
        if not kept:
            return {}
        try:
            outcomes = await self._store.write_all(
                [
                    Piece(pieces.log.turn.session_id, pieces.log.turn.draft, piece.text, piece.thought)
                    for pieces, piece in kept
                ]
            )
        except Exception as error:
            return {pieces: error for pieces, _ in kept}
        return {pieces: error for (pieces, _), error in zip(kept, outcomes, strict=True) if error}
