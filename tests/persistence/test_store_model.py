"""The store on files against the store in memory: any steps, in any order, with restarts and crashes in between."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from persistence import Fact, Message, PersistenceError, Piece, Store, message_id
from persistence.answer import new_draft
from persistence.branches import Tree, drop, fork, show, with_ids
from persistence.messages import Messages
from persistence.spending import spent_on
from tests.persistence.places import AT, FilePlace, MemoryPlace, answered, check_files, record, said
from tests.persistence.strategies import objects, texts, usages, values

NAMES = st.sampled_from(["s", "t", "u"])
USERS = st.sampled_from(["ann", "böb"])
RESPONSES = st.sampled_from([f"resp_{number}" for number in range(4)])
MOMENTS = ("created_at", "completed_at", "last_activity")


class StoreModel(RuleBasedStateMachine):
    """Each step is taken by both; both must say the same, the error included."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.files = FilePlace(self.folder / "data", sessions_in_memory=2, bytes_in_memory=2000, fold_delay_s=0)
        self.model = MemoryPlace()
        self.run(self.files.open())
        self.run(self.model.open())

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(step)

    def both(self, step: Any) -> None:
        """Takes a step on both stores."""
        got = [self.run(outcome(step, place.store)) for place in (self.files, self.model)]
        assert got[0] == got[1]

    @rule(name=NAMES, user=USERS, metadata=objects, first=st.lists(texts, max_size=2))
    def create(self, name, user, metadata, first):
        self.both(lambda store: store.create(replace(record(name, user), metadata=metadata), list(map(said, first))))

    @rule(name=NAMES, some=st.lists(texts, min_size=1, max_size=3))
    def append(self, name, some):
        self.both(lambda store: store.append(name, list(map(said, some))))

    @rule(name=NAMES, response_id=RESPONSES)
    def ask(self, name, response_id):
        self.both(lambda store: store.append(name, [said("q", response_id=response_id)]))

    @rule(name=NAMES, response_id=RESPONSES, text=texts)
    def write(self, name, response_id, text):
        draft = {**new_draft(response_id), "created_at": AT}
        self.both(lambda store: store.write(name, draft, text))

    @rule(some=st.lists(st.tuples(NAMES, RESPONSES, texts | st.just("\ud800"), st.just("") | texts), max_size=4))
    def write_all(self, some):
        pieces = [
            Piece(name, {**new_draft(response_id), "created_at": AT}, text, reasoning)
            for name, response_id, text, reasoning in some
        ]
        self.both(lambda store: kept(store, pieces))

    @rule(name=NAMES, response_id=RESPONSES, text=texts)
    def answer(self, name, response_id, text):
        self.both(lambda store: store.append(name, [answered(text, response_id)]))

    @rule(name=NAMES, response_id=RESPONSES, usage=usages | values)
    def answer_that_has_used_something(self, name, response_id, usage):
        counted = self.total(name)
        self.both(lambda store: store.append(name, [answered("a", response_id, usage=usage)]))
        if counted is not None:
            assert self.total(name) == counted + spent_on([answered("a", response_id, usage=usage)])

    def total(self, name):
        """What a session says that was spent in it; None where there is no such session."""
        try:
            return self.run(self.files.store.record(name)).spent
        except PersistenceError:
            return None

    @rule(name=NAMES, metadata=objects)
    def update(self, name, metadata):
        self.both(lambda store: store.update(name, lambda known: replace(known, metadata=metadata)))

    @rule(name=NAMES, keep=st.integers(0, 3), more=texts)
    def edit(self, name, keep, more):
        self.both(lambda store: store.edit(name, lambda messages: [*messages[:keep], said(more)]))

    @rule(name=NAMES, which=st.integers(0, 12), new=st.lists(texts, max_size=2), owes=st.none() | RESPONSES)
    def fork(self, name, which, new, owes):
        asked = [said("q", response_id=owes)] if owes else []
        self.both(lambda store: forked(store, name, which, [*map(said, new), *asked]))

    @rule(name=NAMES, which=st.integers(0, 12))
    def show(self, name, which):
        self.both(lambda store: shown(store, name, which))

    @rule(name=NAMES, which=st.integers(0, 12))
    def drop(self, name, which):
        self.both(lambda store: dropped(store, name, which))

    @rule(name=NAMES, response_id=RESPONSES, text=texts)
    def go_on(self, name, response_id, text):
        draft: Message = {**new_draft(response_id), "created_at": AT}
        self.both(lambda store: gone_on(store, name, draft, text))

    @rule(name=NAMES)
    def delete(self, name):
        self.both(lambda store: deleted(store, name))

    @rule(user=USERS)
    def delete_user(self, user):
        self.both(lambda store: deleted_user(store, user))

    @rule(name=NAMES, limit=st.integers(0, 3), number=st.none() | st.integers(0, 4), newest_first=st.booleans())
    def page(self, name, limit, number, newest_first):
        self.both(lambda store: pages(store, name, limit, number, newest_first))

    @rule()
    def fold(self):
        self.run(self.files.folded())

    @rule()
    def checkpoint(self):
        self.run(self.files.checkpoint())

    @rule(user=USERS, text=texts, name=st.none() | NAMES)
    def learn(self, user, text, name):
        self.both(lambda store: store.update_memory(user, lambda facts: [*facts, Fact("f", text, AT, name)]))

    @rule(user=USERS)
    def forget(self, user):
        self.both(lambda store: store.update_memory(user, lambda facts: facts[1:]))

    @rule()
    def restart(self):
        self.run(self.files.restart())
        self.run(self.model.restart())

    @rule()
    def crash(self):
        self.run(self.files.crash())
        self.run(self.model.crash())

    @rule()
    def crash_without_index(self):
        self.run(self.files.die())
        (self.files.folder / "sessions.json").unlink(missing_ok=True)
        self.run(self.files.again())
        self.run(self.model.crash())

    @invariant()
    def all_is_the_same(self):
        for name in ("s", "t", "u"):
            self.both(lambda store, name=name: store.record(name))
            self.both(lambda store, name=name: store.history(name))
            self.both(lambda store, name=name: tree(store, name))
        for user in ("ann", "böb"):
            self.both(lambda store, user=user: store.memory(user))
            self.both(lambda store, user=user: listed(store, user))

    def teardown(self):
        self.run(self.files.close())
        check_files(self.files.folder)
        self.runner.close()
        shutil.rmtree(self.folder)


