"""A disk that refuses at each of its operations: nothing acknowledged is lost, nothing refused is there."""

import asyncio
import errno
import os
from dataclasses import asdict, replace
from typing import Any

import pytest

from persistence import (
    CheckpointLimits,
    Fact,
    FileStore,
    MemoryStore,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageFull,
    StorageReadOnly,
    Store,
)
from persistence.answer import new_draft
from tests.persistence.faults import CHANGING, Faults
from tests.persistence.places import AT, FilePlace, answered, check_files, contents, record, said, settled

DRAFT = {**new_draft("resp_1"), "created_at": AT}
FACT = Fact("fact_1", "likes tea", AT, "s")


def learn(fact: Fact) -> Any:
    return lambda facts: [*facts, fact]


STEPS = {
    "create": lambda store: store.create(record("s", title="Tea"), [said("a" * 300)]),
    "create another": lambda store: store.create(record("t")),
    "append": lambda store: store.append("s", [said("q", response_id="resp_1")]),
    "write": lambda store: store.write("s", DRAFT, "ha"),
    "write more": lambda store: store.write("s", DRAFT, "lf"),
    "look": lambda store: store.history("s"),
    "fold": lambda store: on_files(store, "_folding", "fold"),
    "learn": lambda store: store.update_memory("ann", learn(FACT)),
    "learn more": lambda store: store.update_memory("ann", learn(replace(FACT, id="fact_2", session_id=None))),
    "answer": lambda store: store.append("s", [answered("half", "resp_1")]),
    "rename": lambda store: store.update("s", lambda known: replace(known, metadata={"title": ""})),
    "checkpoint": lambda store: on_files(store, "_checkpoints", "make"),
    "edit": lambda store: store.edit("s", lambda messages: messages[1:]),
    "ask": lambda store: store.append("s", [said("r", response_id="resp_2")]),
    "write again": lambda store: store.write("s", {**DRAFT, "response_id": "resp_2"}, "x"),
    "delete": lambda store: store.delete("s"),
    "fold again": lambda store: on_files(store, "_folding", "fold"),
    "ask another": lambda store: store.append("t", [said("q", response_id="resp_3")]),
    "write another": lambda store: store.write("t", {**DRAFT, "response_id": "resp_3"}, "half"),
    "last checkpoint": lambda store: on_files(store, "_checkpoints", "make"),
}
QUIET: dict[str, Any] = {"index_delay_s": 1e6, "fold_delay_s": 1e6}


async def on_files(store: Any, part: str, method: str) -> None:
    """What a store on files does by itself, sooner or later."""
    if isinstance(store, FileStore):
        await getattr(getattr(store, part), method)()


async def state(store: Store) -> Any:
    """All that a store says, but for the moments at which it did things."""
    found: dict[str, Any] = {"memory": [fact.id for fact in await store.memory("ann")]}
    for session_id in ("s", "t"):
        try:
            known = asdict(await store.record(session_id))
            messages = [
                {key: message[key] for key in ("role", "content", "response_id", "reason") if key in message}
                for message in await store.history(session_id)
            ]
        except SessionNotFound:
            continue
        found[session_id] = ({**known, "last_activity": None}, messages)
    return found


async def count_calls(folder: Any) -> int:
    place = FilePlace(folder, **QUIET)
    store = await place.open()
    for step in STEPS.values():
        await step(store)
    await place.die()
    return len(place.faults.calls)


async def seen(store: Store, faults: Faults) -> Any:
    """The state, looked at without a fault."""
    faults.paused = True
    try:
        return await state(store)
    finally:
        faults.paused = False


