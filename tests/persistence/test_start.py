"""What a start makes of what it finds: leftovers, a missing or damaged index, directories of the plain old form."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from persistence import (
    DirectoryInUse,
    FileStore,
    LongTermMemory,
    Record,
    SessionExists,
    SessionNotFound,
    StorageError,
    start,
)
from persistence.answer import new_draft
from tests.persistence.places import FilePlace, check_files, contents, record, said

LONG_AGO = 1_000_000_000
LONG_AGO_TEXT = "2001-09-09T01:46:40.000000Z"


def make_old(place: FilePlace, *names: str) -> None:
    """Dates files back, so that a start goes by the index."""
    for name in names:
        os.utime(place.folder / name, (LONG_AGO, LONG_AGO))


def write_old_directory(place: FilePlace) -> None:
    """A directory of the plain old form: one session in both places, one in each."""
    place.folder.mkdir()
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    for session_id in ("both", "file"):
        place.path(session_id).write_text(json.dumps({"session_id": session_id, "history": history}))
    index = {
        "both": {"session_id": "both", "user_id": "ann", "created_at": "2024-01-01T12:00:00", "title": "Tea"},
        "index": {"session_id": "index", "user_id": "ann", "last_activity": "2024-01-01T12:00:00Z", "is_active": False},
    }
    place.path("timeless").write_text(json.dumps({"session_id": "timeless", "history": history}))
    index["timeless"] = {"session_id": "timeless", "user_id": "eve"}
    (place.folder / "sessions.json").write_text(json.dumps(index))
    make_old(place, "session_both.json", "session_file.json", "session_timeless.json")


async def check_old_directory(store: FileStore) -> None:
    assert contents(await store.history("both")) == ["a", "b"]
    both = await store.record("both")
    assert (both.user_id, both.created_at, both.metadata) == ("ann", "2024-01-01T12:00:00.000000Z", {"title": "Tea"})
    assert contents(await store.history("file")) == ["a", "b"]
    assert await store.record("file") == Record("file", "nobody", LONG_AGO_TEXT, LONG_AGO_TEXT)
    assert await store.record("timeless") == Record("timeless", "eve", LONG_AGO_TEXT, LONG_AGO_TEXT)
    assert list(await store.history("index")) == []
    assert ((await store.record("index")).user_id, (await store.record("index")).is_active) == ("ann", False)
    assert {r.session_id for r in await store.records("ann", limit=9)} == {"both", "index"}


async def test_old_directory_is_taken_and_goes_on(place):
    """Sessions, records without files and files without records are there, and can be appended to."""
    write_old_directory(place)
    store = await place.open()
    await check_old_directory(store)
    for session_id in ("both", "file", "index"):
        await store.append(session_id, [said("c")])
    store = await place.crash()
    assert contents(await store.history("both")) == ["a", "b", "c"]
    assert (await store.record("both")).user_id == "ann"


async def test_sessions_of_nobody_are_told_once_at_each_start(place, caplog):
    """A start says how many sessions nobody sees, and how they can be seen; an owner in the files ends it."""
    write_old_directory(place)
    place.path("more").write_text(json.dumps({"session_id": "more", "history": []}))
    for open_store in (place.open, place.restart):
        caplog.clear()
        await open_store()
        [told] = [entry.getMessage() for entry in caplog.records if "nobody" in entry.getMessage()]
        assert "not known: 2;" in told
        for words in ("`key=nobody` in VERBATIM_API_KEYS", "`user_id`", "docs/operations.md"):
            assert words in told
    await place.close()
    for name in ("file", "more"):
        path = place.path(name)
        path.write_bytes(path.read_bytes().replace(b'"nobody"', b'"ann"'))
    caplog.clear()
    store = await place.again()
    assert "nobody" not in caplog.text
    assert {r.session_id for r in await store.records("ann", limit=9)} == {"both", "file", "index", "more"}


async def test_old_directory_needs_its_index_once(place):
    """After the first start each file says all about its session: the index may be lost."""
    write_old_directory(place)
    created = (await (await place.open()).record("file")).created_at
    await place.die()
    (place.folder / "sessions.json").unlink()
    store = await place.again()
    await check_old_directory(store)
    assert (await store.record("file")).created_at == created


async def test_old_directory_survives_a_first_start_that_is_cut_short(place, monkeypatch):
    """A first start that fails before its end leaves the index as it was, and the second one takes all over."""
    write_old_directory(place)
    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "_create", refuse)
        with pytest.raises(StorageError):
            await place.open()
    await place.close()
    await check_old_directory(await place.again())


async def refuse(*_: object) -> None:
    raise StorageError("create", Path("session_index.json"), "refused")


async def test_record_without_file_does_not_come_back(place, store):
    """In our own directory a record whose file is gone is the trace of a deletion."""
    await store.create(record("s"))
    await store.create(record("t"))
    await place.restart()
    await place.die()
    place.path("s").unlink()
    store = await place.again()
    with pytest.raises(SessionNotFound):
        await store.record("s")
    assert [r.session_id for r in await store.records("ann", limit=9)] == ["t"]


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b"\0\0", b'{"s":5,"t":{"user_id":"eve"}}'])
async def test_index_comes_back(place, store, damage):
    """Missing, empty, damaged or lying, the index is made again from the session files."""
    await store.create(record("s", title="Tea"), [said("a")])
    await store.create(record("t"))
    await place.die()
    index = place.folder / "sessions.json"
    index.unlink(missing_ok=True)
    if damage is not None:
        index.write_bytes(damage)
        make_old(place, "sessions.json")
    store = await place.again()
    assert await store.record("s") == record("s", title="Tea")
    assert {r.session_id for r in await store.records("ann", limit=9)} == {"s", "t"}
    await place.close()
    assert set(json.loads(index.read_bytes())) == {"s", "t"}


async def test_damaged_index_is_kept_in_the_quarantine(place, store):
    """What could not be read is set aside, not thrown away."""
    await place.die()
    (place.folder / "sessions.json").write_bytes(b'{"s":')
    await place.again()
    [name] = place.quarantined()
    assert (place.folder / "quarantine" / name).read_bytes() == b'{"s":'


async def test_index_is_believed_for_old_files(place, store):
    """A session file that is older than the index is not read at the start."""
    await store.create(record("s"))
    await place.close()
    value = json.loads((place.folder / "sessions.json").read_bytes())
    value["s"]["metadata"] = {"from": "index"}
    (place.folder / "sessions.json").write_text(json.dumps(value))
    make_old(place, "session_s.json")
    store = await place.again()
    assert (await store.record("s")).metadata == {"from": "index"}
    await store.history("s")
    assert (await store.record("s")).metadata == {}


async def test_index_lags_at_most_by_its_margin(place, store):
    """The index says that it is a little older than it is, so that no file changed while it was written is missed."""
    await store.create(record("s"))
    before = time.time()
    await place.close()
    assert before - 3 < (place.folder / "sessions.json").stat().st_mtime < time.time() - 1


async def test_index_from_the_future_is_not_believed(place, store):
    """An index that is newer than the present shows that the clock was put back: every file is read."""
    await store.create(record("s", title="Tea"))
    await place.close()
    index = place.folder / "sessions.json"
    index.write_bytes(index.read_bytes().replace(b"Tea", b"old"))
    os.utime(index, (time.time() + 1000, time.time() + 1000))
    make_old(place, "session_s.json")
    assert (await (await place.again()).record("s")).metadata == {"title": "Tea"}


async def test_index_is_written_behind(place, store):
    """The index follows a change by itself, while the store is open."""
    await store.create(record("s"))
    writer = store._index._writer
    while not (place.folder / "sessions.json").exists():
        await asyncio.sleep(0)
        assert not writer.done()
    assert set(json.loads((place.folder / "sessions.json").read_bytes())) == {"s"}


async def test_leftovers_of_a_replace_are_removed(place, store):
    """What a crash left of a file that was being written is not kept."""
    await store.create(record("s"), [said("a")])
    await place.die()
    (place.folder / ".session_s.json.0123abcd.new").write_bytes(b'{"sess')
    store = await place.again()
    assert [path.name for path in place.folder.iterdir() if path.name.endswith(".new")] == []
    assert contents(await store.history("s")) == ["a"]


@pytest.mark.parametrize("torn", ["tail", "half", "line"])
async def test_torn_session_is_mended(place, store, torn):
    """A torn file keeps its whole messages, is valid once somebody has looked, and lies in the quarantine as it was."""
    await store.create(record("s"), [said("a"), said("b")])
    await place.restart()
    await place.die()
    data = place.path("s").read_bytes()
    cut = {"tail": data[:-5], "half": data[: data.index(b"msg_b")], "line": data.replace(b'"msg_b"', b'"msg_b')}[torn]
    place.path("s").write_bytes(cut)
    store = await place.again()
    assert contents(await store.history("s")) == (["a", "b"] if torn == "tail" else ["a"])
    await place.folded()
    check_files(place.folder)
    assert (await store.record("s")).user_id == "ann"
    [name] = place.quarantined()
    assert (place.folder / "quarantine" / name).read_bytes() == cut
    await store.append("s", [said("c")])
    assert contents(await (await place.crash()).history("s"))[-1] == "c"


@pytest.mark.parametrize("odd", [b"\xff", b'","n":' + b"[" * 400 + b"]" * 400 + b',"o":"'], ids=["byte", "deep"])
async def test_record_that_cannot_be_kept_stops_nothing(place, store, odd):
    """A byte in a record that is no text, or nesting that cannot be written, costs neither the start nor the index."""
    for session_id in ("s", "t"):
        await store.create(record(session_id, title="Tea"), [said("a")])
    await place.close()
    path = place.path("s")
    path.write_bytes(path.read_bytes().replace(b"Tea", b"Tea" + odd))
    store = await place.again()
    for session_id in ("s", "t"):
        await store.append(session_id, [said("b")])
        assert contents(await store.history(session_id)) == ["a", "b"]
        assert (await store.record(session_id)).user_id == "ann"
    await place.checkpoint()
    assert store.fault is None


async def test_unreadable_session_is_set_aside(place, store):
    """A file that holds no session is moved to the quarantine and not served; its id is free again."""
    await store.create(record("s"), [said("a")])
    await store.create(record("t"), [said("b")])
    await place.checkpoint()
    await place.die()
    place.path("s").write_bytes(b"not at all")
    store = await place.again()
    with pytest.raises(SessionNotFound):
        await store.record("s")
    assert contents(await store.history("t")) == ["b"]
    [name] = place.quarantined()
    assert (place.folder / "quarantine" / name).read_bytes() == b"not at all"
    await store.create(record("s"))


async def test_damaged_memory_is_set_aside(place, store):
    """A memory file that cannot be read does not stop its user, and is kept in the quarantine."""
    (place.folder / "memory_ann.json").write_bytes(b'{"facts":[{"text":"a"},')
    (place.folder / "memory_bob.json").write_bytes(b'{"facts":[{"text":"a"},5]}')
    assert await store.memory("ann") == ()
    assert [fact.text for fact in await store.memory("bob")] == ["a"]
    assert [name.split(".")[0] for name in place.quarantined()] == ["memory_ann", "memory_bob"]
    await place.folded()
    assert not (place.folder / "memory_ann.json").exists()


async def test_answer_of_an_unreadable_session_is_set_aside(place, store):
    """What was written of an answer is not thrown away where its session cannot be read."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), "half")
    await place.checkpoint()
    await place.die()
    place.path("s").write_bytes(b"not at all")
    for _ in range(2):
        with pytest.raises(SessionNotFound):
            await (await place.again()).history("s")
        [answer] = [name for name in place.quarantined() if name == "session_s.json.resp_1"]
        assert len(place.quarantined()) == 2
        value = json.loads((place.folder / "quarantine" / answer).read_bytes())
        assert (value["session_id"], value["text"]) == ("s", "half")
        await place.die()


