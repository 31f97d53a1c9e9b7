"""Checkpoints: when they come, what they leave, and what goes on meanwhile."""

import asyncio
import errno
from dataclasses import replace
from typing import Any

import pytest

from persistence import CheckpointLimits, Settings, StorageError
from persistence.answer import new_draft
from tests.fair_time import fair_time
from tests.persistence.places import FilePlace, check_files, contents, record, said

NEVER_S = 1e6
NEVER: dict[str, Any] = {"journal_bytes": 1 << 60, "age_s": NEVER_S, "idle_s": NEVER_S, "deletion_s": NEVER_S}


@pytest.fixture
async def place(tmp_path, monkeypatch, request):
    """A place where only the limit in question brings a checkpoint, and nothing is folded without one."""
    monkeypatch.setattr("persistence.checkpoints._LOOK_S", 0.001)
    monkeypatch.setattr("persistence.checkpoints._RETRY_S", 0.001)
    limits = CheckpointLimits(**{**NEVER, **getattr(request, "param", {})})
    place = FilePlace(tmp_path / "data", index_delay_s=NEVER_S, fold_delay_s=NEVER_S, checkpoints=limits)
    await place.open()
    yield place
    await place.close()
    check_files(place.folder)


async def clean(place: FilePlace) -> None:
    """Waits until nothing in the journal is needed any more."""
    async with asyncio.timeout(60):
        while not place.store._journal.is_clean:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)


async def looked(store: Any) -> None:
    """Waits until it has been looked some times whether a checkpoint is due."""
    looks, is_due = [0], store._checkpoints._is_due

    def look(began: float) -> bool:
        looks[0] += 1
        return bool(is_due(began))

    store._checkpoints._is_due = look
    async with asyncio.timeout(60):
        while looks[0] < 3:  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("place", [{"journal_bytes": 3000}, {"age_s": 0}, {"idle_s": 0}], indirect=True)
async def test_checkpoint_comes_by_itself(place):
    """By size, by age or in quiet: files and index have everything, and the journal is empty again."""
    store = place.store
    await store.create(record("s"), [said("a")])
    await store.append("s", [said("b" * 3000)])
    await clean(place)
    assert place.in_file("s") == ["a", "b" * 3000]
    assert (place.folder / "sessions.json").exists()
    assert place.journal().count(b"\n") == 2


@pytest.mark.parametrize("place", [{"deletion_s": 0}], indirect=True)
async def test_checkpoint_comes_after_a_deletion_only(place):
    """Without a deletion the journal stays as it is; with one, it is cut soon."""
    store = place.store
    await store.create(record("s"), [said("a")])
    await store.create(record("t"), [said("b")])
    await looked(store)
    assert not store._journal.is_clean
    await store.delete("s")
    await clean(place)
    assert b'"s"' not in place.journal()


@pytest.mark.parametrize("place", [{"deletion_s": 0}], indirect=True)
async def test_checkpoint_comes_after_other_instructions(place):
    """What a session's answers were to keep to once is gone like any text that was taken away; a pin takes none."""
    store = place.store
    await store.create(replace(record("s"), settings=Settings("swordfish")))
    await store.update("s", lambda one: replace(one, is_pinned=True))
    await looked(store)
    assert not store._journal.is_clean
    await store.update("s", lambda one: replace(one, settings=Settings("marlin")))
    await clean(place)
    assert b"swordfish" not in place.journal() + (place.folder / "session_s.json").read_bytes()


async def test_order_of_a_checkpoint(place):
    """First a new segment, then the files and the index, then the entry that says so, and last the old segments go."""
    store, faults = place.store, place.faults
    await store.create(record("s"), [said("a")])
    old, new = (f"{number:016d}" for number in (store._journal._segment_first, store._journal._next))
    steps = []

    def note(name: str, *args: Any) -> None:
        if name in ("rename", "unlink"):
            steps.append((name, str(args[-1]).rpartition("/")[2].partition(".")[0]))
        elif name == "write" and b'"op":"checkpoint"' in args[1]:
            steps.append(("write", "checkpoint"))
        elif name == "sync_data":
            steps.append((name, ""))

    faults.before = note
    await place.checkpoint()
    faults.before = None
    wanted = [
        ("sync_data", ""),
        ("rename", new),
        ("rename", "session_s"),
        ("rename", "sessions"),
        ("write", "checkpoint"),
        ("sync_data", ""),
        ("unlink", old),
    ]
    assert [step for step in steps if step in wanted] == wanted


