"""SessionService, SessionMemory and LongTermMemory, on both stores."""

import asyncio

import pytest

from persistence import (
    FactNotFound,
    InvalidSessionId,
    LongTermMemory,
    MemoryOff,
    SessionExists,
    SessionMemory,
    SessionNotFound,
    SessionService,
)
from tests.persistence.places import FilePlace, MemoryPlace, contents, said


@pytest.fixture(params=["memory", "files"])
async def store(request, tmp_path):
    place = MemoryPlace() if request.param == "memory" else FilePlace(tmp_path)
    yield await place.open()
    await place.close()


@pytest.fixture
def sessions(store):
    return SessionService(store)


async def test_session_begins_with_a_fresh_id(sessions):
    """Sessions without a name of their own get distinct ones, and are active."""
    one, other = await sessions.create("ann", {"title": "Tea"}), await sessions.create("ann")
    assert one.session_id != other.session_id
    assert (one.user_id, one.metadata, one.is_active) == ("ann", {"title": "Tea"}, True)
    assert one.created_at == one.last_activity
    assert await sessions.retrieve(one.session_id) == one


async def test_given_id_is_taken_or_refused(sessions):
    """An id that is given is used as it is; a taken or an empty one is refused."""
    assert (await sessions.create("ann", session_id="abc", messages=[said("a")])).session_id == "abc"
    with pytest.raises(SessionExists, match="'abc'"):
        await sessions.create("ann", session_id="abc")
    with pytest.raises(InvalidSessionId, match="expected"):
        await sessions.create("ann", session_id="")


async def test_given_metadata_is_copied(sessions):
    """What the caller does with its dictionary afterwards changes no record."""
    metadata = {"title": "Tea"}
    made = await sessions.create("ann", metadata)
    metadata["title"] = "changed"
    assert (await sessions.retrieve(made.session_id)).metadata == {"title": "Tea"}


async def test_foreign_session_is_like_none(sessions):
    """For another user a session does not exist: the same error, and no effect."""
    made = await sessions.create("ann", session_id="abc")
    answers = []
    for session_id in ("abc", "nix"):
        for call in (
            sessions.retrieve(session_id, user_id="bob"),
            sessions.update(session_id, user_id="bob", is_active=False),
            sessions.delete(session_id, user_id="bob"),
            sessions.list("bob", after=session_id),
        ):
            with pytest.raises(SessionNotFound) as caught:
                await call
            answers.append(str(caught.value).replace(session_id, "…"))
    assert set(answers) == {"no session '…'"}
    assert await sessions.retrieve("abc", user_id="ann") == made
    assert list(await sessions.list("bob")) == []


async def test_update_changes_what_is_given(sessions):
    """An update leaves alone what it does not name, and takes the metadata as a whole."""
    await sessions.create("ann", {"title": "Tea", "n": 1}, session_id="abc")
    assert (await sessions.update("abc", is_active=False)).metadata == {"title": "Tea", "n": 1}
    after = await sessions.update("abc", user_id="ann", metadata={"title": "Coffee"})
    assert (after.metadata, after.is_active) == ({"title": "Coffee"}, False)
    assert (await sessions.update("abc", metadata={})).metadata == {}
    assert await sessions.retrieve("abc") == await sessions.update("abc")


async def test_sessions_are_listed_by_page(sessions):
    """Twenty at a time, newest activity first."""
    made = [await sessions.create("ann") for _ in range(25)]
    newest = [record.session_id for record in sorted(made, key=lambda r: (r.last_activity, r.session_id), reverse=True)]
    first = await sessions.list("ann")
    rest = await sessions.list("ann", after=first[-1].session_id)
    assert [record.session_id for record in [*first, *rest]] == newest
    assert len(first) == 20


