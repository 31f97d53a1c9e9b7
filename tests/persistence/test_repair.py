"""Repairing: what can be read is kept, what is changed lies in the quarantine, and verifying is content afterwards."""

import asyncio
import json
import shutil
from collections import Counter
from contextlib import suppress

import pytest

from persistence import (
    DirectoryInUse,
    FileStore,
    JournalDamaged,
    LongTermMemory,
    PersistenceError,
    StorageError,
    check_folder,
    repair_folder,
)
from persistence.disk import Disk
from tests.persistence.damage import (
    DRAFT,
    MEMORY_DAMAGE,
    SESSION_DAMAGE,
    add_entry,
    all_of,
    change_json,
    fill,
    quiet_place,
    rewrite,
    segments,
    snapshot,
    spoil_entries,
)
from tests.persistence.places import FilePlace, contents, record, said


@pytest.fixture
async def place(tmp_path):
    """A place whose files follow the journal only when they are told to."""
    place = quiet_place(tmp_path / "data")
    yield place
    await place.close()


@pytest.fixture
async def filled(place):
    """A whole directory that no server has."""
    await fill(place)
    return place


async def repaired(place: FilePlace) -> list[str]:
    """Repairs; what was done. Nothing is damaged afterwards, and a second repair finds nothing to do."""
    damaged, done = await all_of(repair_folder(place.folder))
    assert damaged == []
    assert (await all_of(check_folder(place.folder)))[0] == []
    before = snapshot(place.folder)
    assert await all_of(repair_folder(place.folder)) == ([], [])
    after = snapshot(place.folder)
    assert {name for name in before if not name.startswith("journal/")} <= after.keys()
    return done


async def test_whole_directory_is_left_as_it_is(filled):
    """There is nothing to do; no session's file is touched."""
    before = snapshot(filled.folder)
    assert await repaired(filled) == []
    after = snapshot(filled.folder)
    for name in ("session_s.json", "session_t.json", "memory_ann.json"):
        assert after[name] == before[name]


@pytest.mark.parametrize("name", SESSION_DAMAGE)
async def test_damaged_session_is_mended(filled, name):
    """Its readable messages are there, the file as it was lies in the quarantine, and the others are as they were."""
    damage, _ = SESSION_DAMAGE[name]
    damage(filled.folder)
    path = filled.path("s")
    as_it_was = path.read_bytes() if path.exists() else None
    [done, *_] = await repaired(filled)
    assert done.startswith("session_s.json: ")
    kept = [(filled.folder / "quarantine" / copy).read_bytes() for copy in filled.quarantined()]
    assert kept == ([as_it_was] if as_it_was is not None else [])
    store = await filled.again()
    assert contents(await store.history("t")) == ["other"]
    if name in ("no JSON", "empty", "another thing", "gone"):
        assert "the session is gone" in done
        assert [one.session_id for one in await store.records("ann", limit=9)] == []
    else:
        assert contents(await store.history("s"))[:2] == ["one", "two"]
        assert (await store.record("s")).metadata == {"title": "Tea"}
        ids = Counter(message["id"] for message in await store.history("s"))
        assert max(ids.values()) == 1


@pytest.mark.parametrize("name", ["no record", "owing"])
async def test_file_is_set_aside_as_it_was_however_long_a_repair_takes(filled, monkeypatch, name):
    """Not even what the start itself has to write comes before that."""
    real, mended = FileStore.tree, list[str]()

    async def late(store, session_id):
        if not mended:
            mended.append(session_id)
            await asyncio.sleep(0.3)  # What is done in the background has its time.
        return await real(store, session_id)

    damage, _ = SESSION_DAMAGE[name]
    damage(filled.folder)
    as_it_was = filled.path("s").read_bytes()
    monkeypatch.setattr(FileStore, "tree", late)
    await repaired(filled)
    assert mended == ["s"]
    assert [(filled.folder / "quarantine" / copy).read_bytes() for copy in filled.quarantined()] == [as_it_was]


async def test_two_messages_of_one_id_both_stay(filled):
    """The second one gets an id of its own."""
    SESSION_DAMAGE["two of one id"][0](filled.folder)
    await repaired(filled)
    store = await filled.again()
    assert contents(await store.history("s")) == ["one", "two", "three", "one"]


async def test_owed_answer_is_settled(filled):
    """A question that nobody answered gets an interrupted answer."""
    SESSION_DAMAGE["owing"][0](filled.folder)
    await repaired(filled)
    store = await filled.again()
    assert (await store.history("s"))[-1]["reason"] == "interrupted"