@pytest.mark.parametrize(("number", "short"), [(errno.EIO, False), (errno.ENOSPC, True), (errno.EMFILE, False)])
async def test_each_refused_operation_changes_nothing(tmp_path, number, short):
    """Whichever call fails: the step is refused whole or done whole, and a crash finds what was acknowledged."""
    calls = await count_calls(tmp_path / "count")
    assert calls > 120
    refused = read_only = 0
    for fail in range(number % 3, calls, 3):
        place, model = FilePlace(tmp_path / str(fail), **QUIET), MemoryStore()
        faults = place.faults
        faults.number, faults.short, faults.fail = number, short, fail
        try:
            store = await place.open()
        except StorageError:
            store = await place.again()
        alternatives = [await state(model)]
        for name, step in STEPS.items():
            try:
                await step(store)
            except StorageReadOnly:
                await step(model)
                alternatives.append(await state(model))
                read_only += 1
                break
            except StorageError:
                refused += 1
                if name == "answer":
                    alternatives[0]["s"][1].append(
                        {"role": "assistant", "content": "half", "response_id": "resp_1", "reason": "interrupted"}
                    )
                if name != "delete":
                    assert await seen(store, faults) == alternatives[0], (fail, name)
                await settled(place)
                await step(store)
            await step(model)
            alternatives = [await state(model)]
            assert await seen(store, faults) == alternatives[0], (fail, name)
        if store.fault:
            await check_read_only(store)
        faults.fail = None
        store = await place.crash()
        await model.open()
        alternatives.append(await state(model))
        after = await seen(store, faults)
        assert without_interrupted(after) in map(without_interrupted, alternatives), (fail, faults.calls[fail])
        await place.close()
        check_files(place.folder)
    assert refused > 5
    assert read_only > 2


def without_interrupted(found: dict[str, Any]) -> dict[str, Any]:
    """A state without the answers that a start has settled, and without the facts, which a deletion removes first."""
    return {
        key: (value[0], [message for message in value[1] if "reason" not in message])
        for key, value in found.items()
        if key != "memory"
    }


async def check_read_only(store: FileStore) -> None:
    """Nothing changes any more, but what the file whose sync failed holds may show when it is read again."""
    await state(store)
    before = await state(store)
    for step in (STEPS["create another"], STEPS["learn"], STEPS["write"], STEPS["append"], STEPS["delete"]):
        with pytest.raises(StorageReadOnly):
            await step(store)
    assert await state(store) == before


async def test_full_disk_refuses_and_goes_on(store, faults):
    """A full disk is told as such; when there is space again the session goes on as it was."""
    await store.create(record("s"), [said("a")])
    faults.full = faults.short = True
    for call in (store.append("s", [said("b")]), store.create(record("t")), store.write("s", DRAFT, "x")):
        with pytest.raises(StorageFull, match="No space left"):
            await call
    faults.full = False
    assert store.fault is None
    await store.append("s", [said("c")])
    assert contents(await store.history("s")) == ["a", "c"]


@pytest.mark.parametrize("end", ["restart", "crash"])
async def test_files_that_take_nothing_do_not_hold_up_a_turn(place, store, faults, end):
    """Where only the session files take nothing, turns go on: the journal has it all, and the files get it later."""
    await store.create(record("s"), [said("a")])
    await place.folded()
    faults.fail, faults.path, faults.number = {"open"}, "session_", errno.EMFILE
    await store.append("s", [said("b")])
    await store.create(record("t"), [said("c")])
    assert not await store._folding.fold()
    with pytest.raises(StorageError):
        await place.checkpoint()
    assert contents(await store.history("s")) == ["a", "b"]
    assert place.in_file("s") == ["a"]
    if end == "crash":
        await place.die()
        with pytest.raises(StorageError):
            await place.again()
    else:
        await place.close()
    faults.fail = None
    store = await place.again()
    assert contents(await store.history("s")) == place.in_file("s") == ["a", "b"]
    assert contents(await store.history("t")) == ["c"]


