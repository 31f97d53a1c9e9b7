"""Deletion: nothing of what was deleted stays under the data directory, whatever comes in between."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from persistence import CheckpointLimits, Fact, FileStore, Former, SessionNotFound, Source, StorageError
from persistence.answer import new_draft
from tests.fair_time import fair_time
from tests.persistence.places import AT, FilePlace, contents, record, said

SECRET = "swordfish"
NEVER_S = 1e6
NEVER = CheckpointLimits(journal_bytes=1 << 60, age_s=NEVER_S, idle_s=NEVER_S, deletion_s=NEVER_S)
PROMISED_S = 2.0


def holds_secret(place: FilePlace) -> list[str]:
    found = []
    for path in place.folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            if SECRET.encode() in path.read_bytes():
                found.append(path.name)
    return sorted(found)


async def tell(place: FilePlace) -> None:
    """Leaves the secret in a session's file, its record, its running answer, the memory and the quarantine."""
    store = place.store
    await store.create(record("s", title=SECRET), [said(SECRET), said("other")])
    await store.create(record("t"), [said("other")])
    await place.folded()
    place.path("s").write_bytes(place.path("s").read_bytes()[:-9])
    await store.history("s")
    await store.append("s", [said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), SECRET)
    await store.update_memory("ann", lambda facts: [Fact("f1", SECRET, AT, "s"), Fact("f2", "tea", AT, "t")])
    await place.folded()
    await store._index.flush()


@pytest.fixture
async def still(tmp_path):
    """A place where nothing happens by itself."""
    place = FilePlace(tmp_path / "data", fold_delay_s=NEVER_S, index_delay_s=NEVER_S, checkpoints=NEVER)
    await place.open()
    yield place
    await place.close()


@pytest.fixture
async def told(still):
    await tell(still)
    names = [name.split(".")[0] for name in holds_secret(still)]
    assert names == ["0000000000000002", "memory_ann", "session_s", "session_s", "sessions"]
    return still


async def test_deleted_text_is_in_no_file(told):
    """After a deletion the text is in no session, memory or quarantine, and after the checkpoint in no file at all."""
    receipt = await told.store.delete("s")
    assert receipt.facts_removed == 1
    assert sorted(name.split(".")[0] for name in receipt.removed) == ["session_s", "session_s"]
    assert [name.split(".")[0] for name in holds_secret(told)] == ["0000000000000002", "sessions"]
    await told.checkpoint()
    assert holds_secret(told) == []
    assert [fact.text for fact in await told.store.memory("ann")] == ["tea"]


async def edited(store: FileStore) -> None:
    await store.edit("s", lambda messages: messages[1:])


async def forgotten(store: FileStore) -> None:
    await store.update_memory("ann", lambda facts: facts[1:])


async def deleted(store: FileStore) -> None:
    await store.delete("s")


async def deleted_user(store: FileStore) -> None:
    await store.delete_user("ann")


async def session(store: FileStore) -> None:
    await store.create(record("s", title=SECRET), [said(SECRET)])


async def message(store: FileStore) -> None:
    await store.create(record("s"), [said(SECRET), said("b")])


async def fact(store: FileStore) -> None:
    await store.update_memory("ann", lambda facts: [Fact("f", SECRET, AT, None), *facts])


async def former(store: FileStore) -> None:
    await store.create(record("s"), [said("a")])
    history = (Former(SECRET, AT, AT, (Source("s", "m", AT),)),)
    await store.update_memory("ann", lambda facts: [Fact("f", "tea", AT, None, history=history), *facts])


@pytest.mark.parametrize(
    ("say", "unsay"),
    [
        (session, deleted),
        (session, deleted_user),
        (message, edited),
        (fact, forgotten),
        (former, deleted),
        (former, forgotten),
    ],
)
@pytest.mark.parametrize("then", ["go on", "crash"])
async def test_deleted_text_is_gone_in_two_seconds(
    tmp_path: Any,
    say: Callable[[FileStore], Awaitable[None]],
    unsay: Callable[[FileStore], Awaitable[None]],
    then: str,
) -> None:
    """By itself, within what is promised, and after a kill as well, no file holds what was deleted."""
    place = FilePlace(tmp_path / "data", index_delay_s=1.0)
    store = await place.open()
    await store.create(record("t"), [said("other")])
    await say(store)
    await place.folded()
    await store._index.flush()
    assert holds_secret(place)
    began = fair_time()
    await unsay(store)
    if then == "crash":
        await place.crash()
    while holds_secret(place):
        assert fair_time() - began < PROMISED_S
        await asyncio.sleep(0.02)
    await place.close()
    assert holds_secret(place) == []


async def test_deletion_that_comes_during_a_checkpoint_is_gone_in_two_seconds(tmp_path):
    """What is deleted while a checkpoint is under way does not have to wait for the next change."""
    place = FilePlace(tmp_path / "data")
    store = await place.open()
    await session(store)
    making = asyncio.create_task(store._checkpoints.make())
    began = fair_time()
    await asyncio.gather(store.delete("s"), making)
    while holds_secret(place):
        assert fair_time() - began < PROMISED_S
        await asyncio.sleep(0.02)
    await place.close()