async def test_wanted_sessions_are_looked_for_a_portion_at_a_time(sessions):
    """No further than there are enough of them, and not longer than a portion without a turn for others."""
    made = await asyncio.gather(*[sessions.create("ann", {"n": number}) for number in range(1300)])
    asked, turns = 0, 0

    async def count_turns():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    def wanted(record):
        nonlocal asked
        asked += 1
        return record.metadata["n"] % 100 == 0

    counting = asyncio.create_task(count_turns())
    try:
        first = await sessions.list("ann", limit=3, wanted=wanted)
        assert (len(first), asked) == (3, 500)
        rest = await sessions.list("ann", limit=99, after=first[-1].session_id, wanted=wanted)
        assert turns
    finally:
        counting.cancel()
    assert {one.session_id for one in [*first, *rest]} == {one.session_id for one in made[::100]}


async def test_pin_is_changed_by_itself(sessions):
    """What an update does not name stays."""
    await sessions.create("ann", {"title": "Tea"}, session_id="abc")
    pinned = await sessions.update("abc", is_pinned=True)
    archived = await sessions.update("abc", is_active=False)
    assert (pinned.is_pinned, pinned.is_active, archived.is_pinned, archived.is_active) == (True, True, True, False)
    assert archived.metadata == {"title": "Tea"}


async def test_deleted_session_is_not_found(sessions):
    """A deletion answers with a receipt, once."""
    await sessions.create("ann", session_id="abc")
    assert (await sessions.delete("abc", user_id="ann")).session_id == "abc"
    with pytest.raises(SessionNotFound):
        await sessions.delete("abc", user_id="ann")


async def test_deleted_user_is_not_known(store, sessions):
    """All sessions of a user go with a receipt each, and what was remembered; other users keep theirs."""
    for session_id, user_id in (("one", "ann"), ("two", "ann"), ("other", "bob")):
        await sessions.create(user_id, session_id=session_id)
    await LongTermMemory(store, "ann").learn("drinks tea")
    assert {receipt.session_id for receipt in (await sessions.delete_user("ann")).sessions} == {"one", "two"}
    assert list(await sessions.list("ann")) == []
    assert list(await LongTermMemory(store, "ann").facts()) == []
    assert [record.session_id for record in await sessions.list("bob")] == ["other"]


async def test_session_memory_adds_at_the_end(store, sessions):
    """Messages get an id and a time, stand in their order, and are seen by every other memory of the session."""
    await sessions.create("ann", session_id="abc")
    memory = SessionMemory(store, "abc")
    added = await memory.add("user", "Hello")
    await memory.append(said("a"), said("b"))
    assert added["id"].startswith("msg_")
    assert added["created_at"].endswith("Z")
    assert contents(await SessionMemory(store, "abc").messages()) == ["Hello", "a", "b"]
    with pytest.raises(SessionNotFound):
        await SessionMemory(store, "nix").messages()


async def test_fact_is_learned_once(store):
    """The same text, but for case and white space, is the same fact."""
    memory = LongTermMemory(store, "ann")
    fact = (await memory.learn("  Likes  tea ")).fact
    assert (fact.text, fact.times) == ("Likes  tea", 1)
    again = await memory.learn("likes tea.")
    assert (again.how, again.fact.id, again.fact.text, again.fact.times) == ("confirmed", fact.id, fact.text, 2)
    assert await memory.facts() == (again.fact,)
    assert await LongTermMemory(store, "bob").facts() == ()


async def test_facts_learned_at_once_are_all_kept(store):
    """Learning from many sessions at the same time loses nothing."""
    memory = LongTermMemory(store, "ann")
    await asyncio.gather(*(memory.learn(f"fact {number % 5}") for number in range(20)))
    assert sorted(fact.text for fact in await memory.facts()) == [f"fact {number}" for number in range(5)]


async def test_fact_is_forgotten_once(store):
    """A fact that is forgotten is returned; one that is unknown is told."""
    memory = LongTermMemory(store, "ann")
    fact, other = (await memory.learn("likes tea")).fact, (await memory.learn("has a dog")).fact
    assert await memory.forget(fact.id) == fact
    assert await memory.facts() == (other,)
    with pytest.raises(FactNotFound, match="no fact"):
        await memory.forget(fact.id)
    with pytest.raises(FactNotFound):
        await LongTermMemory(store, "bob").forget(other.id)