@pytest.mark.parametrize("many", [False, True])
async def test_files_are_durable_before_the_journal_goes(place, many):
    """A few files are synced one by one, many in one call, each time with the folder."""
    store, faults = place.store, place.faults
    for number in range(40 if many else 3):
        await store.create(record(f"s{number}"))
    await place.folded()
    del faults.calls[:]
    await place.checkpoint()
    assert faults.calls.count("sync_all") == many
    assert faults.calls.count("sync") == (0 if many else 3) + 1 + 2 + 2 + 1


async def test_turns_go_on_during_a_checkpoint(place):
    """Appends at the same time as checkpoints are acknowledged, and everything is there after a crash."""
    store = place.store
    names = [f"s{number}" for number in range(8)]
    for name in names:
        await store.create(record(name))

    async def talk(name: str) -> None:
        for number in range(60):
            await store.append(name, [said(f"{number}")])

    talking = asyncio.gather(*map(talk, names))
    made = 0
    while not talking.done():
        await place.checkpoint()
        made += 1
    await talking
    assert made > 1
    store = await place.crash()
    for name in names:
        assert contents(await store.history(name)) == [f"{number}" for number in range(60)]


async def test_running_answer_is_in_the_new_segment(place):
    """What is written of an answer outlives the segments in which it was written, piece by piece."""
    store = place.store
    await store.create(record("s"), [said("q", response_id="resp_1")])
    for piece in ("one ", "two ", "three"):
        await store.write("s", new_draft("resp_1"), piece)
        await place.checkpoint()
    assert contents(await (await place.crash()).history("s")) == ["q", "one two three"]


async def test_checkpoint_of_nothing_does_nothing(place):
    """Without a change since the last one there is none, but an index that lags is written."""
    store, faults = place.store, place.faults
    await store.create(record("s"))
    await place.checkpoint()
    del faults.calls[:]
    await place.checkpoint()
    assert faults.calls == []
    store._index.put(record("s", title="Tea"))
    await place.checkpoint()
    assert b"Tea" in (place.folder / "sessions.json").read_bytes()


@pytest.mark.parametrize("call", ["open", "open_folder", "write", "rename", "unlink", "names"])
@pytest.mark.parametrize("then", ["again", "crash"])
async def test_refused_checkpoint_loses_nothing(place, call, then):
    """A checkpoint that the disk refuses leaves the journal, and the next one takes all, also after a crash."""
    store, faults = place.store, place.faults
    await store.create(record("s"), [said("a")])
    await place.checkpoint()
    await store.append("s", [said("b")])
    faults.fail, faults.number = {call}, errno.EMFILE
    with pytest.raises(StorageError):
        await place.checkpoint()
    faults.fail = None
    if store.fault is None:
        await store.append("s", [said("c")])
    expected = contents(await store.history("s"))
    assert expected[:2] == ["a", "b"]
    if then == "crash" or store.fault:
        store = await place.crash()
    await place.checkpoint()
    assert contents(await store.history("s")) == place.in_file("s") == expected
    assert contents(await (await place.crash()).history("s")) == expected


@pytest.mark.parametrize("place", [{"deletion_s": 0.05}], indirect=True)
async def test_refused_checkpoint_after_a_deletion_is_tried_again(place, caplog):
    """A deleted text does not stay in the journal because the first try found too many open files."""
    store, faults = place.store, place.faults
    await store.create(record("s"), [said("swordfish")])
    await store.create(record("t"), [said("b")])
    faults.fail, faults.path, faults.number = {"open"}, ".jsonl.new", errno.EMFILE
    await store.delete("s")
    async with asyncio.timeout(60):
        while "it is tried again" not in caplog.text:  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.001)
    assert b"swordfish" in place.journal()
    faults.fail = None
    began = fair_time()
    await clean(place)
    assert fair_time() - began < 2
    assert b"swordfish" not in place.journal()


async def test_end_of_the_store_is_a_checkpoint(place):
    """After a clean end the files say everything, and the next start has nothing to carry out."""
    await place.store.create(record("s"), [said("a")])
    await place.close()
    assert place.in_file("s") == ["a"]
    assert place.journal().count(b"\n") == 2
    (place.folder / "session_s.json").unlink()
    store = await place.again()
    assert list(await store.records("ann", limit=9)) == []


async def test_end_in_the_middle_of_a_checkpoint_is_whole(place):
    """Whenever the end comes, the checkpoint that is under way is finished first."""
    store = place.store
    for turns in range(8):
        await store.create(record(f"s{turns}"), [said("a")])
        making = asyncio.create_task(store._checkpoints.make())
        for _ in range(turns):
            await asyncio.sleep(0)
        store = await place.restart()
        await making
        assert len(list((place.folder / "journal").iterdir())) == 1
        for number in range(turns + 1):
            assert contents(await store.history(f"s{number}")) == ["a"]
