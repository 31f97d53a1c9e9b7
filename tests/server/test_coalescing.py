"""A step of several answers: what befalls one of them is nothing to the others."""

import asyncio

import pytest

from persistence import MemoryStore
from persistence.model import Record
from server.coalescing import Coalescing
from server.delta_window import DeltaWindow
from server.response_log import ResponseLog
from server.turn import Started
from tests.server.doubles import PATIENCE_S, until
from tests.server.test_turn import new_turn


class Clumsy(MemoryStore):
    """Somebody is always ahead at its disk."""

    def write_now(self, pieces):
        return None

    async def write_all(self, pieces):
        return MemoryStore.write_now(self, pieces) or ()


class Counting(MemoryStore):
    """Notes the texts of each step."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def write_now(self, pieces):
        self.steps.append([piece.text for piece in pieces])
        return super().write_now(pieces)


async def test_what_is_due_together_is_written_in_one_step():
    """First pieces at once, those of all answers together; what follows within the window too, and only at its end."""
    store = Counting()
    await store.create(Record.fresh("abc", "user"))
    coalescing, logs = Coalescing(store, DeltaWindow(0.02, 0.02)), [started_log() for _ in range(3)]
    answers = [coalescing.open(log, kept=True) for log in logs]
    for text in ("a", "b", "c"):
        for pieces in answers:
            pieces.put(text)
        if text != "b":
            await until(lambda: store.steps)
            assert store.steps.pop() == ["a" if text == "a" else "bc"] * 3
    assert (store.steps, [log.turn.text for log in logs]) == ([], ["abc"] * 3)


def started_log():
    turn = new_turn()
    turn.apply(Started())
    return ResponseLog(turn)


@pytest.mark.parametrize("kind", [MemoryStore, Clumsy])
async def test_answer_that_cannot_be_shown_holds_up_no_other(kind, monkeypatch):
    """It learns why, and whoever waits for it goes on; the others in the same step are shown, and what follows too."""
    store = kind()
    await store.create(Record.fresh("abc", "user"))
    coalescing, logs = Coalescing(store, DeltaWindow(0, 0)), [started_log() for _ in range(2)]
    broken, whole = (coalescing.open(log, kept=True) for log in logs)
    append = ResponseLog.append_delta

    def refuse(log, text, event):
        if log is logs[0]:
            raise ZeroDivisionError
        append(log, text, event)

    monkeypatch.setattr(ResponseLog, "append_delta", refuse)
    async with asyncio.timeout(PATIENCE_S):
        for text in "ab":
            broken.put(text)
            whole.put(text)
            await asyncio.gather(broken.shown(), whole.shown())
        await broken.withdraw()
    assert isinstance(broken.fault, ZeroDivisionError)
    assert (whole.fault, logs[1].turn.text) == (None, "ab")