async def test_fact_says_where_it_was_told(store, sessions):
    """Session and message of a fact are kept; a contradiction keeps the old one in its history."""
    await sessions.create("ann", session_id="abc")
    memory = LongTermMemory(store, "ann")
    await memory.learn("I live in Rome", "abc", "msg_1")
    learned = await memory.learn("I live in Paris", "abc", "msg_2")
    [fact] = await memory.facts()
    assert (learned.how, learned.fact) == ("replaced", fact)
    assert [source.message_id for source in fact.sources] == ["msg_2"]
    assert [(former.text, former.sources[0].message_id) for former in fact.history] == [("I live in Rome", "msg_1")]
    edited = await memory.edit(fact.id, "I live in Lyon")
    assert [former.text for former in edited.history] == ["I live in Rome", "I live in Paris"]
    with pytest.raises(FactNotFound):
        await LongTermMemory(store, "bob").edit(fact.id, "I live in Rome")


async def test_nothing_is_learned_from_a_deleted_session(store, sessions):
    """What was told in a session that is deleted meanwhile is not kept, and what was confirmed there is as before."""
    await sessions.create("ann", session_id="abc")
    memory = LongTermMemory(store, "ann")
    known = (await memory.learn("likes tea")).fact
    await sessions.delete("abc", user_id="ann")
    for text in ("has a dog", "likes tea"):
        with pytest.raises(SessionNotFound):
            await memory.learn(text, "abc", "msg_1")
    assert await memory.facts() == (known,)


async def test_deletion_between_two_steps_of_learning_leaves_nothing(store, sessions, monkeypatch):
    """A session that goes when the fact is about to be written takes it along all the same."""
    await sessions.create("ann", session_id="abc")
    memory, update = LongTermMemory(store, "ann"), store.update_memory

    async def late(user_id, change):
        monkeypatch.setattr(store, "update_memory", update)
        await store.delete("abc")
        return await update(user_id, change)

    monkeypatch.setattr(store, "update_memory", late)
    with pytest.raises(SessionNotFound):
        await memory.learn("has a dog", "abc", "msg_1")
    assert await memory.facts() == ()


async def test_memory_that_is_off_learns_nothing(store):
    """A switched off memory keeps its facts, can be edited and emptied, and learns again when it is on."""
    memory = LongTermMemory(store, "ann")
    fact = (await memory.learn("likes tea")).fact
    await memory.switch(is_on=False)
    with pytest.raises(MemoryOff, match="off"):
        await memory.learn("has a dog")
    assert [(await memory.edit(fact.id, "likes milk")).text] == [fact.text for fact in await memory.facts()]
    assert [fact.text for fact in await memory.forget_all()] == ["likes milk"]
    assert not (await memory.facts()).is_on
    await memory.switch(is_on=True)
    assert (await memory.learn("has a dog")).how == "new"


async def test_proposal_confirms_nothing_and_replaces_what_still_says_the_same(store, sessions):
    """What is known stays as it is; what was confirmed meanwhile may be replaced, what says something else may not."""
    session_id = (await sessions.create("ann")).session_id
    memory = LongTermMemory(store, "ann")
    await memory.learn("I like tea")
    assert await memory.propose("i like TEA.", session_id) is None
    assert [fact.times for fact in await memory.facts()] == [1]
    rome = (await memory.learn("Rome is my home")).fact
    await memory.learn("rome is my home!")
    lyon = await memory.propose("Lyon is my home", session_id, replaces=rome)
    assert lyon
    assert lyon.fact.id == rome.id
    assert await memory.propose("Paris is my home", session_id, replaces=rome) is None
    assert [fact.text for fact in await memory.facts()] == ["I like tea", "Lyon is my home"]
