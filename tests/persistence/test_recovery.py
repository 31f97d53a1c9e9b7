"""What a start makes of the journal that a dead process has left."""

import json

import pytest

from persistence import CheckpointLimits, Fact, JournalDamaged, SessionNotFound, StorageError
from persistence.answer import new_draft
from tests.persistence.places import AT, FilePlace, answered, check_files, contents, record, said

NEVER_S = 1e6
NEVER = CheckpointLimits(journal_bytes=1 << 60, age_s=NEVER_S, idle_s=NEVER_S, deletion_s=NEVER_S)


@pytest.fixture
async def place(tmp_path):
    """A place where nothing is folded before somebody asks for it."""
    place = FilePlace(tmp_path / "data", index_delay_s=NEVER_S, fold_delay_s=NEVER_S, checkpoints=NEVER)
    await place.open()
    yield place
    await place.close()
    check_files(place.folder)


async def test_everything_comes_from_the_journal(place):
    """Sessions, records, memory, deletions and running answers that no file has seen yet are all there."""
    store = place.store
    await store.create(record("s", title="Tea"), [said("a")])
    await store.append("s", [said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), "half")
    await store.create(record("gone"), [said("x")])
    await store.update_memory("ann", lambda facts: [Fact("f", "tea", AT, "s"), Fact("g", "dog", AT, "gone")])
    await store.delete("gone")
    await store.create(record("edited"), [said("a"), said("b")])
    await store.edit("edited", lambda messages: messages[1:])
    assert [path.name for path in place.folder.glob("session_*")] == ["session_s.json"]
    place.path("s").unlink()
    store = await place.crash()
    assert contents(await store.history("s")) == ["a", "q", "half"]
    assert (await store.record("s")).metadata == {"title": "Tea"}
    assert [fact.id for fact in await store.memory("ann")] == ["f"]
    assert contents(await store.history("edited")) == place.in_file("edited") == ["b"]
    with pytest.raises(SessionNotFound):
        await store.record("gone")
    assert {one.session_id for one in await store.records("ann", limit=9)} == {"s", "edited"}


@pytest.mark.parametrize("folded", [True, False])
async def test_recovery_is_done_again_as_often_as_it_is_cut_short(place, folded):
    """A start that dies at any of its calls leaves all to the next one."""
    store = place.store
    await store.create(record("s"), [said("a")])
    await place.checkpoint()
    await store.append("s", [said("b"), said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), "half")
    await store.create(record("t"), [said("c")])
    if folded:
        await place.folded()
    await place.die()
    for steps in range(0, 200, 3):
        made = 0

        def die_at(name: str, *args: object, steps: int = steps) -> None:
            nonlocal made
            made += 1
            place.disk.is_dead = place.disk.is_dead or made > steps

        place.faults.before = die_at
        try:
            await place.again()
            break
        except Exception:  # whatever a dead process comes to
            assert place.disk.is_dead
        finally:
            place.faults.before = None
            await place.die()
    assert 15 < steps < 199
    store = await place.again()
    assert contents(await store.history("s")) == ["a", "b", "q", "half"]
    assert contents(await store.history("t")) == ["c"]


async def test_start_begins_a_segment_of_its_own(place):
    """A segment that was read is never written to again, and goes when all of it is durable."""
    await place.store.create(record("s"))
    for _ in range(3):
        before = {path.name for path in (place.folder / "journal").iterdir()}
        await place.crash()
        after = {path.name for path in (place.folder / "journal").iterdir()}
        assert len(after) == 1
        assert before.isdisjoint(after)


async def test_clean_start_carries_out_nothing(place, caplog):
    """Behind a checkpoint nothing is done again."""
    await place.store.create(record("s"))
    await place.checkpoint()
    place.path("s").unlink()
    with caplog.at_level("INFO"):
        store = await place.crash()
    assert "were carried out" not in caplog.text
    assert list(await store.records("ann", limit=9)) == []


async def test_number_of_entries_is_told(place, caplog):
    """A start says how much it has carried out, and for how many files."""
    for content in "abc":
        await (place.store.append("s", [said(content)]) if content != "a" else place.store.create(record("s")))
    with caplog.at_level("INFO"):
        await place.crash()
    assert "3 entries of the journal were carried out, for 1 files" in caplog.text


def segment(place: FilePlace):
    [path] = (place.folder / "journal").iterdir()
    return path


