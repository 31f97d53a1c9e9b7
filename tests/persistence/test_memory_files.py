"""The facts of users in use stay in memory, and what somebody else does to their files is seen soon."""

import asyncio
import errno
import json
from types import SimpleNamespace

import pytest

from persistence import CheckpointLimits, Fact, MemoryUnreadable, StorageError, memory_files
from tests.persistence.places import AT, FilePlace, record

FACT = Fact("fact_1", "likes tea", AT, "s")
OTHER = Fact("fact_2", "has a dog", AT, None)
NEVER = CheckpointLimits(journal_bytes=1 << 60, age_s=1e6, idle_s=1e6, deletion_s=1e6)


@pytest.fixture
def clock(monkeypatch):
    """The time as the memory files see it; it stands still."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(memory_files, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
async def place(tmp_path, clock):
    place = FilePlace(tmp_path / "data", sessions_in_memory=2, index_delay_s=1e6, checkpoints=NEVER)
    await place.open()
    await place.store.create(record("s"))
    await place.store.update_memory("ann", lambda facts: [FACT])
    await place.folded()
    assert await place.store.memory("ann") == (FACT,)
    yield place
    await place.close()


def by_hand(place, *texts, user="ann"):
    (place.folder / f"memory_{user}.json").write_text(json.dumps(texts))


async def texts(place, user="ann"):
    return [fact.text for fact in await place.store.memory(user)]


async def calls(place, user="ann"):
    """What the disk is asked for to say what is known of a user."""
    before = len(place.faults.calls)
    await place.store.memory(user)
    return place.faults.calls[before:]


async def test_facts_in_use_cost_no_look_at_the_disk(place, clock):
    """Within a second nothing is looked at; then the file's stamp is, once, and not its bytes."""
    assert await calls(place) == []
    clock.now += 1.001
    assert await calls(place) == ["stamp"]
    assert await calls(place) == []


async def test_edit_by_hand_is_seen_a_second_later(place, clock):
    """What somebody else writes takes the place of what memory holds, and so does its removal."""
    by_hand(place, "takes milk", "and tea")
    clock.now += 1.001
    assert await texts(place) == ["takes milk", "and tea"]
    (place.folder / "memory_ann.json").unlink()
    clock.now += 1.001
    assert await texts(place) == []


async def test_edit_by_hand_is_not_overwritten(place, clock):
    """Whoever changes the memory sees what somebody else has written a moment ago."""
    by_hand(place, "takes milk")
    await place.store.update_memory("ann", lambda facts: [*facts, OTHER])
    assert await texts(place) == ["takes milk", "has a dog"]


async def test_user_without_facts_is_known_too(place, clock):
    """That there is no file costs no look either; one that somebody makes is seen a second later."""
    assert await calls(place, "bob") == ["open"]
    assert await calls(place, "bob") == []
    by_hand(place, "a dog", user="bob")
    clock.now += 1.001
    assert await texts(place, "bob") == ["a dog"]


@pytest.mark.parametrize("folded", [False, True])
async def test_own_changes_are_seen_at_once(place, clock, folded):
    """What the store itself changes is seen by the next reader, before the file has it and after."""
    for some in ([FACT, OTHER], [], [OTHER]):
        await place.store.update_memory("ann", lambda facts, some=some: some)
        if folded:
            await place.folded()
        assert await place.store.memory("ann") == tuple(some)


@pytest.mark.parametrize("folded", [False, True])
async def test_deleted_sessions_facts_are_gone_at_once(place, clock, folded):
    """With a session, and with a user, go the facts that are in memory."""
    await place.store.update_memory("ann", lambda facts: [FACT, OTHER])
    await place.folded()
    assert len(await place.store.memory("ann")) == 2
    await place.store.delete("s")
    if folded:
        await place.folded()
    assert await place.store.memory("ann") == (OTHER,)
    await place.store.delete_user("ann")
    assert await place.store.memory("ann") == ()


async def test_refused_change_leaves_what_is_known(place, clock):
    """A change that the disk refuses is none."""
    place.faults.full = True
    with pytest.raises(StorageError):
        await place.store.update_memory("ann", lambda facts: [])
    place.faults.full = False
    assert await place.store.memory("ann") == (FACT,)


async def test_only_so_many_users_stay_in_memory(place, clock):
    """Who was used last stays, as many as sessions do."""
    for user in ("bob", "ann", "cy"):
        await place.store.memory(user)
    assert await calls(place, "ann") == []
    assert await calls(place, "bob") == ["open"]
    assert list(place.store._memories._known) == ["memory_ann.json", "memory_bob.json"]


