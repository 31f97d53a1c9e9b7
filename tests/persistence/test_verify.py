"""Verifying: what is damage, what is a note, and that nothing is changed."""

import json

import pytest

from persistence import DirectoryInUse, StorageError, check_folder
from tests.persistence.damage import (
    DRAFT,
    MEMORY_DAMAGE,
    SESSION_DAMAGE,
    all_of,
    change_json,
    fill,
    quiet_place,
    rewrite,
    snapshot,
    spoil_entries,
)
from tests.persistence.places import answered, record, said


@pytest.fixture
async def folder(tmp_path):
    """A whole data directory that no server has."""
    place = quiet_place(tmp_path / "data")
    await fill(place)
    return place.folder


@pytest.fixture
async def quiet(tmp_path):
    """A place whose files follow the journal only when they are told to."""
    place = quiet_place(tmp_path / "data")
    yield place
    await place.close()


async def test_whole_directory_has_nothing_to_be_said(folder):
    """After an orderly end there is no damage, and no note."""
    assert await all_of(check_folder(folder)) == ([], [])


@pytest.mark.parametrize("name", SESSION_DAMAGE)
async def test_damaged_session_is_named(folder, name):
    """Each kind of damage is one line that begins with the file and says what it is; no other file is blamed."""
    damage, expected = SESSION_DAMAGE[name]
    damage(folder)
    [damaged], _ = await all_of(check_folder(folder))
    assert damaged.startswith("session_s.json: ")
    assert expected in damaged


@pytest.mark.parametrize("name", MEMORY_DAMAGE)
async def test_damaged_memory_is_named(folder, name):
    """Each kind of damage is one line."""
    damage, expected = MEMORY_DAMAGE[name]
    damage(folder)
    [damaged], _ = await all_of(check_folder(folder))
    assert damaged.startswith("memory_ann.json: ")
    assert expected in damaged


async def test_what_only_the_journal_has_is_looked_at(quiet):
    """Sessions that are not folded yet, or not wholly, are whole; the index that lacks them is behind."""
    store = await quiet.open()
    await store.create(record("s"), [said("one")])
    await quiet.folded()
    await quiet.checkpoint()
    await store.append("s", [said("two")])
    await store.create(record("new"), [said("three")])
    await quiet.die()
    whole = quiet.path("s").read_bytes()
    quiet.path("s").write_bytes(whole.replace(b'\n],"session"', b',\n{"role":"us', 1))
    damaged, notes = await all_of(check_folder(quiet.folder))
    assert damaged == []
    assert notes == ["sessions.json: not up to date with 2 of the files; a start puts that right"]


async def test_damage_ahead_of_what_the_journal_adds_is_named(quiet):
    """A file that is not as the journal has left it is damaged, and so is one that is gone."""
    store = await quiet.open()
    for name in ("s", "t"):
        await store.create(record(name), [said("one"), said("two")])
    await quiet.folded()
    await quiet.checkpoint()
    for name in ("s", "t"):
        await store.append(name, [said("three")])
    await quiet.die()
    change_json("session_s.json", lambda value: value["history"].pop())(quiet.folder)
    quiet.path("t").unlink()
    damaged, _ = await all_of(check_folder(quiet.folder))
    assert damaged == [
        "session_s.json: changed behind the journal's back, which adds to it",
        "session_t.json: not there, though the journal adds to it",
    ]


async def test_answer_that_the_journal_knows_is_owed_rightly(quiet):
    """A question whose answer a start will settle is no damage."""
    store = await quiet.open()
    await store.create(record("s"), [said("q", response_id="resp_9")])
    await store.write("s", DRAFT, "half")
    await quiet.checkpoint()
    await quiet.die()
    assert (await all_of(check_folder(quiet.folder)))[0] == []


async def test_damaged_journal_is_named(quiet):
    """An acknowledged entry that cannot be read is damage."""
    store = await quiet.open()
    await store.create(record("s"), [said("one")])
    for text in ("two", "three"):
        await store.append("s", [said(text)])
    await quiet.die()
    [number] = spoil_entries(quiet.folder, 2)
    [damaged], _ = await all_of(check_folder(quiet.folder))
    assert damaged.startswith("journal: the journal is damaged: ")
    assert f"line {number} was acknowledged" in damaged