async def test_owed_answer_of_a_directory_without_its_journal_is_settled(filled):
    """That it is owed can be said only once there is a journal again."""
    store = await filled.again()
    await store.append("s", [said("four", response_id="resp_4")])
    await filled.folded()
    await filled.die()
    shutil.rmtree(filled.folder / "journal")
    done = await repaired(filled)
    assert sum("owes the answer resp_4" in line for line in done) == 1
    assert contents(await (await filled.again()).history("s")) == ["one", "two", "three", "four", ""]


@pytest.mark.parametrize("name", MEMORY_DAMAGE)
async def test_damaged_memory_is_mended(filled, name):
    """The facts that can be read stay; the file as it was lies in the quarantine."""
    damage, _ = MEMORY_DAMAGE[name]
    damage(filled.folder)
    as_it_was = (filled.folder / "memory_ann.json").read_bytes()
    await repaired(filled)
    assert [(filled.folder / "quarantine" / copy).read_bytes() for copy in filled.quarantined()] == [as_it_was]
    facts = await LongTermMemory(await filled.again(), "ann").facts()
    assert [fact.text for fact in facts] == ([] if name in ("torn", "another thing") else ["takes tea"])


async def test_memory_of_a_user_whose_id_is_encoded_is_mended(filled):
    """The user is read from the file's name where the file does not say it."""
    store = await filled.again()
    await LongTermMemory(store, "ann@example.org").learn("sings", "s")
    await filled.close()
    [name] = [path.name for path in filled.folder.glob("memory_=*.json")]
    change_json(name, lambda value: (value["facts"].append(5), value.pop("user_id")))(filled.folder)
    await repaired(filled)
    facts = await LongTermMemory(await filled.again(), "ann@example.org").facts()
    assert [fact.text for fact in facts] == ["sings"]


async def test_odd_files_are_written_as_we_write_them(filled):
    """What is whole, but not in our layout, is put into it; nothing of it goes."""
    change_json("session_s.json", lambda value: value.pop("session"))(filled.folder)
    change_json("session_t.json", lambda value: value)(filled.folder)
    rewrite("memory_ann.json", lambda data: json.dumps(["takes tea"]).encode())(filled.folder)
    (filled.folder / ".session_s.json.12ab.new").touch()
    (filled.folder / "journal" / "0000000000000009.jsonl.new").touch()
    (filled.folder / "sessions.json").unlink()
    await repaired(filled)
    assert await all_of(check_folder(filled.folder)) == (
        [],
        [f"quarantine: {len(filled.quarantined())} files are set aside"],
    )
    assert filled.in_file("s") == ["one", "two", "three"]
    store = await filled.again()
    assert [fact.text for fact in await LongTermMemory(store, "ann").facts()] == ["takes tea"]


async def test_index_that_is_wrong_is_made_anew(filled):
    """Even where it seems to be newer than the files."""
    change_json("sessions.json", lambda value: value["t"].update(user_id="eve"))(filled.folder)
    assert await repaired(filled) == ["sessions.json: made anew from the session files"]
    assert (await (await filled.again()).record("t")).user_id == "bob"


async def broken(place: FilePlace) -> None:
    """Three sessions and a memory of which only the journal knows all, and an answer that was running."""
    store = await place.open()
    for name in ("s", "t", "gone"):
        await store.create(record(name), [said(f"{name} one")])
    await place.folded()
    await place.checkpoint()
    await store.delete("gone")
    await store.append("s", [said("s two")])
    await store.append("t", [said("t two")])
    await LongTermMemory(store, "ann").learn("takes tea", "s")
    await store.append("s", [said("s three", response_id="resp_9")])
    await store.write("s", DRAFT, "half")
    await store.create(record("new"), [said("new one")])
    await store.append("new", [said("new two")])


HELD = {"s": ["s one", "s two", "s three", "half"], "t": ["t one", "t two"], "new": ["new one", "new two"]}


async def held(place: FilePlace) -> dict[str, list[str]]:
    store = await place.again()
    found = {
        one.session_id: contents(await store.history(one.session_id)) for one in await store.records("ann", limit=9)
    }
    await place.close()
    return found


@pytest.mark.parametrize(
    ("position", "lost"),
    [
        (1, {}),
        (2, {}),
        (3, {"s": ["s two"]}),
        (4, {"t": ["t two"]}),
        (5, {}),
        (6, {"s": ["s three"]}),
        (7, {"s": ["half"]}),
    ],
)
async def test_hole_in_the_journal_costs_what_stood_there(place, position, lost):
    """Everything ahead of the hole and behind it is carried out, and what is missing is said by its number."""
    await broken(place)
    await place.die()
    [number] = spoil_entries(place.folder, position)
    before = [path.read_bytes() for path in segments(place.folder)]
    done = await repaired(place)
    assert f"journal: entry {number} is lost" in done
    kept = [(place.folder / "quarantine" / name).read_bytes() for name in place.quarantined() if ".jsonl." in name]
    assert kept == before
    expected = {name: [text for text in texts if text not in lost.get(name, [])] for name, texts in HELD.items()}
    if position == 7:
        expected["s"].append("")
    assert await held(place) == expected