async def outcome(step: Any, store: Store) -> Any:
    """What a step returns or raises, without the moments at which things were done."""
    try:
        return timeless(await step(store))
    except PersistenceError as error:
        return type(error), str(error)


async def kept(store: Store, pieces: list[Piece]) -> list[tuple[type, str]]:
    return [(type(outcome), str(outcome)) for outcome in await store.write_all(pieces)]


async def deleted(store: Store, name: str) -> int:
    return (await store.delete(name)).facts_removed


async def deleted_user(store: Store, user: str) -> list[tuple[str, int]]:
    return sorted((receipt.session_id, receipt.facts_removed) for receipt in (await store.delete_user(user)).sessions)


async def pages(store: Store, name: str, limit: int, number: int | None, newest_first: bool) -> Any:
    """A page, behind the message with a number; behind an id that is none where there are not so many."""
    history = await store.history(name)
    after = None if number is None else message_id(history[number], number) if number < len(history) else "msg_none"
    page = await store.page(name, limit=limit, after=after, newest_first=newest_first)
    return list(page.messages), page.has_more, page.alternatives


async def tree(store: Store, name: str) -> Any:
    found = await store.tree(name)
    return list(found.history), [(branch.after, list(branch.messages)) for branch in found.branches]


def place(tree: Tree, which: int) -> str | None:
    """The id of one of the messages, or none for the beginning."""
    ids = [message["id"] for message in with_ids(tree).messages()]
    return ids[which] if which < len(ids) else None


async def forked(store: Store, name: str, which: int, new: list[Message]) -> None:
    def change(tree: Tree) -> Tree:
        cut = fork(tree, place(tree, which))
        return with_ids(Tree([*cut.history, *new], cut.branches))

    await store.edit_tree(name, change)


async def shown(store: Store, name: str, which: int) -> None:
    await store.edit_tree(name, lambda tree: show(tree, place(tree, which) or "none"))


async def dropped(store: Store, name: str, which: int) -> None:
    await store.edit_tree(name, lambda tree: drop(tree, place(tree, which) or "none"))


async def gone_on(store: Store, name: str, draft: Message, text: str) -> None:
    """A question of its own, of whose answer there is something already."""

    def change(tree: Tree) -> Tree:
        return Tree([*tree.history, said("q", response_id=draft["response_id"])], tree.branches)

    await store.edit_tree(name, change, draft=draft, text=text)


async def listed(store: Store, user: str) -> set[str]:
    return {known.session_id for known in await store.records(user, limit=9)}


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: value[key] for key in value if key not in MOMENTS}
    if isinstance(value, list | tuple | Messages):
        return [timeless(entry) for entry in value]
    if hasattr(value, "last_activity"):
        return replace(value, last_activity="")
    return value


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(max_examples=60, stateful_step_count=25, suppress_health_check=list(HealthCheck))