async def test_torn_last_batch_is_a_note(quiet):
    """What is left of a batch that nobody was answered for is no damage."""
    store = await quiet.open()
    await store.create(record("s"), [said("one")])
    await quiet.die()
    spoil_entries(quiet.folder, -1)
    damaged, notes = await all_of(check_folder(quiet.folder))
    assert damaged == []
    assert any(note.endswith("bytes are left of a batch that nobody was answered for") for note in notes)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda folder: (folder / "sessions.json").unlink(), "sessions.json: missing"),
        (rewrite("sessions.json", lambda data: b""), "sessions.json: missing"),
        (rewrite("sessions.json", lambda data: data[:-9]), "sessions.json: not an index"),
        (
            change_json("sessions.json", lambda value: value.update(t=7)),
            "sessions.json: 1 of its entries are no records",
        ),
        (
            change_json("sessions.json", lambda value: value.pop("t")),
            "sessions.json: not up to date with 1 of the files",
        ),
        (lambda folder: (folder / ".session_s.json.12ab.new").touch(), ".session_s.json.12ab.new: a file that was"),
        (lambda folder: (folder / "notes.txt").touch(), "notes.txt: unknown; it is left alone"),
        (lambda folder: (folder / "journal" / "x.part").touch(), "journal/x.part: no segment; it is not read"),
        (
            lambda folder: ((folder / "quarantine").mkdir(), (folder / "quarantine" / "x").touch()),
            "quarantine: 1 files are set aside",
        ),
        (change_json("session_s.json", lambda value: value), "session_s.json: not in our layout"),
        (change_json("session_s.json", lambda value: value.pop("session")), "session_s.json: in the plain form"),
        (
            change_json("session_s.json", lambda value: value["session"].update(title="x")),
            "session_s.json: its record is not as we write it",
        ),
        (
            rewrite("memory_ann.json", lambda data: json.dumps(["takes tea"]).encode()),
            "memory_ann.json: in the plain form",
        ),
    ],
)
async def test_what_is_derived_odd_or_left_over_is_a_note(folder, damage, expected):
    """It is said, and it is no damage."""
    damage(folder)
    damaged, notes = await all_of(check_folder(folder))
    assert damaged == []
    assert [note for note in notes if note.startswith(expected)], notes


async def test_directory_of_the_plain_form_is_whole(tmp_path):
    """A directory that no server has had yet is taken as it is, with sessions that only the index names."""
    (tmp_path / "session_a.json").write_text(json.dumps({"session_id": "a", "history": [said("x", response_id="r")]}))
    (tmp_path / "sessions.json").write_text(json.dumps({"b": {"user_id": "ann"}}))
    damaged, notes = await all_of(check_folder(tmp_path))
    assert damaged == []
    assert notes == [
        "journal: there is none: the next start takes over all that lies here",
        "session_a.json: in the plain form: it gets a record when it is first read",
        "sessions.json: b has no file; the next start makes one",
        "sessions.json: not up to date with 1 of the files; a start puts that right",
    ]


async def test_nothing_is_changed(quiet):
    """Not a byte, not a name, not a time."""
    store = await quiet.open()
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.append("s", [answered("a", "resp_1")])
    await store.create(record("gone"))
    await store.delete("gone")
    await quiet.die()
    (quiet.folder / ".session_s.json.12ab.new").touch()
    spoil_entries(quiet.folder, 2)
    before = snapshot(quiet.folder)
    await all_of(check_folder(quiet.folder))
    assert snapshot(quiet.folder) == before


async def test_directory_of_a_server_is_refused(quiet):
    """Beside a server, what is half done would look like damage."""
    await quiet.open()
    with pytest.raises(DirectoryInUse):
        await all_of(check_folder(quiet.folder))


async def test_server_that_comes_meanwhile_is_told(folder):
    """What was found beside a server that started is nothing to go by."""
    place = quiet_place(folder)
    findings = check_folder(folder)
    (folder / "notes.txt").touch()
    assert "notes.txt" in str(await anext(findings))
    await place.open()
    try:
        with pytest.raises(DirectoryInUse):
            await all_of(findings)
    finally:
        await place.close()


async def test_missing_directory_is_an_error_and_stays_missing(tmp_path):
    """A mistyped name is told, and nothing is made."""
    with pytest.raises(StorageError, match="there is no such directory"):
        await all_of(check_folder(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


async def test_progress_is_told(folder):
    """Whoever waits hears how much is done."""
    heard = []
    await all_of(check_folder(folder, progress=lambda *told: heard.append(told)))
    assert heard == [("verified", 0, 3), ("verified", 3, 3)]
