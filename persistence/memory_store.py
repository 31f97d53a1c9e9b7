"""The store in memory: the reference that the file store is compared with, for tests and for trying things out.

Rule: the same contract with the plainest means; what no file could hold is encoded, and so refused, here too. What it
holds survives `close` and `open`, as files would; opening it again without closing it stands for a crash.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from persistence.answer import (
    Parts,
    answer_position,
    answered_responses,
    answers,
    interrupted_message,
    new_draft,
    owed_by,
    owed_response,
    passed_over,
    with_late_answer,
)
from persistence.branches import Tree, siblings, still_owing, with_history, with_ids
from persistence.errors import (
    ImageNotFound,
    InvalidSessionId,
    MessageNotFound,
    NotStorable,
    PersistenceError,
    SessionExists,
    SessionNotFound,
    StorageError,
)
from persistence.facts import Facts
from persistence.images import IMAGES, NO_IMAGES, image_names
from persistence.journal_entry import Part
from persistence.learning import without_session
from persistence.memory_file import encode_memory, is_empty, memory_file_name
from persistence.model import (
    Message,
    Page,
    Piece,
    Receipt,
    Record,
    UserReceipt,
    is_session_id,
    message_id,
    session_file_name,
)
from persistence.search_hits import Hit, Hits, Place, make_snippet
from persistence.search_query import SearchQuery, matches
from persistence.search_source import entries_of
from persistence.session_file import encode_file, same_session
from persistence.store import FactsChange


@dataclass(slots=True)
class _Session:
    record: Record
    tree: Tree
    images: dict[str, bytes] = field(default_factory=dict)

    def keep(self, tree: Tree, images: Mapping[str, bytes] = NO_IMAGES) -> None:
        """Puts another tree; images go with the last message that names them."""
        gone = image_names(self.tree.messages()) - image_names(tree.messages())
        self.images = {name: data for name, data in {**self.images, **images}.items() if name not in gone}
        self.tree = tree


def _place(record: Record) -> tuple[bool, bool, str, str]:
    """Where it stands in the list, the last first."""
    return record.is_active, record.is_pinned, record.last_activity, record.session_id


class MemoryStore:
    """`Store` without a disk."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}
        self._parts: dict[tuple[str, str], Parts] = {}
        self._memories: dict[str, Facts] = {}

    @property
    def fault(self) -> StorageError | None:
        return None

    async def open(self) -> None:
        for session in self._sessions.values():
            if owed := owed_response(session.tree.history):
                parts = Parts(session.record.session_id, new_draft(owed), "")
                self._parts.setdefault(parts.key, parts)
        owed_first = sorted(self._parts.values(), key=lambda parts: (not self._is_owed(parts), parts.age))
        for parts in owed_first:
            session, response_id = self._sessions[parts.session_id], parts.key[1]
            if (position := answer_position(session.tree, response_id, parts.written)) is not None:
                messages = list(session.tree.history)
                messages.insert(position, interrupted_message(response_id, parts))
                session.tree = Tree(messages, session.tree.branches)
        self._parts.clear()

    async def close(self) -> None:
        pass

    async def create(
        self, record: Record, messages: Sequence[Message] = (), *, images: Mapping[str, bytes] = NO_IMAGES
    ) -> Record:
        if not is_session_id(record.session_id):
            raise InvalidSessionId(record.session_id)
        if record.session_id in self._sessions:
            raise SessionExists(record.session_id)
        encode_file(record, messages)
        self._sessions[record.session_id] = _Session(record, Tree(list(messages)), dict(images))
        return record

    async def record(self, session_id: str) -> Record:
        return self._get(session_id).record

    async def records(
        self, user_id: str, *, limit: int, after: str | None = None, is_active: bool | None = None
    ) -> Sequence[Record]:
        mine = [session.record for session in self._sessions.values() if session.record.user_id == user_id]
        if after is not None and after not in [record.session_id for record in mine]:
            raise SessionNotFound(after)
        if is_active is not None:
            mine = [replace(record, is_active=is_active) for record in mine if record.session_id == after] + [
                record for record in mine if record.is_active == is_active and record.session_id != after
            ]
        mine.sort(key=_place, reverse=True)
        start = [record.session_id for record in mine].index(after) + 1 if after is not None else 0
        return mine[start : start + limit]

    async def update(self, session_id: str, change: Callable[[Record], Record]) -> Record:
        session = self._get(session_id)
        record = same_session(change(session.record), session_id).of(session.tree.history)
        encode_file(record, ())
        session.record = record
        return record

    async def delete(self, session_id: str) -> Receipt:
        session = self._get(session_id)
        user_id, images = session.record.user_id, [f"{IMAGES}/{session_id}/{name}" for name in sorted(session.images)]
        del self._sessions[session_id]
        self._parts = {key: parts for key, parts in self._parts.items() if key[0] != session_id}
        before = self._memories.get(user_id, Facts())
        after, gone = without_session(before, session_id)
        self._memories[user_id] = after
        forgotten = [memory_file_name(user_id)] if is_empty(after) and not is_empty(before) else []
        return Receipt(session_id, [session_file_name(session_id), *forgotten, *images], gone)

    async def delete_user(self, user_id: str) -> UserReceipt:
        mine = [session_id for session_id, session in self._sessions.items() if session.record.user_id == user_id]
        receipts = [await self.delete(session_id) for session_id in mine]
        facts = self._memories.pop(user_id, Facts())
        return UserReceipt(user_id, receipts, [] if is_empty(facts) else [memory_file_name(user_id)], len(facts))

    async def history(self, session_id: str) -> Sequence[Message]:
        return tuple((await self.tree(session_id)).history)

    async def tree(self, session_id: str) -> Tree:
        return self._get(session_id).tree

    async def page(self, session_id: str, *, limit: int, after: str | None = None, newest_first: bool = False) -> Page:
        numbered = list(enumerate(await self.history(session_id)))
        ids = [message_id(message, at) for at, message in numbered]
        numbered = numbered[:: -1 if newest_first else 1]
        if after is not None:
            if after not in ids:
                raise MessageNotFound(after)
            at = ids.index(after)
            numbered = numbered[len(ids) - at if newest_first else at + 1 :]
        tree = with_ids(await self.tree(session_id))
        others = {ids[at]: siblings(tree, ids[at]) for at, _ in numbered[:limit]} if tree.branches else {}
        several = {id: alike for id, alike in others.items() if len(alike) > 1}
        return Page(numbered[:limit], len(numbered) > limit, several)

    async def image(self, session_id: str, name: str) -> bytes:
        if (data := self._get(session_id).images.get(name)) is None:
            raise ImageNotFound(name)
        return data

    async def append(
        self, session_id: str, messages: Sequence[Message], *, images: Mapping[str, bytes] = NO_IMAGES
    ) -> Record:
        session = self._get(session_id)
        owed = owed_by(session.tree)
        try:
            encode_file(session.record, messages)
        except NotStorable:
            if owed and owed in list(answered_responses(messages)):
                session.tree = passed_over(session.tree, owed, self._parts.pop((session_id, owed), None))
            raise
        before = session.tree
        is_answer = owed and answers(messages, owed)
        if not is_answer and (late := with_late_answer(before, messages)):
            session.tree = late
        else:
            before = before if is_answer else self._passed_over(session)
            session.keep(Tree([*before.history, *messages], before.branches), images)
        session.record = session.record.touched().having_spent(messages)
        for response_id in answered_responses([*before.history[-1:], *messages]):
            self._parts.pop((session_id, response_id), None)
        return session.record

    async def edit(self, session_id: str, change: Callable[[Sequence[Message]], Iterable[Message]]) -> Record:
        session = self._get(session_id)
        tree = with_history(session.tree, list(change(tuple(session.tree.history))))
        encode_file(session.record, tree.history)
        session.keep(tree)
        session.record = session.record.touched().of(tree.history)
        return session.record

    async def edit_tree(
        self,
        session_id: str,
        change: Callable[[Tree], Tree],
        *,
        draft: Message | None = None,
        text: str = "",
        images: Mapping[str, bytes] = NO_IMAGES,
    ) -> Record:
        session = self._get(session_id)
        settled = self._passed_over(session)
        if (after := still_owing(session.tree, settled, change(settled))) != session.tree:
            encode_file(session.record, after.history, after.branches)
            for response_id in answered_responses(after.messages()):
                self._parts.pop((session_id, response_id), None)
            session.keep(after, images)
            session.record = session.record.touched().of(after.history)
            if draft:
                await self.write(session_id, draft, text)
        return session.record

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        [error] = await self.write_all([Piece(session_id, draft, text)])
        if error:
            raise error

    async def write_all(self, pieces: Sequence[Piece]) -> Sequence[PersistenceError | None]:
        return self.write_now(pieces)

    def write_now(self, pieces: Sequence[Piece]) -> Sequence[PersistenceError | None]:
        return [self._write(*piece) for piece in pieces]

    def _write(self, session_id: str, draft: Message, text: str, reasoning: str) -> PersistenceError | None:
        """Keeps a piece; returns why not."""
        try:
            self._get(session_id)
            Part(session_id, draft["response_id"], draft, text, reasoning).encode()
        except (SessionNotFound, NotStorable) as error:
            return error
        parts = Parts(session_id, draft, text, reasoning)
        if before := self._parts.get(parts.key):
            parts = before.followed_by(text, reasoning)
        self._parts[parts.key] = parts
        return None

    async def memory(self, user_id: str) -> Facts:
        return self._memories.get(user_id, Facts())

    async def update_memory(self, user_id: str, change: FactsChange) -> Facts:
        before = self._memories.get(user_id, Facts())
        facts = before.but(change(before))
        encode_memory(user_id, facts)
        self._memories[user_id] = facts
        return self._memories[user_id]

    async def search(self, user_id: str, query: SearchQuery, *, limit: int, after: Place | None = None) -> Hits:
        mine = (session for session in self._sessions.values() if session.record.user_id == user_id)
        found = [
            entry
            for session in mine
            if query.session_id in (None, session.record.session_id)
            for entry in entries_of(session.record, session.tree)
            if query.covers(entry.place.at_us) and matches(query.phrases, entry.text)
        ]
        found = [entry for entry in found if after is None or entry.place < after]
        found.sort(key=lambda entry: entry.place, reverse=True)
        hits = [Hit(entry.place, entry.role, make_snippet(entry.text, query.phrases)) for entry in found[:limit]]
        return Hits(hits, len(found) > limit)

    def _is_owed(self, parts: Parts) -> bool:
        return owed_by(self._sessions[parts.session_id].tree) == parts.key[1]

    def _passed_over(self, session: _Session) -> Tree:
        """Its messages, with the answer that it owes, as far as that is written."""
        if (owed := owed_by(session.tree)) is None:
            return session.tree
        return passed_over(session.tree, owed, self._parts.get((session.record.session_id, owed)))

    def _get(self, session_id: str) -> _Session:
        if (session := self._sessions.get(session_id)) is None:
            raise SessionNotFound(session_id)
        return session