async def test_read_only_directory_can_be_read(place, store, faults):
    """Where nothing can be written any more, every change is refused, every look goes on, nothing is lost."""
    await store.create(record("s"), [said("a")])
    await store.update_memory("ann", learn(FACT))
    await place.folded()
    faults.fail, faults.number = set(CHANGING), errno.EROFS
    for step in ("append", "create another", "learn more", "rename", "edit", "delete"):
        with pytest.raises(StorageError):
            await STEPS[step](store)
    assert contents(await store.history("s")) == ["a"]
    assert (await store.page("s", limit=9)).messages == [(0, said("a"))]
    assert await store.memory("ann") == (FACT,)
    await place.die()
    with pytest.raises(StorageError):
        await place.again()
    faults.fail = None
    store = await place.again()
    assert contents(await store.history("s")) == ["a"]
    assert await store.memory("ann") == (FACT,)


async def test_piece_behind_a_refused_one_is_kept(place, store, faults):
    """A piece that was written behind a torn one is in the settled answer; the torn one is not."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "one ")
    faults.full = faults.short = True
    with pytest.raises(StorageError):
        await store.write("s", DRAFT, "two ")
    faults.full = False
    await store.write("s", DRAFT, "three")
    assert contents(await (await place.crash()).history("s")) == ["q", "one three"]


async def test_refused_first_piece_leaves_the_draft_to_the_second(place, store, faults):
    """The message without its text comes with the first piece that is kept."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    faults.full = True
    with pytest.raises(StorageError):
        await store.write("s", {**DRAFT, "model": "m"}, "one ")
    faults.full = False
    await store.write("s", {**DRAFT, "model": "m"}, "two")
    _, answer = await (await place.crash()).history("s")
    assert (answer["content"], answer["model"]) == ("two", "m")


async def test_failed_sync_stops_what_waits(store, faults):
    """Appends that wait behind the one whose sync fails are refused as well, and change nothing."""
    await store.create(record("s"))
    faults.fail = {"sync_data"}
    results = await asyncio.gather(*(store.append("s", [said(str(n))]) for n in range(9)), return_exceptions=True)
    faults.fail = None
    assert {type(result) for result in results} == {StorageReadOnly}
    assert contents(await store.history("s")) == []
    assert isinstance(store.fault, StorageReadOnly)


async def test_failed_sync_of_the_index_stops_all(store, faults):
    """The index may be late, but what its failed sync says of the disk counts for all."""
    faults.fail = {"sync"}
    store._index.put(record("s"))
    await asyncio.wait([store._index._writer])
    faults.fail = None
    assert isinstance(store.fault, StorageReadOnly)
    with pytest.raises(StorageReadOnly):
        await store.create(record("t"))


@pytest.mark.parametrize("call", ["sync", "sync_data"])
async def test_failed_sync_of_a_checkpoint_stops_all(tmp_path, monkeypatch, call):
    """What a checkpoint cannot make durable stays in the journal, and nothing is written any more."""
    monkeypatch.setattr("persistence.checkpoints._LOOK_S", 0)
    limits = CheckpointLimits(idle_s=1e6, age_s=1e6, deletion_s=0)
    place = FilePlace(tmp_path / "data", checkpoints=limits, **QUIET)
    store = await place.open()
    await store.create(record("s"), [said("a"), said("b")])
    await place.folded()
    await store.edit("s", lambda messages: messages[1:])
    place.faults.fail = {call}
    assert store._checkpoints._task
    await asyncio.wait([store._checkpoints._task])
    place.faults.fail = None
    assert isinstance(store.fault, StorageReadOnly)
    with pytest.raises(StorageReadOnly):
        await store.append("s", [said("c")])
    assert contents(await store.history("s")) == ["b"]
    store = await place.restart()
    assert contents(await store.history("s")) == ["b"]
    await place.close()