async def test_user_who_has_to_make_room_during_a_look_is_served(place, clock):
    """Other users' facts may take the place of those whose file is being looked at."""
    clock.now += 1.001
    users = ["ann", *(f"user{number}" for number in range(9))]
    found = await asyncio.gather(*(place.store.memory(user) for user in users))
    assert list(found) == [(FACT,), *[()] * 9]
    assert len(place.store._memories._known) == 2


async def test_damage_by_hand_is_mended_a_second_later(place, clock):
    """A file that somebody has damaged is set aside, and what can be read of it goes on, as without a memory of it."""
    (place.folder / "memory_ann.json").write_text('["a", 5]')
    clock.now += 1.001
    assert await texts(place) == ["a"]
    assert [name.rpartition(".")[0] for name in place.quarantined()] == ["memory_ann.json"]
    await place.folded()
    assert await texts(place) == ["a"]
    assert len(place.quarantined()) == 1


async def test_damaged_file_that_may_not_be_mended_is_read_each_time(place, clock):
    """While nothing can be written, a half of a file is not taken for the whole of it."""
    place.faults.fail = {"sync_data"}
    place.faults.number = errno.EIO
    with pytest.raises(StorageError):
        await place.store.update_memory("bob", lambda facts: [OTHER])
    place.faults.fail = None
    (place.folder / "memory_ann.json").write_text('["a", 5]')
    clock.now += 1.001
    assert await texts(place) == ["a"]
    by_hand(place, "a", "b")
    assert await texts(place) == ["a", "b"]
    assert place.quarantined() == []


@pytest.mark.parametrize("step", ["open", "stamp"])
async def test_file_that_may_not_be_read_is_left_as_it_is(place, clock, step):
    """Neither readers nor who changes it take it for an empty one; once it can be read it is as it was."""
    by_hand(place, "takes milk")
    before = (place.folder / "memory_ann.json").read_bytes()
    clock.now += 1.001
    place.faults.fail, place.faults.number, place.faults.path = {step}, errno.EACCES, "memory_ann"
    with pytest.raises(MemoryUnreadable, match="Permission denied"):
        await place.store.memory("ann")
    with pytest.raises(MemoryUnreadable):
        await place.store.update_memory("ann", lambda facts: [*facts, OTHER])
    with pytest.raises(MemoryUnreadable):
        await place.store.delete("s")
    place.faults.fail = None
    assert (await place.store.record("s")).user_id == "ann"
    await place.folded()
    assert (place.folder / "memory_ann.json").read_bytes() == before
    assert place.quarantined() == []
    assert await texts(place) == ["takes milk"]


async def test_damaged_file_that_cannot_be_set_aside_is_read_as_it_is(place, clock):
    """What can be read of it is shown, nothing is written in its place, and a change of it is refused."""
    damaged = '["a", 5]'
    (place.folder / "memory_ann.json").write_text(damaged)
    clock.now += 1.001
    place.faults.fail, place.faults.path = {"open"}, "quarantine"
    assert await texts(place) == ["a"]
    with pytest.raises(StorageError):
        await place.store.update_memory("ann", lambda facts: [*facts, OTHER])
    await place.folded()
    assert (place.folder / "memory_ann.json").read_text() == damaged
    place.faults.fail = None
    assert await texts(place) == ["a"]
    assert len(place.quarantined()) == 1


async def test_file_that_is_no_memory_is_set_aside(place, clock):
    """What it said stands in the quarantine, and the memory begins anew."""
    (place.folder / "memory_ann.json").write_text('{"settings": {"instructions": "Be brief."}')
    clock.now += 1.001
    assert await texts(place) == []
    [name] = place.quarantined()
    assert "Be brief." in (place.folder / "quarantine" / name).read_text()


async def test_memory_that_is_forgotten_leaves_no_copy(place, clock):
    """Who forgets one of several facts leaves what was set aside; who forgets the last leaves nothing."""
    (place.folder / "memory_ann.json").write_text('["likes swordfish", "has a dog", 5]')
    clock.now += 1.001
    assert len(await texts(place)) == 2
    await place.store.update_memory("ann", lambda facts: facts[1:])
    assert len(place.quarantined()) == 1
    await place.store.update_memory("ann", lambda facts: [])
    assert place.quarantined() == []
    await place.folded()
    await place.checkpoint()
    assert [path for path in place.folder.rglob("*") if path.is_file() and b"swordfish" in path.read_bytes()] == []
