"""Runs turns, in the order of durability: question durable → shown; pieces written → shown; answer durable → ended.

Rule: a turn belongs to nobody. Whoever asked for it, and whoever reads along, may leave at any moment; the turn goes on
to its end, one at a time in each session, first come first served.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from persistence import LongTermMemory, Message, PersistenceError, Receipt, SessionService, Store
from persistence.answer import new_draft
from persistence.locks import KeyedLocks
from persistence.model import Record, new_id, now
from server.answering import Answering
from server.assistants.base import Assistant, Prompt
from server.errors import ApiError
from server.live import Live, QuestionAccepted, SessionChanged, SessionDeleted
from server.models import Models
from server.response_log import Readable, ResponseLog, StoredResponse
from server.turn import Broke, Event, Reason, Started, Turn, TurnRequest
from server.wire_events import closing_events, opening_events
from server.wire_objects import api_error

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Running:
    """A turn that is queued or in progress.

    Attributes:
        opened: What its caller is to read: its own log, or the response of an earlier send of the same message.
    """

    log: ResponseLog
    answering: Answering
    opened: asyncio.Future[Readable]
    task: asyncio.Task[None] | None = field(default=None)


class Conductor:
    """Starts, finds, stops and ends turns.

    Args:
        max_queued_turns: How many turns may wait in one session.
        window_s: For how long pieces of an answer gather after each event.
    """

    def __init__(
        self, store: Store, live: Live, models: Models, *, max_queued_turns: int = 32, window_s: float = 0.01
    ) -> None:
        self._store = store
        self._live = live
        self._models = models
        self._sessions = SessionService(store)
        self._max_queued_turns = max_queued_turns
        self._window_s = window_s
        self._queues = KeyedLocks()
        self._running: dict[str, _Running] = {}
        self._by_client_id: dict[tuple[str, str], _Running] = {}
        self.closing = False

    async def start(self, user_id: str, request: TurnRequest, asked_by: object = None) -> Readable:
        """Queues a turn and waits until its question is durable; returns what to read.

        Args:
            asked_by: Who reads the log without being told of it, such as a socket.

        Raises:
            ApiError: It is refused, and nothing has changed.

        **Cancellation**: the turn goes on.
        """
        if self.closing:
            raise ApiError(503, "shutting_down", "the server is about to restart; try again in a moment")
        assistant, model = await self._models.find(request.model)
        session_id, is_new = await self._session_of(user_id, request)
        client_id = request.client_message_id
        if client_id and (earlier := self._by_client_id.get((session_id, client_id))):
            return await asyncio.shield(earlier.opened)
        if self._queues.users(session_id) > self._max_queued_turns:
            message = f"expected at most {self._max_queued_turns} turns to wait in one conversation"
            raise ApiError(429, "too_many_turns", message, "conversation")
        draft: Message = {**new_draft(new_id(f"resp_{session_id}_")), "model": model}
        log = ResponseLog(Turn(session_id, user_id, model, request, draft), asked_by)
        answering = Answering(log, self._store if request.kept else None, self._window_s)
        running = _Running(log, answering, asyncio.get_running_loop().create_future())
        running.opened.add_done_callback(_look_at)
        self._enlist(running)
        running.task = asyncio.create_task(self._run(running, assistant, is_new), name=log.turn.response_id)
        return await asyncio.shield(running.opened)

    async def find(self, user_id: str, response_id: str) -> Readable:
        """A response of this user, running or ended.

        Raises:
            ApiError: `response_not_found`.
        """
        if log := self._live.find(response_id):
            if log.turn.user_id == user_id:
                return log
        elif session_id := session_of(response_id):
            try:
                await self._sessions.retrieve(session_id, user_id=user_id)
                history = await self._store.history(session_id)
            except PersistenceError:
                history = ()
            if message := _answer(history, response_id):
                return StoredResponse(Turn.from_message(message, session_id, user_id))
        raise ApiError(404, "response_not_found", f"no response {response_id!r}", "response_id")

    async def stop(self, user_id: str, response_id: str) -> Readable:
        """Stops a response and waits until what there is of it is durable; no effect after its end.

        Raises:
            ApiError: `response_not_found`.
        """
        found = await self.find(user_id, response_id)
        await self._end(self._running.get(response_id), Reason.CANCELLED)
        return found

    async def delete_response(self, user_id: str, response_id: str) -> None:
        """Removes an answer from its session; the question stays.

        Raises:
            ApiError: `response_not_found`.
        """
        turn = (await self.stop(user_id, response_id)).turn
        self._live.forget(turn.session_id)
        if turn.request.kept:
            await self._store.edit(turn.session_id, lambda messages: _without_answer(messages, response_id))
            await self.tell_changed(turn.session_id)

    async def delete_session(self, user_id: str, session_id: str) -> Receipt:
        """Stops what runs in a session and removes it, with what waits in it."""
        await self._sessions.retrieve(session_id, user_id=user_id)
        mine = [running for running in self._running.values() if running.log.turn.session_id == session_id]
        for running in mine:
            running.answering.stop(Reason.CANCELLED)
        async with self._queues.hold(session_id):
            receipt = await self._sessions.delete(session_id, user_id=user_id)
        self._live.forget(session_id)
        self._live.tell(user_id, SessionDeleted(session_id))
        return receipt

    async def tell_changed(self, session_id: str) -> Record:
        """Tells the user's sockets that a session is not what it was."""
        record = await self._store.record(session_id)
        self._live.tell(record.user_id, SessionChanged(record))
        return record

    async def close(self, grace_s: float) -> None:
        """Refuses new turns; running ones may go on for a while and then end as interrupted, with their text."""
        self.closing = True
        tasks = [running.task for running in self._running.values() if running.task]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        for running in list(self._running.values()):
            running.answering.stop(Reason.INTERRUPTED)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _session_of(self, user_id: str, request: TurnRequest) -> tuple[str, bool]:
        """The session that a turn goes on in, and whether it is still to be created."""
        session_id = request.session_id
        if request.previous_response_id:
            previous = (await self.find(user_id, request.previous_response_id)).turn
            session_id = previous.session_id if previous.request.kept else None
            if session_id is None:
                message = "that response was not stored; send the messages again as input"
                raise ApiError(404, "response_not_found", message, "previous_response_id")
        if session_id is None:
            return new_id(), True
        await self._sessions.retrieve(session_id, user_id=user_id)
        return session_id, False

    async def _run(self, running: _Running, assistant: Assistant, is_new: bool) -> None:
        """The turn, from its place in the queue to its end."""
        turn, log = running.log.turn, running.log
        try:
            async with self._queues.hold(turn.session_id):
                history = () if is_new else await self._store.history(turn.session_id)
                if earlier := self._sent_before(turn, history):
                    running.opened.set_result(earlier)
                    return
                _check_place(turn.request, history)
                asked = await self._ask(turn, is_new)
                turn.apply(Started())
                log.append(*opening_events(turn))
                self._live.publish(log)
                running.opened.set_result(log)
                await self._answer(running, assistant, history, asked)
        except (ApiError, PersistenceError) as error:
            running.opened.set_exception(error if isinstance(error, ApiError) else api_error(error))
        except Exception:
            _log.exception("turn %s could not begin", turn.response_id)
            running.opened.set_exception(ApiError(500, "internal_error", "a fault of the server; it is in its log"))
        finally:
            self._delist(running)

    async def _ask(self, turn: Turn, is_new: bool) -> Sequence[Message]:
        """Makes the question durable; in a new session together with the session itself."""
        *before, question = turn.request.messages
        asked: list[Message] = [*before, {**question, "response_id": turn.response_id, "created_at": now()}]
        if turn.request.kept and is_new:
            await self._store.create(Record.fresh(turn.session_id, turn.user_id), asked)
        elif turn.request.kept:
            await self._store.append(turn.session_id, asked)
        return asked

    async def _answer(
        self, running: _Running, assistant: Assistant, history: Sequence[Message], asked: Sequence[Message]
    ) -> None:
        """Streams the answer, makes it durable, and only then shows its end. Whatever fails, the log ends."""
        turn, log = running.log.turn, running.log
        try:
            if turn.request.kept:
                await self.tell_changed(turn.session_id)
                self._live.tell(turn.user_id, QuestionAccepted(asked[-1], len(history) + len(asked) - 1, log))
            end = await running.answering.run(assistant, await self._prompt(turn, [*history, *asked]))
            end = await self._keep(turn, end)
        except PersistenceError as error:
            end = Broke("storage_error", api_error(error).message)
        except Exception:
            _log.exception("turn %s failed", turn.response_id)
            end = Broke("internal_error", "The server failed; its log says how.")
        turn.apply(end, now())
        log.append(*closing_events(turn, log.next_number))
        log.close()
        self._live.retire(log)
        if turn.request.kept:
            await self.tell_changed(turn.session_id)
        else:
            self._live.forget(turn.session_id)

    async def _prompt(self, turn: Turn, history: Sequence[Message]) -> Prompt:
        request = turn.request
        memory = LongTermMemory(self._store, turn.user_id)
        return Prompt(
            model=turn.model,
            session_id=turn.session_id,
            history=history,
            facts=await memory.facts(),
            memory=memory if request.kept else None,
            instructions=request.instructions,
            temperature=request.temperature,
            top_p=request.top_p,
            max_output_tokens=request.max_output_tokens,
        )

    async def _keep(self, turn: Turn, end: Event) -> Event:
        """Makes the answer durable as it will be after its end; returns how it ended for those who wait.

        Where the disk refuses, the turn has failed; what was written of it stays for the next start.
        """
        ended = replace(turn)
        ended.apply(end, now())
        if turn.request.kept:
            await self._store.append(turn.session_id, [ended.message()])
        return end

    def _sent_before(self, turn: Turn, history: Sequence[Message]) -> Readable | None:
        """The response that an earlier send of the same message started."""
        client_id = turn.request.client_message_id
        if client_id is None:
            return None
        for message in reversed(history):
            if message.get("client_message_id") == client_id and (response_id := message.get("response_id")):
                if log := self._live.find(response_id):
                    return log
                answer = _answer(history, response_id)
                return answer and StoredResponse(Turn.from_message(answer, turn.session_id, turn.user_id))
        return None

    async def _end(self, running: _Running | None, reason: Reason) -> None:
        if running and running.task:
            running.answering.stop(reason)
            await asyncio.wait([running.task])

    def _enlist(self, running: _Running) -> None:
        turn = running.log.turn
        self._running[turn.response_id] = running
        if client_id := turn.request.client_message_id:
            self._by_client_id[turn.session_id, client_id] = running

    def _delist(self, running: _Running) -> None:
        turn = running.log.turn
        del self._running[turn.response_id]
        if client_id := turn.request.client_message_id:
            del self._by_client_id[turn.session_id, client_id]


def session_of(response_id: str) -> str | None:
    """The session that a response's id names; None where it is none of ours."""
    head, _, tail = response_id.rpartition("_")
    return head.removeprefix("resp_") if head.startswith("resp_") and tail else None


def _answer(history: Sequence[Message], response_id: str) -> Message | None:
    mine = (message for message in reversed(history) if message.get("response_id") == response_id)
    return next((message for message in mine if message["role"] == "assistant"), None)


def _without_answer(history: Sequence[Message], response_id: str) -> Iterator[Message]:
    for message in history:
        if message.get("response_id") != response_id:
            yield message
        elif message["role"] != "assistant":
            yield cast(Message, {key: value for key, value in message.items() if key != "response_id"})


def _check_place(request: TurnRequest, history: Sequence[Message]) -> None:
    """Raises ApiError where `previous_response_id` is not the session's last response."""
    previous = request.previous_response_id
    if previous and (not history or history[-1].get("response_id") != previous):
        message = "expected the last response of its conversation"
        raise ApiError(400, "previous_response_not_last", message, "previous_response_id")


def _look_at(opened: asyncio.Future[Readable]) -> None:
    """Whoever asked may be gone: an error that nobody fetches is no news."""
    if not opened.cancelled():
        opened.exception()