async def test_reading_writes_nothing_after_a_failed_sync(place, store, faults):
    """With a failed sync behind it the store shows what it has, and neither mends nor settles nor sets aside."""
    await store.create(record("s"), [said("a")])
    await store.create(record("t"), [said("a")])
    await store.update_memory("ann", learn(FACT))
    await store.append("s", [said("q", response_id="resp_1")])
    await place.folded()
    await place.checkpoint()
    store = await place.crash()
    torn = place.path("t").read_bytes()[:-9]
    place.path("t").write_bytes(torn)
    memory = place.folder / "memory_ann.json"
    memory.write_bytes(b"torn")
    await store.append("s", [said("r", response_id="resp_2")])
    await place.folded()
    faults.fail = {"sync_data"}
    with pytest.raises(StorageReadOnly):
        await store.append("s", [answered("refused", "resp_2")])
    faults.fail = None
    del faults.calls[:]
    assert contents(await store.history("s")) == ["a", "q", "", "r", ""]
    assert contents(await store.history("t")) == ["a"]
    assert [at for at, _ in (await store.page("t", limit=9)).messages] == [0]
    assert await store.memory("ann") == ()
    assert set(CHANGING).isdisjoint(faults.calls)
    assert place.path("t").read_bytes() == torn
    assert memory.read_bytes() == b"torn"
    store = await place.restart()
    assert contents(await store.history("t")) == ["a"]
    assert await store.memory("ann") == ()
    assert len(place.quarantined()) == 2


async def test_unmendable_session_can_still_be_read(place, store, faults):
    """Where a full disk lets no file be mended, the session is read as it is, and mended when there is space."""
    await store.create(record("s"), [said("a"), said("b")])
    await place.checkpoint()
    await place.die()
    place.path("s").write_bytes(place.path("s").read_bytes()[:-9])
    faults.full = True
    store = await place.again()
    assert contents(await store.history("s")) == ["a", "b"]
    with pytest.raises(StorageFull):
        await store.append("s", [said("c")])
    faults.full = False
    await store.append("s", [said("c")])
    assert contents(await store.history("s")) == ["a", "b", "c"]
    assert len(place.quarantined()) == 1


async def test_file_damaged_on_a_full_disk_is_written_back_later(place, store, faults):
    """What the store still knows of a damaged file outlives a disk without space for writing it back."""
    await store.create(record("s"), [said("a"), said("b")])
    await place.folded()
    place.path("s").write_bytes(b"")
    faults.full = True
    for _ in range(2):
        assert contents(await store.history("s")) == ["a", "b"]
        with pytest.raises(StorageFull):
            await store.append("s", [said("c")])
    faults.full = False
    assert contents(await store.history("s")) == ["a", "b"]
    assert contents(await (await place.crash()).history("s")) == ["a", "b"]


async def test_unsettled_answer_waits_for_space(place, store, faults):
    """Where a full disk lets no answer be settled, its text is kept until one can be."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    await place.checkpoint()
    await place.die()
    faults.full = True
    for _ in range(2):
        store = await place.again()
        assert contents(await store.history("s")) == ["q", "half"]
        assert place.in_file("s") == ["q"]
        await place.die()
    faults.full = False
    store = await place.again()
    assert contents(await store.history("s")) == ["q", "half"]
    await place.folded()
    assert place.in_file("s") == ["q", "half"]


@pytest.fixture
async def refused(place, store, faults):
    """A session whose answer was written in part when the disk got full, so that the whole was refused."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    await place.checkpoint()
    faults.full = True
    with pytest.raises(StorageFull):
        await store.append("s", [answered("whole", "resp_1")])
    return place


async def test_refused_answer_is_shown_while_the_disk_is_full(refused):
    """What was written of an answer whose append was refused stands in the history at once; nothing is written."""
    before = refused.path("s").read_bytes()
    for _ in range(2):
        _, answer = await refused.store.history("s")
        assert (answer["content"], answer["status"], answer["reason"]) == ("half", "incomplete", "interrupted")
        assert [message["content"] for _, message in (await refused.store.page("s", limit=9)).messages] == ["q", "half"]
    assert refused.path("s").read_bytes() == before


