"""Runs turns, in the order of durability: question durable → shown; pieces written → shown; answer durable → its last
piece shown, and its end.

Rule: a turn belongs to nobody. Whoever asked for it, and whoever reads along, may leave at any moment; the turn goes on
to its end, one at a time in each session, first come first served.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from persistence import KeyedLocks, Message, PersistenceError, Record, Store, Tree, message_id, new_draft, new_id, now
from server.answering import Answering, broken
from server.assistants.base import Assistant
from server.choosing import Choosing
from server.coalescing import Coalescing
from server.delta_window import DeltaWindow
from server.errors import ApiError, api_error
from server.finding import Finding
from server.history import find_sent, session_named_by
from server.last_piece import NOTHING, LastPiece
from server.lined_up import LinedUp, Place
from server.live import Live, QuestionAccepted, SessionChanged
from server.memories import Memories
from server.metering import Meter
from server.models import Models
from server.parameters import check_outputs
from server.placing import check_prefix, place, replacing
from server.prompt_images import image_reader
from server.prompt_search import searcher
from server.prompting import make_prompt
from server.response_log import Readable, ResponseLog
from server.running import Running, RunningTurns, TurnLimits
from server.title import first_title
from server.turn import Event, Reason, Started, Turn
from server.turn_request import TurnRequest
from server.wire_events import closing_events, opening_events

_log = logging.getLogger(__name__)


class Conductor:
    """Starts, finds, stops and ends turns.

    Args:
        window: For how long pieces of an answer gather after each event.
        memories: What turns know of their users.

    Attributes:
        meter: Says what answers have used; the composition root puts one here that knows prices.
        on_ended: Called with each turn that has ended and is kept, and the session's record; returns at once.
    """

    def __init__(
        self,
        store: Store,
        live: Live,
        models: Models,
        *,
        limits: TurnLimits,
        window: DeltaWindow,
        memories: Memories | None = None,
    ) -> None:
        self.meter = Meter()
        self.on_ended: list[Callable[[Turn, Record], None]] = []
        self._store = store
        self._live = live
        self._memories = memories or Memories(store)
        self._finding = Finding(store, live)
        self._choosing = Choosing(store, models)
        self._coalescing = Coalescing(store, window)
        self._queues = KeyedLocks()
        self._arrivals = KeyedLocks()
        self._running = RunningTurns(limits)
        self.lined_up = LinedUp(limits)
        self.closing = False

    async def start(
        self,
        user_id: str,
        request: TurnRequest,
        asked_by: object = None,
        follow: Callable[[Readable], None] | None = None,
        place: Place | None = None,
    ) -> Readable:
        """Queues a turn and waits until its question is durable; returns what to read.

        Args:
            asked_by: Stands for who reads the log without being told of it, such as a socket.
            follow: Called with what is to be read as soon as it can be, ahead of everything that follows from it.
            place: Where it was lined up; it may have been stopped there, or be stopped there yet.

        Raises:
            ApiError: It is refused, and nothing has changed.

        **Cancellation**: the turn goes on.
        """
        session_id = session_named_by(user_id, request)
        async with self._arrivals.hold(session_id):
            request = await self._finding.resolved(user_id, request)
            may_begin = await self._finding.may_begin(user_id, request, session_id)
            running = self._running.sent(session_id, request.client_message_id)
            if running is None:
                request, assistant, model = await self._choosing.completed(user_id, request, session_id)
                if self.closing:
                    raise ApiError(503, "shutting_down", "the server is about to restart; try again in a moment")
                self._running.check_room(user_id, session_id)
                draft: Message = {**new_draft(new_id(f"resp_{session_id}_")), "model": model}
                log = ResponseLog(Turn(session_id, user_id, model, request, draft), asked_by)
                running = Running(log, Answering(self._coalescing.open(log, kept=request.kept), self.meter))
                self._running.add(running)
                running.task = asyncio.create_task(self._run(running, assistant, may_begin), name=log.turn.response_id)
            if place and place.is_stopped:
                running.answering.stop(Reason.CANCELLED)
            if follow and not running.opened.done():
                running.followers.append(follow)
                follow = None
        readable = await asyncio.shield(running.opened)
        if follow:
            follow(readable)
        return readable

    async def find(self, user_id: str, response_id: str) -> Readable:
        """A response of this user, running or ended.

        Raises:
            ApiError: `response_not_found`.
        """
        return await self._finding.find(user_id, response_id)

    async def stop(self, user_id: str, response_id: str) -> Readable:
        """Stops a response and waits until what there is of it is durable; no effect after its end.

        Raises:
            ApiError: `response_not_found`.
        """
        found = await self.find(user_id, response_id)
        if (running := self._running.find(response_id)) and running.task:
            running.answering.stop(Reason.CANCELLED)
            await asyncio.wait([running.task])
        return found

    def stop_sent(self, user_id: str, client_message_id: str) -> None:
        """Stops what a message with this id of its client's has started, or will: also what waits, and has no id yet.

        Raises:
            ApiError: `response_not_found`: nothing runs or waits that was sent so.
        """
        for running in (found := self._running.of_client(user_id, client_message_id)):
            running.answering.stop(Reason.CANCELLED)
        if not self.lined_up.stop(user_id, client_message_id) and not found:
            message = f"nothing runs or waits that was sent as {client_message_id!r:.100}"
            raise ApiError(404, "response_not_found", message, "metadata.client_message_id")

    @asynccontextmanager
    async def stopped(self, session_id: str) -> AsyncIterator[None]:
        """Stops what runs and what waits in a session; inside, nothing runs in it."""
        for running in self._running.in_session(session_id):
            running.answering.stop(Reason.CANCELLED)
        async with self._queues.hold(session_id):
            yield

    @asynccontextmanager
    async def idle(self, session_id: str) -> AsyncIterator[None]:
        """Inside, nothing runs in a session; what comes meanwhile waits.

        Raises:
            ApiError: `conversation_busy`: something runs or waits in it.
        """
        if any(not running.log.closed for running in self._running.in_session(session_id)):
            raise ApiError(409, "conversation_busy", "a turn runs in this conversation; wait for it, or stop it")
        async with self._queues.hold(session_id):
            yield

    async def stop_user(self, user_id: str) -> None:
        """Stops all that runs and waits for a user, and waits until what there is of it is durable."""
        mine = self._running.of_user(user_id)
        for running in mine:
            running.answering.stop(Reason.CANCELLED)
        if tasks := [running.task for running in mine if running.task]:
            await asyncio.wait(tasks)

    async def tell_changed(self, session_id: str) -> Record:
        """Tells the user's sockets that a session is not what it was."""
        record = await self._store.record(session_id)
        self._live.tell(record.user_id, SessionChanged(record))
        return record

    async def close(self, grace_s: float) -> None:
        """Refuses new turns; running ones may go on for a while and then end as interrupted, with their text."""
        self.closing = True
        tasks = [running.task for running in self._running if running.task]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        for running in self._running:
            running.answering.stop(Reason.INTERRUPTED)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._memories.close()

    async def _run(self, running: Running, assistant: Assistant, may_begin: bool) -> None:
        """The turn, from its place in the queue to its end."""
        turn = running.log.turn
        try:
            async with self._queues.hold(turn.session_id):
                found = await self._finding.tree(turn, may_begin=may_begin)
                tree = found or Tree()
                if response_id := find_sent(turn, tree):
                    running.open(self._finding.sent_before(turn, tree, response_id))
                    return
                path = await self._ask(turn, assistant, tree, is_new=found is None)
                turn.apply(Started())
                running.log.append(*opening_events(turn))
                if turn.reasoning:
                    running.log.open_reasoning()
                self._live.publish(running.log)
                running.open(running.log)
                await self._answer(running, assistant, path)
        except ApiError as error:
            running.refuse(error)
        except PersistenceError as error:
            running.refuse(api_error(error))
        except Exception:
            _log.exception("turn %s failed", turn.response_id)
            running.refuse(ApiError(500, "internal_error", "a fault of the server; it is in its log"))
        finally:
            self._running.remove(running)

    async def _ask(self, turn: Turn, assistant: Assistant, tree: Tree, *, is_new: bool) -> Sequence[Message]:
        """Makes the question durable in its place; in a new session together with the session itself.

        Returns the path that is shown then: the question is its last message.
        """
        placed, images = place(turn, tree), turn.request.images
        check_prefix(placed, assistant)
        check_outputs(turn.request, placed.tree.history)
        if turn.request.kept and is_new:
            title = first_title(turn.request.messages[-1]["content"])
            record = Record.fresh(turn.session_id, turn.user_id, title, turn.draft["created_at"])
            await self._store.create(record, placed.tree.history, images=images)
        elif turn.request.kept and placed.added is not None:
            await self._store.append(turn.session_id, placed.added, images=images)
        elif turn.request.kept:
            moved = replacing(turn, placed)
            await self._store.edit_tree(turn.session_id, moved, draft=placed.draft, text=placed.text, images=images)
        if placed.draft:
            turn.go_on_from(placed.draft, placed.text)
        return placed.tree.history

    async def _answer(self, running: Running, assistant: Assistant, path: Sequence[Message]) -> None:
        """Streams the answer, makes it durable, and only then shows its end. Whatever fails, the log ends."""
        turn, log = running.log.turn, running.log
        try:
            await self._end(log, *await self._reply(running, assistant, path))
        finally:
            log.close()
            self._live.retire(log)
        if turn.request.kept:
            record = await self.tell_changed(turn.session_id)
            for on_ended in self.on_ended:
                on_ended(turn, record)
            self._memories.turn_ended(turn, assistant, path)
        else:
            self._live.forget(turn.session_id)

    async def _reply(self, running: Running, assistant: Assistant, path: Sequence[Message]) -> tuple[Event, LastPiece]:
        """Tells of the question and streams the answer; returns how it ended, and what of it is not shown yet."""
        turn, record = running.log.turn, None
        try:
            if turn.request.kept:
                record = await self.tell_changed(turn.session_id)
                position = len(path) - 1
                after = message_id(path[-2], position - 1) if position else None
                self._live.tell(turn.user_id, QuestionAccepted(path[-1], position, running.log, after))
            prompt = make_prompt(turn, path, record, image_reader(self._store, turn), searcher(self._store, turn))
            if not running.answering.is_stopped:
                prompt = await self._memories.recall(turn, prompt, assistant)
            return await running.answering.run(assistant, prompt)
        except Exception as error:
            return broken(turn, error), NOTHING

    async def _end(self, log: ResponseLog, end: Event, last: LastPiece) -> None:
        """Makes the answer durable as it will be after its end, then shows its last piece and the end.

        Where the disk refuses, the turn has failed; what was written of it stays for the next start.
        """
        turn, at = log.turn, now()
        try:
            ended = turn.followed_by(last.text, last.thought)
            ended.apply(end, at)
            if turn.request.kept:
                await self._store.append(turn.session_id, [ended.message()])
            last.show_in(log)
        except Exception as error:
            end = broken(turn, error)
        turn.apply(end, at)
        log.append(*closing_events(turn, log.next_number))
