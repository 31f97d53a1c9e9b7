"""Prompts and a memory for the assistants' tests."""

from typing import Any

from persistence import Fact, FactNotFound
from server.assistants.base import Assistant, Delta, Finish, Prompt


class FakeMemory:
    """A user's long-term memory, in a list."""

    def __init__(self, *texts: str) -> None:
        self.kept = [Fact(f"fact_{number}", text, "2026-01-01T00:00:00Z") for number, text in enumerate(texts)]

    async def facts(self) -> tuple[Fact, ...]:
        return tuple(self.kept)

    async def forget(self, fact_id: str) -> Fact:
        for fact in self.kept:
            if fact.id == fact_id:
                self.kept.remove(fact)
                return fact
        raise FactNotFound(fact_id)

    async def forget_all(self) -> list[Fact]:
        gone, self.kept = self.kept, []
        return gone

    def texts(self) -> list[str]:
        return [fact.text for fact in self.kept]


def prompt_of(*contents: str, model: str = "m", memory: Any = None, **rest: Any) -> Prompt:
    """A prompt whose history alternates between the user and the assistant, the user first."""
    roles = ("user", "assistant")
    history = [{"role": roles[number % 2], "content": text} for number, text in enumerate(contents)]
    return Prompt(model, "s1", history, memory=memory, **rest)  # type: ignore[arg-type]


async def collect(assistant: Assistant, prompt: Prompt) -> tuple[list[str], Finish]:
    """The pieces of a whole answer, and its end."""
    pieces: list[str] = []
    async for piece in assistant.reply(prompt):
        if isinstance(piece, Finish):
            return pieces, piece
        if isinstance(piece, Delta):
            pieces.append(piece.text)
    raise AssertionError("an answer without an end")


async def first_piece(replies: Any) -> str:
    """The text of the first piece of an answer that has just begun."""
    piece = await anext(replies)
    assert isinstance(piece, Delta)
    return piece.text
