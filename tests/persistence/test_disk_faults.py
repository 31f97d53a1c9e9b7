"""A disk that refuses at each of its operations: nothing acknowledged is lost, nothing refused is there."""

import asyncio
import errno
import json
import os
from dataclasses import asdict, replace
from typing import Any

import pytest

from persistence import (
    Fact,
    FileStore,
    MemoryStore,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageFull,
    StorageReadOnly,
    Store,
    files,
)
from persistence.answer import new_draft
from tests.persistence.faults import FaultyOs
from tests.persistence.places import AT, FilePlace, answered, check_files, contents, record, said

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
    "learn": lambda store: store.update_memory("ann", learn(FACT)),
    "learn more": lambda store: store.update_memory("ann", learn(replace(FACT, id="fact_2", session_id=None))),
    "answer": lambda store: store.append("s", [answered("half", "resp_1")]),
    "rename": lambda store: store.update("s", lambda known: replace(known, metadata={"title": ""})),
    "edit": lambda store: store.edit("s", lambda messages: messages[1:]),
    "ask": lambda store: store.append("s", [said("r", response_id="resp_2")]),
    "write again": lambda store: store.write("s", {**DRAFT, "response_id": "resp_2"}, "x"),
    "delete": lambda store: store.delete("s"),
    "ask another": lambda store: store.append("t", [said("q", response_id="resp_3")]),
    "write another": lambda store: store.write("t", {**DRAFT, "response_id": "resp_3"}, "half"),
}


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


