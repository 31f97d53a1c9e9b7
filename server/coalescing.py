"""Pieces of all running answers on their way from the assistants through the disk into the logs.

Rule: a piece is written before it is shown. An answer's first piece goes out at once; what follows within the window
becomes one event. What is due at about the same time is written together, for all answers.
"""

import asyncio
from collections.abc import Iterable, Sequence

from persistence import Piece, Store
from server.delta_window import DeltaWindow
from server.last_piece import LastPiece
from server.response_log import ResponseLog
from server.unshown import Pieces

_CYCLE_S = 0.001
"""When there is much to do, a step begins this much after the one before: fewer, larger writes."""

_TOGETHER_S = 0.004
"""What is due so much later goes out too. (Much more would make batches that hold the loop for long.)"""


_Taken = list[tuple[Pieces, LastPiece]]
"""What a step writes and shows."""


class Coalescing:
    """Writes and shows what is due, for all answers, one step at a time.

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
        self._is_busy = False
        """Whether a step is due or under way."""
        self._task: asyncio.Task[None] | None = None
        """A step that waits for the disk."""

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
        """What else begins in this turn of the loop is in the same step."""
        self._ready += pieces
        if self._ready and not self._is_busy:
            self._is_busy = True
            asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        """Takes, writes and shows what the answers have; a task waits only where somebody is ahead at the disk."""
        began = asyncio.get_running_loop().time()
        taken = self._take(began)
        written = [_to_write(pieces, piece) for pieces, piece in taken if pieces.kept]
        outcomes: Sequence[Exception | None] | None
        try:
            outcomes = self._store.write_now(written) if written else ()
        except Exception as error:
            outcomes = [error] * len(written)
        if outcomes is None:
            self._task = asyncio.create_task(self._step_behind(began, taken, written), name="coalescing")
        else:
            self._show(began, taken, outcomes)

    async def _step_behind(self, began: float, taken: _Taken, written: Sequence[Piece]) -> None:
        """The rest of a step, when its turn at the disk has come."""
        outcomes: Sequence[Exception | None]
        try:
            outcomes = await self._store.write_all(written)
        except Exception as error:
            outcomes = [error] * len(written)
        self._show(began, taken, outcomes)

    def _take(self, now: float) -> _Taken:
        """What they have; whatever cannot be taken is one answer's misfortune."""
        batch = [pieces for pieces in self._ready if not pieces.is_empty]
        self._ready = []
        if batch:
            self._window.measured(now - min(pieces.due_at for pieces in batch))
        taken: _Taken = []
        for pieces in batch:
            try:
                taken.append((pieces, pieces.take()))
            except Exception as error:
                pieces.refuse(error)
        return taken

    def _show(self, began: float, taken: _Taken, outcomes: Iterable[Exception | None]) -> None:
        """Shows what is written, tells whose piece is not, and goes on.

        Args:
            outcomes: What kept each piece from being written, of those that had to be.
        """
        told = iter(outcomes)
        next_at = asyncio.get_running_loop().time() + self._window.width_s
        try:
            for pieces, piece in taken:
                fault = next(told) if pieces.kept else None
                try:
                    if fault is None:
                        pieces.show(piece, next_at)
                except Exception as error:  # One answer's misfortune: the others are shown.
                    fault = error
                if fault:
                    pieces.refuse(fault)
        finally:
            self._task = None
            self._is_busy = bool(self._ready)
            if self._is_busy:
                asyncio.get_running_loop().call_at(began + _CYCLE_S, self._step)


def _to_write(pieces: Pieces, piece: LastPiece) -> Piece:
    turn = pieces.log.turn
    return Piece(turn.session_id, turn.draft, piece.text, piece.thought)