async def test_what_the_files_have_already_is_not_lost_with_the_journal(place):
    """A message whose entry is damaged, and that was folded before, stays where it is."""
    await broken(place)
    await place.folded()
    await place.die()
    spoil_entries(place.folder, 3, 4, 6)
    done = await repaired(place)
    assert sum(line.endswith("lost") for line in done) == 2
    assert await held(place) == HELD


async def test_journal_without_its_beginning_is_carried_out(place):
    """A segment whose first line cannot be read says the rest; what was deleted stays so."""
    await broken(place)
    await place.die()
    spoil_entries(place.folder, 0)
    await repaired(place)
    assert await held(place) == HELD


async def test_journal_without_anything_readable_is_set_aside(place):
    """The files stay as they are."""
    await broken(place)
    await place.die()
    rewrite(f"journal/{segments(place.folder)[-1].name}", lambda data: b"\xff" * len(data))(place.folder)
    await repaired(place)
    assert (await held(place))["t"] == ["t one"]


async def test_edit_that_only_the_journal_has_takes_the_place_of_the_old_messages(place):
    """What an edit has removed does not come back, although the file has it still."""
    store = await place.open()
    await store.create(record("s"), [said("secret"), said("kept")])
    await place.folded()
    await place.checkpoint()
    await store.create(record("t"))
    await store.edit("s", lambda messages: messages[1:])
    await store.append("s", [said("more")])
    await place.die()
    spoil_entries(place.folder, 2)
    await repaired(place)
    assert (await held(place))["s"] == ["kept", "more"]


async def test_messages_for_a_file_that_is_not_there_are_told(place):
    """Without its beginning a session is not made again: it may have been deleted."""
    store = await place.open()
    await store.create(record("t"))
    await store.create(record("s"), [said("one")])
    await store.append("s", [said("two")])
    await place.die()
    spoil_entries(place.folder, 3)
    done = await repaired(place)
    assert "session_s.json: not there; 1 messages for it are in the quarantined journal" in done
    assert await held(place) == {"t": []}


async def test_journal_of_another_version_is_left_alone(place):
    """What is whole and not understood is no damage that a repair may remove."""
    await broken(place)
    await place.die()
    add_entry(place.folder, b'"op":"from a later version"}')
    before = snapshot(place.folder)
    with pytest.raises(JournalDamaged, match="none of this version's"):
        await all_of(repair_folder(place.folder))
    assert snapshot(place.folder) == before


async def test_directory_of_a_server_is_refused(place):
    """A repair takes the directory for itself."""
    await place.open()
    with pytest.raises(DirectoryInUse):
        await all_of(repair_folder(place.folder))


async def test_missing_directory_is_an_error_and_stays_missing(tmp_path):
    """A mistyped name is told, and nothing is made."""
    with pytest.raises(StorageError, match="there is no such directory"):
        await all_of(repair_folder(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


class DyingDisk(Disk):
    """Ends the process at one of the calls that change something."""

    def __init__(self, at: int) -> None:
        self.left = at
        for name in ("write", "sync", "sync_data", "rename", "unlink", "make_folder", "set_modified"):
            setattr(self, name, self._counted(getattr(self, name)))

    def _counted(self, real):
        def call(*args):
            self.left -= 1
            if self.left < 0:
                raise OSError(5, "the process has ended")
            return real(*args)

        return call


async def test_repair_that_is_cut_short_can_be_done_again(tmp_path):
    """Wherever a repair ends, the next one brings back as much as one that was not cut short."""
    at = 0
    while True:
        place = quiet_place(tmp_path / f"data{at}")
        await broken(place)
        await place.die()
        spoil_entries(place.folder, 4)
        rewrite("session_s.json", lambda data: data[:-30])(place.folder)
        disk = DyingDisk(at)
        with suppress(PersistenceError):
            await all_of(repair_folder(place.folder, disk=disk))
        if disk.left >= 0:
            break
        assert (await all_of(repair_folder(place.folder)))[0] == []
        found = await held(place)
        assert found == {**HELD, "t": ["t one"]}, at
        at += 1 + at // 6
    assert at > 20