async def test_old_question_without_an_answer_is_settled_when_it_is_read(place, store):
    """A session that is older than the index and owes an answer is settled before anybody sees it."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await place.close()
    make_old(place, "session_s.json")
    assert contents(await (await place.again()).history("s")) == ["q", ""]


@pytest.mark.parametrize("response_id", ["../../up", "a/b", "x" * 300, "a\0b", "é", "."])
async def test_response_ids_do_not_leave_the_folder(place, store, response_id):
    """Whatever a response is called, it names no file, and its answer is settled."""
    await store.create(record("s"), [said("q", response_id=response_id)])
    await store.write("s", new_draft(response_id), "half")
    assert contents(await (await place.crash()).history("s")) == ["q", "half"]
    await place.close()
    names = {path.name for path in place.folder.rglob("*") if path.is_file() and path.suffix != ".jsonl"}
    assert names == {".lock", "session_s.json", "sessions.json"}
    assert [path.name for path in place.folder.parent.iterdir()] == ["data"]


async def test_odd_response_id_in_a_file_does_not_stop_the_start(place, store):
    """A person's file may hold anything under our names."""
    await place.die()
    history = [{"role": "user", "content": "q", "response_id": 5}]
    place.path("s").write_text(json.dumps({"session_id": "s", "history": history}))
    assert contents(await (await place.again()).history("s")) == ["q"]