async def test_refused_answer_is_settled_when_there_is_space(refused, faults):
    """The first look after there is space puts the interrupted answer into the session, once."""
    await refused.store.history("s")
    faults.full = False
    for _ in range(2):
        assert contents(await refused.store.history("s")) == ["q", "half"]
        await refused.folded()
        assert refused.in_file("s") == ["q", "half"]
    assert contents(await (await refused.crash()).history("s")) == ["q", "half"]


@pytest.mark.parametrize("looks", [0, 1])
@pytest.mark.parametrize("space", ["before", "after"])
async def test_refused_answer_is_settled_by_a_restart(refused, faults, looks, space):
    """A restart, before there is space or after, finds the same answer."""
    for _ in range(looks):
        await refused.store.history("s")
    faults.full = space == "after"
    store = await refused.crash()
    assert contents(await store.history("s")) == ["q", "half"]
    faults.full = False
    assert contents(await store.history("s")) == ["q", "half"]
    await refused.folded()
    assert refused.in_file("s") == ["q", "half"]


async def test_next_question_finds_the_refused_answer(refused, faults):
    """A question that comes while the disk is full is refused too; with space it stands behind the answer."""
    question = said("next", response_id="resp_2")
    with pytest.raises(StorageFull):
        await refused.store.append("s", [question])
    assert contents(await refused.store.history("s")) == ["q", "half"]
    faults.full = False
    await refused.store.append("s", [question])
    assert contents(await refused.store.history("s")) == ["q", "half", "next"]
    await refused.store.append("s", [answered("whole", "resp_2")])
    assert contents(await (await refused.crash()).history("s")) == ["q", "half", "next", "whole"]


async def test_refusal_is_noted_though_its_caller_is_gone(store, faults):
    """An answer that is refused after its caller was cancelled does not count as running for ever."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    faults.full = True
    task = asyncio.create_task(store.append("s", [answered("whole", "resp_1")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert contents(await store.history("s")) == ["q", "half"]


async def test_answer_after_a_failed_sync_is_shown_as_far_as_it_was_written(place, store, faults):
    """After a failed sync elsewhere a refused answer is shown as far as it was written, read-only."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    await place.folded()
    faults.fail = {"sync_data"}
    with pytest.raises(StorageReadOnly):
        await store.create(record("t"))
    faults.fail = None
    assert contents(await store.history("s")) == ["q"]
    with pytest.raises(StorageReadOnly):
        await store.append("s", [answered("whole", "resp_1")])
    assert contents(await store.history("s")) == ["q", "half"]
    assert place.in_file("s") == ["q"]
    assert contents(await (await place.restart()).history("s")) == ["q", "half"]


async def test_one_unreadable_file_does_not_stop_the_start(place, store, faults):
    """A session file that the system does not let us read is reported and not served; nothing of it is lost."""
    await store.create(record("s"), [said("a")])
    await store.create(record("t"), [said("b")])
    await place.close()
    (place.folder / "sessions.json").unlink()
    faults.fail, faults.path, faults.number = {"open"}, "session_s.json", errno.EACCES
    store = await place.again()
    assert contents(await store.history("t")) == ["b"]
    for call in (store.record("s"), store.history("s")):
        with pytest.raises(SessionNotFound):
            await call
    with pytest.raises(SessionExists):
        await store.create(record("s", "bob"))
    await place.close()
    faults.fail = None
    os.utime(place.path("s"), (1, 1))
    store = await place.again()
    assert (await store.record("s")).user_id == "ann"
    assert contents(await store.history("s")) == ["a"]


@pytest.mark.parametrize("call", ["sync", "sync_data"])
async def test_failed_sync_at_the_start_is_told(place, store, faults, call):
    """A start that must write and cannot sync fails, gives the directory back, and loses nothing."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    await place.die()
    faults.fail = {call}
    with pytest.raises(StorageReadOnly):
        await place.again()
    faults.fail = None
    assert contents(await (await place.again()).history("s")) == ["q", "half"]