async def test_last_piece_torn_at_any_byte_is_dropped(place, caplog):
    """A process that dies in the middle of a piece leaves the pieces before it; a start says what it has dropped."""
    await place.store.create(record("s"), [said("q", response_id="resp_1")])
    await place.store.write("s", new_draft("resp_1"), "one ")
    whole = segment(place).read_bytes().rstrip(b"\0")
    await place.store.write("s", new_draft("resp_1"), "two")
    data = segment(place).read_bytes().rstrip(b"\0")
    await place.die()
    name = segment(place).name
    for cut in range(len(whole), len(data), 9):
        for path in (place.folder / "journal").iterdir():
            path.unlink()
        (place.folder / "journal" / name).write_bytes(data[:cut] + b"\0" * 99)
        caplog.clear()
        store = await place.again()
        assert contents(await store.history("s")) == ["q", "one "]
        assert ("was torn" in caplog.text) == (cut > len(whole))
        await place.die()


@pytest.mark.parametrize("line", [1, 2, 3])
async def test_damage_in_what_was_acknowledged_stops_the_start(place, line):
    """A start never passes over what was acknowledged; it says where the damage is, and leaves all as it is."""
    store = place.store
    for name in "stuv":
        await store.create(record(name))
    await place.die()
    path = segment(place)
    lines = path.read_bytes().split(b"\n")
    lines[line] = b"x" * len(lines[line])
    path.write_bytes(b"\n".join(lines))
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(JournalDamaged, match="verbatim repair"):
            await place.again()
    assert path.read_bytes() == before
    assert list(place.folder.glob("session_*")) == []


async def test_missing_segment_stops_the_start(place):
    """A segment that the newest one still needs may not be missing."""
    await place.store.create(record("s"))
    await place.store._journal.switch(list)
    await place.store.create(record("t"))
    await place.die()
    min((place.folder / "journal").iterdir()).unlink()
    with pytest.raises(JournalDamaged):
        await place.again()


@pytest.mark.parametrize("at", range(4))
async def test_crash_in_the_middle_of_a_checkpoint_loses_nothing(place, at):
    """Between the new segment and the end of the old one both count."""
    store = place.store
    await store.create(record("s"), [said("a")])
    await store.append("s", [said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), "one ")
    await store._journal.switch(store._running.all)
    await store.write("s", new_draft("resp_1"), "two")
    await store.create(record("t"), [said("c")])
    if at > 0:
        await place.folded()
    if at > 1:
        await store._index.flush()
    if at > 2:
        await store.append("s", [answered("one two three", "resp_1")])
    store = await place.crash()
    assert contents(await store.history("s")) == ["a", "q", "one two" + " three" * (at > 2)]
    assert contents(await store.history("t")) == ["c"]


async def test_session_that_was_deleted_and_begun_anew_is_the_new_one(place):
    """The journal's order counts: what was deleted does not shine through."""
    store = place.store
    await store.create(record("s", "ann"), [said("old")])
    await place.checkpoint()
    await store.append("s", [said("old too")])
    await store.delete("s")
    await store.create(record("s", "bob"), [said("new")])
    await store.append("s", [said("more")])
    store = await place.crash()
    assert contents(await store.history("s")) == place.in_file("s") == ["new", "more"]
    assert (await store.record("s")).user_id == "bob"
    assert list(await store.records("ann", limit=9)) == []


async def test_refused_recovery_is_told_and_done_later(place):
    """A disk that refuses stops the start; the journal is as it was."""
    await place.store.create(record("s"), [said("a")])
    await place.die()
    place.faults.full = True
    with pytest.raises(StorageError):
        await place.again()
    place.faults.full = False
    store = await place.again()
    assert contents(await store.history("s")) == ["a"]
    assert json.loads(place.path("s").read_bytes())["history"][0]["content"] == "a"


@pytest.mark.parametrize("refusals", [1, 3])
@pytest.mark.parametrize("short", [True, False])
async def test_refused_batches_do_not_come_back(place, refusals, short):
    """What was refused to its caller is not there after a crash, whatever was written before it and after it."""
    store, faults = place.store, place.faults
    await store.create(record("s"), [said("a")])
    faults.short = short
    for number in range(refusals):
        faults.full = True
        with pytest.raises(StorageError):
            await store.append("s", [said(f"refused {number} " + "x" * 500 * number)])
        faults.full = False
        await store.append("s", [said(f"kept {number}")])
    expected = ["a", *(f"kept {number}" for number in range(refusals))]
    assert contents(await store.history("s")) == expected
    assert contents(await (await place.crash()).history("s")) == expected