async def test_second_store_on_a_directory_is_refused(place, store):
    """One store per directory, until it is closed."""
    await store.create(record("s"))
    other = FileStore(place.folder)
    with pytest.raises(DirectoryInUse, match="in use"):
        await other.open()
    await other.close()
    with pytest.raises(SessionExists):
        await store.create(record("s"))
    await place.restart()


async def test_closed_store_refuses_changes(place, store):
    """After its end a store writes nothing: the directory may be somebody else's."""
    await store.create(record("s"))
    await place.close()
    before = place.path("s").read_bytes()
    for call in (
        store.append("s", [said("a")]),
        store.create(record("t")),
        store.history("s"),
        store.page("s", limit=1),
        store.delete("s"),
        store.delete_user("ann"),
        store.update_memory("ann", lambda facts: facts),
        store.memory("ann"),
    ):
        with pytest.raises(StorageError, match="closed"):
            await call
    assert place.path("s").read_bytes() == before


async def test_reader_that_gives_up_does_not_settle_by_half(place, store):
    """A reader that is cancelled while the answer is settled for it leaves it settled once, or not yet."""
    names = [f"s{turns}" for turns in range(12)]
    for name in names:
        await store.create(record(name), [said("q", response_id=f"resp_{name}")])
    await place.close()
    make_old(place, *(f"session_{name}.json" for name in names))
    store = await place.again()
    for turns, name in enumerate(names):
        reader = asyncio.create_task(store.history(name))
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        await store.append(name, [said("next")])
        assert contents(await store.history(name)) == ["q", "", "next"]


