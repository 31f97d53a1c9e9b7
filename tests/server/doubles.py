"""Assistants and stores that do as they are told, and remember what was done."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from persistence import MemoryStore, StorageError
from persistence.errors import StorageReadOnly
from server.assistants.base import Delta, Finish, LeftOut, Parameter, Prompt

PATIENCE_S = 60
"""Longer than anything takes, on a slow machine too: only what never comes takes so long."""


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition, and fails where it does not come."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0)


class ScriptedAssistant:
    """Says what its script says: texts, what is left out, ends, errors to raise, and events to wait for.

    Attributes:
        continues: It goes on with whatever was said; its script is what comes then.
        honours: It minds nothing.
        prompts: What it was asked.
        released: How many of its replies have given everything back.
    """

    continues = True
    honours = frozenset(Parameter)
    is_model = True
    sees = False

    def __init__(self, *script: object, name: str = "scripted") -> None:
        self.script = script
        self.name = name
        self.prompts: list[Prompt] = []
        self.released = 0
        self.closed = False

    async def models(self) -> Sequence[str]:
        return (self.name,)

    def takes_images(self, model: str) -> bool:
        return self.sees

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | LeftOut | Finish, None]:
        self.prompts.append(prompt)
        try:
            for step in self.script or ("You said: ", prompt.history[-1]["content"], Finish()):
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, BaseException):
                    raise step
                elif isinstance(step, Finish | LeftOut):
                    yield step
                else:
                    yield Delta(str(step))
        finally:
            self.released += 1

    async def close(self) -> None:
        self.closed = True


class RecordingStore(MemoryStore):
    """Notes each change that has become durable, or written; can be told to refuse and to wait.

    Attributes:
        notes: What was done, in order.
        refuse: From which call on of which method it refuses, such as {"append": 1}.
        gate: While it is there and not set, appends and creations wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[tuple[str, ...]] = []
        self.refuse: dict[str, int] = {}
        self.error: StorageError = StorageError("append", Path("x"), "EIO")
        self.gate: asyncio.Event | None = None
        self._calls: dict[str, int] = {}

    async def create(self, record, messages=(), **images):
        await self._before("create")
        done = await super().create(record, messages, **images)
        self.notes += [("kept", message["role"], message["content"]) for message in messages]
        return done

    async def append(self, session_id, messages, **images):
        await self._before("append")
        done = await super().append(session_id, messages, **images)
        self.notes += [("kept", message["role"], message["content"]) for message in messages]
        return done

    def write_now(self, pieces):
        return None

    async def write_all(self, pieces):
        try:
            await self._before("write")
        except StorageError as error:
            return [error] * len(pieces)
        outcomes = super().write_now(pieces)
        self.notes += [("written", piece.text) for piece, error in zip(pieces, outcomes, strict=True) if not error]
        return outcomes

    async def history(self, session_id):
        await self._before("history")
        return await super().history(session_id)

    async def tree(self, session_id):
        await self._before("history")
        return await super().tree(session_id)

    async def edit_tree(self, session_id, change, **beside):
        await self._before("edit_tree")
        before = await super().tree(session_id)
        done = await super().edit_tree(session_id, change, **beside)
        after = await super().tree(session_id)
        self.notes.append(("shown", str(len(before.history)), str(len(after.history))))
        return done

    async def memory(self, user_id):
        await self._before("memory")
        return await super().memory(user_id)

    async def _before(self, method: str) -> None:
        if self.gate and method in ("create", "append"):
            await self.gate.wait()
        number = self._calls[method] = self._calls.get(method, 0) + 1
        if number >= self.refuse.get(method, number + 1):
            raise self.error


READ_ONLY = StorageReadOnly("sync", Path("x"), "EIO")