async def test_deleted_user_leaves_nothing(told):
    """With a user go all sessions, all facts and all copies; other users keep theirs."""
    store = told.store
    await store.create(record("b", "bob"), [said("mine")])
    receipts = await store.delete_user("ann")
    assert {receipt.session_id for receipt in receipts.sessions} == {"s", "t"}
    await told.checkpoint()
    assert holds_secret(told) == []
    assert await store.memory("ann") == ()
    assert list(await store.records("ann", limit=9)) == []
    assert contents(await store.history("b")) == ["mine"]
    assert not (told.folder / "memory_ann.json").exists()


async def test_what_a_crash_left_is_deleted_too(told):
    """An answer that a start could not settle belongs to its session, and goes with it."""
    await told.die()
    faults = told.faults
    faults.before = lambda name, *args: setattr(
        faults, "fail", {"write"} if name == "write" and b'"reason":"interrupted"' in args[1] else None
    )
    store = await told.again()
    assert len(holds_secret(told)) >= 4
    faults.before = faults.fail = None
    await store.delete("s")
    await told.checkpoint()
    assert holds_secret(told) == []


async def test_deletion_cut_short_can_be_asked_for_again(tmp_path):
    """Wherever a crash comes in a deletion, the session is still there to be deleted, or all of it is gone."""
    ends = set()
    for steps in range(100):
        options: dict[str, Any] = {"fold_delay_s": NEVER_S, "index_delay_s": NEVER_S, "checkpoints": NEVER}
        place = FilePlace(tmp_path / f"data{steps}", **options)
        await place.open()
        await tell(place)
        made = 0

        def die_at(name: str, *args: object, place: FilePlace = place, steps: int = steps) -> None:
            nonlocal made
            made += 1
            place.disk.is_dead = place.disk.is_dead or made > steps

        place.faults.before = die_at
        task = asyncio.create_task(place.store.delete("s"))
        await asyncio.wait([task])
        place.faults.before = None
        is_over = not place.disk.is_dead
        store = await place.crash()
        try:
            await store.delete("s")
            ends.add("again")
        except SessionNotFound:
            ends.add("gone")
        await place.checkpoint()
        assert holds_secret(place) == []
        assert contents(await store.history("t")) == ["other"]
        await place.close()
        if is_over:
            break
    assert steps > 8
    assert task.exception() is None
    assert ends == {"again", "gone"}


async def test_refused_deletion_can_be_asked_for_again(told):
    """A deletion that the disk refuses leaves the session, and takes it when there is room."""
    told.faults.fail = {"write"}
    with pytest.raises(StorageError):
        await told.store.delete("s")
    told.faults.fail = None
    if told.store.fault is None:
        assert contents(await told.store.history("s"))[:2] == [SECRET, "other"]
    else:
        await told.crash()
    await told.store.delete("s")
    await told.checkpoint()
    assert holds_secret(told) == []


@pytest.mark.parametrize("turns", range(8))
async def test_cancelled_deletion_happens_or_does_not(told, turns):
    """A deletion whose caller goes is done whole or not at all, and its id can be taken again at once."""
    store = told.store
    task = asyncio.create_task(store.delete("s"))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    with contextlib.suppress(SessionNotFound):
        await store.delete("s")
    await store.create(record("s"), [said("new")])
    await told.folded()
    assert told.in_file("s") == ["new"]
    await told.checkpoint()
    assert holds_secret(told) == []


async def test_deletion_waits_for_a_piece_whose_writer_is_gone(told):
    """A piece that is on its way when its writer is cancelled does not outlive the session."""
    store = told.store
    for turns in range(6):
        await store.create(record("u"), [said("q", response_id=f"resp_{turns}u")])
        task = asyncio.create_task(store.write("u", new_draft(f"resp_{turns}u"), SECRET))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await store.delete("u")
    await store.delete("s")
    await told.checkpoint()
    assert holds_secret(told) == []
    assert await (await told.crash()).records("ann", limit=9) == [await told.store.record("t")]


async def test_deletion_and_appends_at_once_leave_nothing(told):
    """Whatever was called for around a deletion, no file of the session is there after it."""
    store = told.store
    calls = [store.append("s", [said(SECRET)]) for _ in range(5)]
    late = [store.append("s", [said(SECRET)]) for _ in range(5)]
    results = await asyncio.gather(*calls, store.delete("s"), *late, return_exceptions=True)
    assert not any(isinstance(result, Exception) for result in results[:6])
    assert {type(result) for result in results[6:]} == {SessionNotFound}
    await told.checkpoint()
    assert holds_secret(told) == []
    assert not told.path("s").exists()


async def test_deleted_title_leaves_the_index_at_a_restart(told):
    """An index that was written before the deletion does not keep the title, though nothing else has changed."""
    await told.store.delete("s")
    await told.restart()
    assert holds_secret(told) == []
    assert set(json.loads((told.folder / "sessions.json").read_bytes())) == {"t"}


@pytest.mark.parametrize("whole_user", [False, True])
async def test_damaged_memory_leaves_no_copy_behind_a_deletion(place, store, whole_user):
    """A memory file that is found to be damaged by the deletion itself is not kept in the quarantine."""
    if not whole_user:
        await store.create(record("s"), [said("a")])
    (place.folder / "memory_ann.json").write_bytes(b'{"facts":[{"text":"xylophone"')
    await (store.delete_user("ann") if whole_user else store.delete("s"))
    assert place.quarantined() == []
    assert await store.memory("ann") == ()