async def test_readers_of_a_damaged_memory_do_not_set_a_new_one_aside(place, store):
    """Whoever finds the damage while somebody writes the memory anew takes nothing away from it."""
    path = place.folder / "memory_ann.json"
    for number in range(20):
        await place.folded()
        path.write_bytes(b"damaged")
        memory = LongTermMemory(store, "ann")
        await asyncio.gather(memory.facts(), memory.learn(f"fact {number}"), memory.facts(), memory.facts())
        assert [fact.text for fact in await memory.facts()] == [f"fact {number}"]


async def test_first_start_that_fails_folds_nothing_more(place, monkeypatch):
    """A start that fails gives the directory back and leaves no task behind that writes to it."""
    write_old_directory(place)
    before = asyncio.all_tasks()
    with monkeypatch.context() as patched:
        patched.setattr(place.store._checkpoints, "make", refuse)
        with pytest.raises(StorageError):
            await place.open()
    assert asyncio.all_tasks() == before
    await check_old_directory(await place.again())


async def test_clean_directory_is_started_without_a_look_into_its_files(place, store):
    """After a clean end a start reads the index and no session file, and writes none."""
    for number in range(20):
        await store.create(record(f"s{number}"), [said("a")])
    await place.close()
    make_old(place, *(f"session_s{number}.json" for number in range(20)))
    opened = []
    place.faults.before = lambda name, *args: opened.append(str(args[0])) if name == "open" else None
    store = await place.again()
    assert [name for name in opened if "session_s" in name] == []
    assert len(await store.records("ann", limit=99)) == 20


async def test_clock_that_was_put_back_hides_nothing(place, store, monkeypatch):
    """With a clock that has jumped back in mid-run, every change is found again, with and without the index."""
    await store.create(record("s", title="one"))
    await place.checkpoint()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 1e5)
    monkeypatch.setattr(time, "time_ns", lambda: int((real() - 1e5) * 1e9))
    await store.update("s", lambda known: record("s", title="two"))
    await store.append("s", [said("a")])
    for end in (place.crash, place.restart):
        store = await end()
        assert (await store.record("s")).metadata == {"title": "two"}
        assert contents(await store.history("s")) == ["a"]
        await store.append("s", [said("b")])
        await store.edit("s", lambda messages: messages[:1])
    monkeypatch.undo()
    store = await place.restart()
    assert (await store.record("s")).metadata == {"title": "two"}
    assert contents(await store.history("s")) == ["a"]


async def test_edits_in_a_large_directory_are_seen_once_it_is_open(place, monkeypatch):
    """Where there are too many files to look at each before the start is over, edited ones are looked at behind it."""
    monkeypatch.setattr(start, "_TIMES_AT_ONCE", 0)
    store = await place.open()
    for name in "st":
        await store.create(record(name), [said("a")])
    await store.close()
    path = place.path("s")
    path.write_bytes(path.read_bytes().replace(b'"user_id":"ann"', b'"user_id":"bob"'))
    place.path("u").write_bytes(path.read_bytes().replace(b'"session_id":"s"', b'"session_id":"u"'))
    store = await place.again()
    assert [known.session_id for known in await store.records("bob", limit=9)] == ["u"]
    await store._looking
    assert {known.session_id for known in await store.records("bob", limit=9)} == {"s", "u"}
    assert [known.session_id for known in await store.records("ann", limit=9)] == ["t"]
