"""A conductor with its store, its live hub and its assistant, for tests."""

import asyncio
import json
from typing import Any

from persistence import MemoryStore, Message
from persistence.model import Record
from server.assistants.base import Assistant, Finish
from server.conductor import Conductor
from server.delta_window import DeltaWindow
from server.live import InProcessLive, News
from server.models import Models
from server.removal import Removal
from server.response_log import Readable, ResponseLog, portions
from server.running import TurnLimits
from server.turn_request import TurnRequest
from tests.server.doubles import PATIENCE_S, RecordingStore, ScriptedAssistant, until
from tests.server.frames import Frame, decode, text_of

USER = "user"


class Stage:
    """What a test plays with.

    Attributes:
        heard: The user's news, as they were told.
    """

    def __init__(
        self,
        store: MemoryStore | None = None,
        *script: object,
        assistant: Assistant | None = None,
        retained_bytes: int = 1 << 20,
        limits: TurnLimits | None = None,
    ) -> None:
        self.store = store or RecordingStore()
        self.assistant = assistant or ScriptedAssistant(*script)
        self.live = InProcessLive(retained_bytes)
        self.conductor = Conductor(
            self.store,
            self.live,
            Models([self.assistant]),
            limits=limits or TurnLimits(),
            window=DeltaWindow(0, 0),
        )
        self.removal = Removal(self.store, self.live, self.conductor)
        self.heard: list[News] = []
        tell = self.live.tell

        def listen(user_id: str, news: News) -> None:
            self.heard.append(news)
            tell(user_id, news)

        self.live.tell = listen  # type: ignore[method-assign]

    async def session(self, session_id: str = "abc") -> str:
        """An empty session of the user."""
        await self.store.create(Record.fresh(session_id, USER))
        return session_id

    async def ask(self, text: str = "hi", session_id: str | None = "abc", client_id: str | None = None) -> Readable:
        """Starts a turn and returns when it may be read."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.conductor.start(USER, request(text, session_id, client_id))

    def asking(self, text: str, session_id: str | None = "abc", client_id: str | None = None) -> asyncio.Task[Readable]:
        """The same in the background."""
        return asyncio.create_task(self.ask(text, session_id, client_id))

    async def history(self, session_id: str = "abc") -> list[tuple[str, str]]:
        """Roles and contents, as they are stored."""
        return [(message["role"], message["content"]) for message in await self.store.history(session_id)]


async def held_stage(*texts: str) -> tuple["Stage", Readable, list[asyncio.Task[Readable]]]:
    """A stage with a running response that has said "a" and does not end, and turns that wait behind it."""
    stage = Stage(None, "a", asyncio.Event(), Finish())
    await stage.session()
    running = await stage.ask("1")
    await until(lambda: shown(running) == "a")
    waiting = [stage.asking(text) for text in texts]
    await until(lambda: len(stage.conductor._running.in_session("abc")) == 1 + len(texts))
    return stage, running, waiting


def request(text: str = "hi", session_id: str | None = "abc", client_id: str | None = None, **rest: Any) -> TurnRequest:
    question: Message = {"role": "user", "content": text, "id": f"msg_{text}"}
    if client_id:
        question["client_message_id"] = client_id
    return TurnRequest((question,), session_id=session_id, client_message_id=client_id, **rest)


async def read(response: Readable, after: int | None = None) -> list[Frame]:
    """A response to its end, as checked frames."""
    async with asyncio.timeout(PATIENCE_S):
        return decode(*[event async for batch in portions(response.reader(after)) for event in batch])


async def read_text(response: Readable) -> str:
    return text_of(await read(response))


def shown(log: Readable) -> str:
    """What readers of a running response have been shown so far."""
    assert isinstance(log, ResponseLog)
    return text_of([json.loads(event) for event in log._events])
