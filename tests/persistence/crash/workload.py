"""What users do to a store before it crashes, at random, and what the store has told them.

Rule: each user does one thing after the other (or several to one session at once, which happen in the order in which
they were called for); the users do so at the same time. Everything follows from the seed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from persistence import (
    Fact,
    Facts,
    FileStore,
    Message,
    Piece,
    Record,
    SessionNotFound,
    Source,
    StorageError,
    StorageReadOnly,
)
from persistence.learning import learn
from tests.persistence.crash.branching import AT, Branching
from tests.persistence.crash.expected import Chat, Data, Expected, Version, deletions
from tests.persistence.crash.simulated_disk import SimulatedDisk

_SIZES = 5, 12, 40, 500, 1400
_PAUSES_S = 0.001, 0.05, 0.3, 3.0


class User(Branching):
    """One who uses the store.

    Args:
        record: Where to keep what was begun and acknowledged.
        alone: Whether each thing is done whole or not at all, also where it is refused.
    """

    def __init__(
        self,
        name: str,
        store: FileStore,
        disk: SimulatedDisk,
        record: Expected,
        seed: random.Random,
        *,
        alone: bool = False,
    ) -> None:
        self.name = name
        self._store = store
        self._disk = disk
        self._expected = record
        self._random = random.Random(seed.random())
        self._prefix = f"{name}{self._random.randrange(10**6)}"
        self._count = 0
        self._alone = alone
        self._refused: set[str] = set()
        """Responses whose answers were refused: nobody writes them any more."""

    async def act(self, times: int) -> None:
        """Does so many things."""
        for _ in range(times):
            try:
                await self._next()()
            except StorageReadOnly:
                return
            except StorageError:
                continue

    @property
    def _data(self) -> Data:
        return self._expected.now(self.name)

    def _next(self) -> Callable[[], Awaitable[None]]:
        fitting = [self._create, self._learn, self._pause]
        if self._data.facts:
            fitting += [self._forget]
        if self._data.chats:
            chat = self._chat()
            if owed := chat[1].owed:
                more = [self._answer] * 4
                if owed not in self._refused:
                    more += [self._write] * 9 + [self._delete_in_mid_answer]
                fitting += [partial(step, *chat, owed) for step in more]
            if any(message.get("reason") == "interrupted" for message in chat[1].tree.messages()):
                fitting += [partial(self._answer_late, *chat)]
            steps = [self._ask] * 5 + [self._say] * 2 + [self._burst] * (0 if self._alone else 2)
            steps += [self._update, self._edit, self._delete, self._checkpoint]
            steps += [self._fork] * 2 + [self._show] * 2 + [self._go_on]
            fitting += [partial(step, *chat) for step in steps]
            fitting += [self._leave] if not self._alone and self._random.random() < 0.1 else []
        return self._random.choice(fitting)

    async def _create(self) -> None:
        if len(self._data.chats) >= 3:
            return await self._pause()
        session_id = self._fresh("s")
        metadata = {"title": self._text()}
        messages = tuple(self._said() for _ in range(self._random.choice((0, 0, 1, 2))))
        work = self._store.create(Record(session_id, self.name, AT, AT, metadata=metadata), messages)
        await self._do(work, self._data.with_chat(session_id, Chat(metadata, messages)))

    async def _ask(self, session_id: str, chat: Chat) -> None:
        await self._append(session_id, chat, [self._said(response_id=self._fresh("r"))])

    async def _say(self, session_id: str, chat: Chat) -> None:
        await self._append(session_id, chat, [self._said() for _ in range(self._random.choice((1, 2, 3)))])

    async def _answer(self, session_id: str, chat: Chat, owed: str) -> None:
        self._refused.add(owed)
        await self._append(session_id, chat, [self._answered(owed, chat.text + self._text())])

    async def _answer_late(self, session_id: str, chat: Chat) -> None:
        late = [message["response_id"] for message in chat.tree.messages() if message.get("reason") == "interrupted"]
        answer = self._answered(self._random.choice(late), self._text())
        if chat.owed:
            return await self._append(session_id, chat, [self._said()])
        after = self._data.with_chat(session_id, chat.answered_late(answer))
        await self._do(self._store.append(session_id, [answer]), after)

    async def _append(self, session_id: str, chat: Chat, messages: list[Message]) -> None:
        after = self._data.with_chat(session_id, chat.grown(*messages))
        await self._do(self._store.append(session_id, messages), after)

    async def _burst(self, session_id: str, chat: Chat) -> None:
        """Several appends at once."""
        steps = []
        for _ in range(self._random.choice((2, 3))):
            message = self._said(response_id=self._fresh("r")) if self._random.random() < 0.3 else self._said()
            chat = chat.grown(message)
            version = self._begin(self._data.with_chat(session_id, chat))
            steps.append(self._finish(self._store.append(session_id, [message]), version))
        results = await asyncio.gather(*steps, return_exceptions=True)
        for error in filter(None, results):
            raise error

    async def _write(self, session_id: str, chat: Chat, owed: str) -> None:
        await self._do(*self._writing(session_id, chat, owed), is_durable=False)

    async def _delete_in_mid_answer(self, session_id: str, chat: Chat, owed: str) -> None:
        """Deletes a session while its answer is being written."""
        work, after = self._writing(session_id, chat, owed)
        written = self._begin(after, is_durable=False)
        deleted = self._begin(after.without(session_id))
        steps = [self._finish(work, written), self._finish(self._store.delete(session_id), deleted)]
        self._random.shuffle(steps)
        for outcome in await asyncio.gather(*steps, return_exceptions=True):
            if outcome and not isinstance(outcome, SessionNotFound):
                raise outcome

    def _writing(self, session_id: str, chat: Chat, owed: str) -> tuple[Awaitable[None], Data]:
        """Some pieces of an answer in one step, and what there is then."""
        draft: Any = {"role": "assistant", "content": "", "id": f"msg_{owed}", "created_at": AT, "response_id": owed}
        texts = [self._text() for _ in range(self._random.choice((1, 1, 3)))]
        thoughts = [self._random.choice(("", "", "Hm. ", "é")) for _ in texts]
        pieces = [Piece(session_id, draft, *both) for both in zip(texts, thoughts, strict=True)]
        text, reasoning = chat.text + "".join(texts), chat.reasoning + "".join(thoughts)
        return self._write_all(pieces), self._data.with_chat(session_id, replace(chat, text=text, reasoning=reasoning))

    async def _write_all(self, pieces: list[Piece]) -> None:
        outcomes = self._store.write_now(pieces) or await self._store.write_all(pieces)
        for error in filter(None, outcomes):
            raise error

    async def _update(self, session_id: str, chat: Chat) -> None:
        metadata = {"title": self._text()} if self._random.random() < 0.8 else {}
        work = self._store.update(session_id, lambda known: replace(known, metadata=metadata))
        await self._do(work, self._data.with_chat(session_id, replace(chat, metadata=metadata)))

    async def _edit(self, session_id: str, chat: Chat) -> None:
        """Takes back or alters what was said; a question that waits for its answer stays the last."""
        if not chat.messages:
            return await self._pause()
        kept = self._random.randrange(len(chat.messages))
        altered: Message = {**chat.messages[kept], "content": self._text()}
        tail = chat.messages[kept + 1 :] if chat.owed or self._random.random() < 0.5 else ()
        if chat.owed and not tail:
            altered = chat.messages[kept]
        messages = (*chat.messages[:kept], altered, *tail)
        work = self._store.edit(session_id, lambda _: messages)
        await self._do(work, self._data.with_chat(session_id, chat.edited(messages)))

    async def _delete(self, session_id: str, chat: Chat) -> None:
        if self._random.random() < 0.5:
            await self._do(self._store.delete(session_id), self._data.without(session_id))

    async def _leave(self) -> None:
        """Deletes everything of this user's."""
        before, version = self._data, self._begin(Data())
        version.steps = {left.fingerprint(): left for left in deletions(before)}
        await self._finish(self._store.delete_user(self.name), version)

    async def _learn(self) -> None:
        session_id = self._random.choice([None, *self._data.chats])
        text, source = self._text(), Source(session_id, None, AT)
        known = self._random.choice([None, *self._data.facts])
        if known is None or self._random.random() < 0.3:
            await self._remember((*self._data.facts, Fact(self._fresh("f"), text, AT, session_id)))
        else:
            again = self._random.random() < 0.5
            facts, _ = learn(Facts(self._data.facts), known.text if again else text, source, "", replaces=known.id)
            await self._remember(tuple(facts))

    async def _forget(self) -> None:
        gone = self._random.choice(self._data.facts)
        await self._remember(tuple(fact for fact in self._data.facts if fact != gone))

    async def _remember(self, facts: tuple[Fact, ...]) -> None:
        await self._do(self._store.update_memory(self.name, lambda _: facts), replace(self._data, facts=facts))

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.choice(_PAUSES_S))

    async def _checkpoint(self, session_id: str, chat: Chat) -> None:
        if self._random.random() < 0.5:
            await self._store._checkpoints.make()
        else:
            await self._store._index.flush()

    async def _do(self, work: Awaitable[object], after: Data, *, is_durable: bool = True) -> None:
        await self._finish(work, self._begin(after, is_durable=is_durable))

    def _begin(self, after: Data, *, is_durable: bool = True) -> Version:
        return self._expected.begin(self.name, after, len(self._disk.log), is_durable=is_durable)

    async def _finish(self, work: Awaitable[object], version: Version) -> None:
        try:
            await work
        except StorageReadOnly:
            raise
        except (StorageError, SessionNotFound):
            version.refused = len(self._disk.log)
            raise
        version.acknowledged = len(self._disk.log)

    def _chat(self) -> tuple[str, Chat]:
        return self._random.choice(list(self._data.chats.items()))

    def _said(self, **more: Any) -> Message:
        return {"role": "user", "content": self._text(), "id": self._fresh("m"), **more}  # type: ignore[typeddict-item]

    def _answered(self, response_id: str, content: str) -> Message:
        return {"role": "assistant", "content": content, "id": f"msg_{response_id}", "response_id": response_id}

    def _text(self) -> str:
        """Words that no other text has."""
        words = self._fresh("é\n")
        return words + "." * self._random.choice(_SIZES)

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._prefix}x{self._count}"