async def count_calls(folder: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    faulty = FaultyOs()
    monkeypatch.setattr(files, "os", faulty)
    place = FilePlace(folder, index_delay_s=1e6)
    store = await place.open()
    for step in STEPS.values():
        await step(store)
    await place.die()
    return len(faulty.calls)


async def seen(store: Store, faulty: FaultyOs) -> Any:
    """The state, looked at without a fault."""
    faulty.paused = True
    try:
        return await state(store)
    finally:
        faulty.paused = False


@pytest.mark.parametrize(("number", "short"), [(errno.EIO, False), (errno.ENOSPC, True)])
async def test_each_refused_operation_changes_nothing(tmp_path, monkeypatch, number, short):
    """Whichever call fails: the step is refused whole or done whole, and a crash finds what was acknowledged."""
    calls = await count_calls(tmp_path / "count", monkeypatch)
    assert calls > 80
    refused = read_only = 0
    for fail in range(calls):
        faulty = FaultyOs()
        faulty.number, faulty.short = number, short
        monkeypatch.setattr(files, "os", faulty)
        place, model = FilePlace(tmp_path / str(fail), index_delay_s=1e6), MemoryStore()
        faulty.fail = fail
        try:
            store = await place.open()
        except StorageError:
            place = FilePlace(place.folder, index_delay_s=1e6)
            store = await place.open()
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
                    assert await seen(store, faulty) == alternatives[0], (fail, name)
                await step(store)
            await step(model)
            alternatives = [await state(model)]
            assert await seen(store, faulty) == alternatives[0], (fail, name)
        if store.fault:
            await check_read_only(store)
        faulty.fail = None
        store = await place.crash()
        await model.open()
        alternatives.append(await state(model))
        after = await seen(store, faulty)
        assert without_interrupted(after) in map(without_interrupted, alternatives), (fail, faulty.calls[fail])
        await place.close()
        check_files(place.folder)
    assert refused > 20
    assert read_only > 10


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


@pytest.fixture
def faulty(monkeypatch):
    faulty = FaultyOs()
    monkeypatch.setattr(files, "os", faulty)
    return faulty


async def test_full_disk_refuses_and_goes_on(store, faulty):
    """A full disk is told as such; when there is space again the session goes on as it was."""
    await store.create(record("s"), [said("a")])
    faulty.fail, faulty.number, faulty.short = {"pwrite"}, errno.ENOSPC, True
    for call in (store.append("s", [said("b")]), store.create(record("t")), store.write("s", DRAFT, "x")):
        with pytest.raises(StorageFull, match="No space left"):
            await call
    faulty.fail = None
    assert store.fault is None
    await store.append("s", [said("c")])
    assert contents(await store.history("s")) == ["a", "c"]


async def test_piece_behind_a_refused_one_is_kept(place, store, faulty):
    """A piece that was written behind a torn one is in the settled answer."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "one ")
    faulty.fail, faulty.short = {"pwrite"}, True
    with pytest.raises(StorageError):
        await store.write("s", DRAFT, "two ")
    faulty.fail = None
    await store.write("s", DRAFT, "three")
    assert contents(await (await place.crash()).history("s")) == ["q", "one three"]


async def test_answer_is_kept_though_its_parts_cannot_be_removed(place, store, faulty):
    """An append that is durable is acknowledged, whatever becomes of the pieces that it makes superfluous."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "ha")
    faulty.fail = {"unlink"}
    await store.append("s", [answered("half", "resp_1")])
    faulty.fail = None
    assert contents(await store.history("s")) == ["q", "half"]
    assert contents(await (await place.crash()).history("s")) == ["q", "half"]
    assert list((place.folder / "journal").iterdir()) == []


async def test_failed_sync_stops_what_waits(store, faulty):
    """Appends that wait behind the one whose sync fails are refused as well, and write nothing."""
    await store.create(record("s"))
    faulty.fail = {"fsync"}
    results = await asyncio.gather(*(store.append("s", [said(str(n))]) for n in range(9)), return_exceptions=True)
    faulty.fail = None
    assert {type(result) for result in results} == {StorageReadOnly}
    assert contents(await store.history("s")) in ([], ["0"])
    assert isinstance(store.fault, StorageReadOnly)


async def test_failed_sync_of_the_index_stops_all(place, store, faulty):
    """The index may be late, but what its failed sync says of the disk counts for all."""
    faulty.fail = {"fsync"}
    store._index.put(record("s"))
    await store._index.flush()
    faulty.fail = None
    assert isinstance(store.fault, StorageReadOnly)
    with pytest.raises(StorageReadOnly):
        await store.create(record("t"))


async def test_reading_writes_nothing_after_a_failed_sync(place, store, faulty):
    """With a failed sync behind it the store shows what it has, and neither mends nor settles nor sets aside."""
    await store.create(record("s"), [said("a")])
    await store.create(record("t"), [said("a")])
    await store.update_memory("ann", learn(FACT))
    faulty.fail = {"fsync"}
    with pytest.raises(StorageReadOnly):
        await store.append("s", [said("q", response_id="resp_1")])
    faulty.fail = None
    torn = place.path("t").read_bytes()[:-9]
    place.path("t").write_bytes(torn)
    memory = place.folder / "memory_ann.json"
    memory.write_bytes(b"torn")
    store._sessions.forget("t")
    del faulty.calls[:]
    assert contents(await store.history("s")) == ["a", "q", ""]
    assert contents(await store.history("t")) == ["a"]
    assert await store.memory("ann") == ()
    assert {"pwrite", "replace", "unlink", "mkdir", "fsync"}.isdisjoint(faulty.calls)
    assert place.path("t").read_bytes() == torn
    assert memory.read_bytes() == b"torn"
    store = await place.restart()
    assert contents(await store.history("t")) == ["a"]
    assert await store.memory("ann") == ()
    assert len(place.quarantined()) == 2


async def test_unmendable_session_can_still_be_read(place, store, faulty):
    """Where a full disk lets no file be mended, the session is read as it is, and mended when there is space."""
    await store.create(record("s"), [said("a"), said("b")])
    await place.die()
    place.path("s").write_bytes(place.path("s").read_bytes()[:-9])
    faulty.fail, faulty.number = {"pwrite"}, errno.ENOSPC
    store = await place.again()
    assert contents(await store.history("s")) == ["a", "b"]
    with pytest.raises(StorageFull):
        await store.append("s", [said("c")])
    faulty.fail = None
    await store.append("s", [said("c")])
    assert contents(await store.history("s")) == ["a", "b", "c"]
    assert len(place.quarantined()) == 1


async def test_file_damaged_on_a_full_disk_is_written_back_later(place, store, faulty):
    """What the store still knows of a damaged file outlives a disk without space for writing it back."""
    await store.create(record("s"), [said("a"), said("b")])
    place.path("s").write_bytes(b"")
    faulty.fail, faulty.number = {"pwrite"}, errno.ENOSPC
    for _ in range(2):
        assert contents(await store.history("s")) == ["a", "b"]
        with pytest.raises(StorageFull):
            await store.append("s", [said("c")])
    faulty.fail = None
    assert contents(await store.history("s")) == ["a", "b"]
    assert contents(await (await place.crash()).history("s")) == ["a", "b"]


async def test_unsettled_answer_waits_for_space(place, store, faulty):
    """Where a full disk lets no answer be settled, its text is kept until one can be."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    await place.die()
    faulty.fail, faulty.number = {"pwrite"}, errno.ENOSPC
    store = await place.again()
    before = place.path("s").read_bytes()
    assert contents(await store.history("s")) == ["q", "half"]
    assert place.path("s").read_bytes() == before
    faulty.fail = None
    assert contents(await store.history("s")) == ["q", "half"]
    assert contents(json.loads(place.path("s").read_bytes())["history"]) == ["q", "half"]
    assert list((place.folder / "journal").iterdir()) == []


@pytest.fixture
async def refused(place, store, faulty):
    """A session whose answer was written in part when the disk got full, so that the whole was refused."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    faulty.fail, faulty.number = {"pwrite"}, errno.ENOSPC
    with pytest.raises(StorageFull):
        await store.append("s", [answered("whole", "resp_1")])
    return place


def in_file(place: FilePlace) -> list[str]:
    return contents(json.loads(place.path("s").read_bytes())["history"])


async def test_refused_answer_is_shown_while_the_disk_is_full(refused):
    """What was written of an answer whose append was refused stands in the history at once; nothing is written."""
    before = refused.path("s").read_bytes()
    for _ in range(2):
        _, answer = await refused.store.history("s")
        assert (answer["content"], answer["status"], answer["reason"]) == ("half", "incomplete", "interrupted")
    assert refused.path("s").read_bytes() == before
    assert len(list((refused.folder / "journal").iterdir())) == 1


async def test_refused_answer_is_settled_when_there_is_space(refused, faulty):
    """The first look after there is space puts the interrupted answer into the file, once."""
    await refused.store.history("s")
    faulty.fail = None
    for _ in range(2):
        assert contents(await refused.store.history("s")) == in_file(refused) == ["q", "half"]
    assert list((refused.folder / "journal").iterdir()) == []
    assert contents(await (await refused.crash()).history("s")) == ["q", "half"]


@pytest.mark.parametrize("looks", [0, 1])
@pytest.mark.parametrize("space", ["before", "after"])
async def test_refused_answer_is_settled_by_a_restart(refused, faulty, looks, space):
    """A restart, before there is space or after, finds the same answer."""
    for _ in range(looks):
        await refused.store.history("s")
    if space == "before":
        faulty.fail = None
    store = await refused.crash()
    assert contents(await store.history("s")) == ["q", "half"]
    faulty.fail = None
    assert contents(await store.history("s")) == in_file(refused) == ["q", "half"]


async def test_next_question_finds_the_refused_answer(refused, faulty):
    """A question that comes while the disk is full is refused too; with space it stands behind the answer."""
    question = said("next", response_id="resp_2")
    with pytest.raises(StorageFull):
        await refused.store.append("s", [question])
    assert contents(await refused.store.history("s")) == ["q", "half"]
    faulty.fail = None
    await refused.store.append("s", [question])
    assert contents(await refused.store.history("s")) == in_file(refused) == ["q", "half", "next"]
    await refused.store.append("s", [answered("whole", "resp_2")])
    assert contents(await (await refused.crash()).history("s")) == ["q", "half", "next", "whole"]


async def test_refusal_is_noted_though_its_caller_is_gone(place, store, faulty):
    """An answer that is refused after its caller was cancelled does not count as running for ever."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    faulty.fail, faulty.number = {"pwrite"}, errno.ENOSPC
    task = asyncio.create_task(store.append("s", [answered("whole", "resp_1")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert contents(await store.history("s")) == ["q", "half"]


async def test_answer_after_a_failed_sync_is_shown_from_its_parts(place, store, faulty):
    """After a failed sync elsewhere a refused answer is shown as far as it was written, read-only."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    faulty.fail = {"fsync"}
    with pytest.raises(StorageReadOnly):
        await store.create(record("t"))
    faulty.fail = None
    assert contents(await store.history("s")) == ["q"]
    with pytest.raises(StorageReadOnly):
        await store.append("s", [answered("whole", "resp_1")])
    assert contents(await store.history("s")) == ["q", "half"]
    assert in_file(place) == ["q"]
    assert contents(await (await place.restart()).history("s")) == in_file(place) == ["q", "half"]


async def test_unreadable_parts_do_not_hide_the_session(refused, faulty):
    """Where what was written of an answer cannot be read, the rest of its session can."""
    [part] = (refused.folder / "journal").iterdir()
    text = part.read_bytes()
    part.unlink()
    part.mkdir()
    assert contents(await refused.store.history("s")) == ["q"]
    part.rmdir()
    part.write_bytes(text)
    assert contents(await refused.store.history("s")) == ["q", "half"]


async def test_one_unreadable_file_does_not_stop_the_start(place, store, monkeypatch):
    """A session file that the system does not let us read is reported and not served; nothing of it is lost."""
    await store.create(record("s"), [said("a")])
    await store.create(record("t"), [said("b")])
    await place.restart()
    await place.die()
    (place.folder / "sessions.json").unlink()

    faulty = FaultyOs()
    real = faulty.__dict__["open"]

    def deny(path: Any, *args: Any) -> Any:
        if str(path).endswith("session_s.json"):
            raise PermissionError(errno.EACCES, "denied")
        return real(path, *args)

    faulty.__dict__["open"] = deny
    monkeypatch.setattr(files, "os", faulty)
    store = await place.again()
    assert contents(await store.history("t")) == ["b"]
    for call in (store.record("s"), store.history("s")):
        with pytest.raises(SessionNotFound):
            await call
    with pytest.raises(SessionExists):
        await store.create(record("s", "bob"))
    await place.close()
    monkeypatch.undo()
    os.utime(place.path("s"), (1, 1))
    store = await place.again()
    assert (await store.record("s")).user_id == "ann"
    assert contents(await store.history("s")) == ["a"]


async def test_failed_sync_at_the_start_is_told(place, store, faulty):
    """A start that must write and cannot sync fails, gives the directory back, and loses nothing."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", DRAFT, "half")
    await place.die()
    faulty.fail = {"fsync"}
    with pytest.raises(StorageReadOnly):
        await place.again()
    faulty.fail = None
    assert contents(await (await place.again()).history("s")) == ["q", "half"]
