"""Backing up: a copy that is whole, beside a store that goes on meanwhile."""

import errno
import json
import os
import stat
from collections.abc import Awaitable, Callable

import pytest

from persistence import (
    Disk,
    JournalDamaged,
    LongTermMemory,
    StorageError,
    StorageFull,
    back_up_folder,
    check_folder,
)
from persistence.tools import live_journal
from tests.persistence.damage import DRAFT, all_of, fill, quiet_place, snapshot, spoil_entries
from tests.persistence.faults import Faults, FaultyDisk
from tests.persistence.places import FilePlace, contents, record, said


@pytest.fixture
async def place(tmp_path):
    """A place whose files follow the journal only when they are told to."""
    place = quiet_place(tmp_path / "data")
    yield place
    await place.close()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backups" / "copy"


async def held(folder) -> dict[str, list[str]]:
    """What a store finds in a copy that is whole."""
    assert (await all_of(check_folder(folder)))[0] == []
    place = FilePlace(folder)
    store = await place.open()
    found = [one for user in ("ann", "bob") for one in await store.records(user, limit=999)]
    texts = {one.session_id: contents(await store.history(one.session_id)) for one in found}
    await place.close()
    return texts


def is_copy(file: tuple[bytes, int], original: tuple[bytes, int]) -> bool:
    """Whether a file has another's bytes, and its time of change to the microsecond."""
    return file[0] == original[0] and abs(file[1] - original[1]) < 1000


class Meanwhile(Disk):
    """A disk of another process, which the store goes ahead of: it does something before each hop."""

    def __init__(self, step: Callable[[int], Awaitable[object]]) -> None:
        self.hops = 0
        self._step = step

    async def run(self, function, *args, **kwargs):
        self.hops += 1
        await self._step(self.hops)
        return await super().run(function, *args, **kwargs)


async def test_copy_of_a_directory_at_rest(place, target):
    """All that is ours is in it, for its owner's eyes only, and nothing of the lock; what is not ours is named."""
    await fill(place)
    (place.folder / ".cookie_secret").write_text("secret")
    (place.folder / "quarantine").mkdir()
    (place.folder / "quarantine" / "x.json.12ab").write_text("{")
    (place.folder / "notes.txt").touch()
    (place.folder / ".session_s.json.12ab.new").touch()
    os.utime(place.path("t"), (1_000_000_000, 1_000_000_000))
    before = snapshot(place.folder)
    done = await back_up_folder(place.folder, target)
    assert (done.files, done.entries, [finding.path for finding in done.left_out]) == (3, 0, ["notes.txt"])
    assert snapshot(place.folder) == before
    copied = snapshot(target)
    assert {name for name in copied if not name.startswith("journal/")} == {
        ".cookie_secret",
        "memory_ann.json",
        "quarantine/x.json.12ab",
        "session_s.json",
        "session_t.json",
        "sessions.json",
    }
    for name in (".cookie_secret", "memory_ann.json", "quarantine/x.json.12ab", "session_s.json", "session_t.json"):
        assert is_copy(copied[name], before[name])
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (target, *target.glob("*/"))} == {0o700}
    assert [path.name for path in target.parent.iterdir()] == ["copy"]
    assert await all_of(check_folder(target)) == ([], ["quarantine: 1 files are set aside"])
    assert await held(target) == {"s": ["one", "two", "three"], "t": ["other"]}


async def test_copy_has_what_only_the_journal_has(place, target):
    """Sessions, messages, facts and the text of a running answer that no file has yet are in the copy."""
    store = await place.open()
    await store.create(record("s"), [said("one")])
    await place.folded()
    await place.checkpoint()
    await store.append("s", [said("two", response_id="resp_9")])
    await store.write("s", DRAFT, "half")
    await store.create(record("t", "bob"), [said("other")])
    await LongTermMemory(store, "ann").learn("takes tea", "s")
    done = await back_up_folder(place.folder, target)
    assert (done.files, done.entries) == (3, 4)
    assert await held(target) == {"s": ["one", "two", "half"], "t": ["other"]}
    assert b"takes tea" in (target / "memory_ann.json").read_bytes()
    await store.write("s", DRAFT, " and whole")
    assert contents(await store.history("s")) == ["one", "two"]


async def test_store_goes_on_while_it_is_copied(place, target):
    """Whatever is done between the steps of a backup, the copy is a whole one of a moment after its beginning."""
    store = await place.open()
    for number in range(130):
        await store.create(record(f"s{number}"), [said("one")])
    await place.folded()
    await place.checkpoint()

    async def go_on(hop: int) -> None:
        name = f"s{hop % 130}"
        await store.append(name, [said(f"at {hop}")])
        await store.edit(f"s{hop + 40}", lambda messages: [*messages, said(f"edited at {hop}")])
        await store.create(record(f"new{hop}"), [said("new")])
        await store.delete(f"s{100 + hop}")
        if hop % 2:
            await place.folded()
        if hop % 5 == 0:
            await place.checkpoint()

    disk = Meanwhile(go_on)
    await back_up_folder(place.folder, target, disk=disk)
    found = await held(target)
    now = {
        one.session_id: contents(await store.history(one.session_id)) for one in await store.records("ann", limit=999)
    }
    for name, texts in now.items():
        assert texts[: len(found.get(name, []))] == found.get(name, [])
    last = max(int(name.removeprefix("new")) for name in found if name.startswith("new"))
    assert 5 < last <= disk.hops
    for hop in range(1, last + 1):
        assert (found[f"s{hop}"][1], found[f"new{hop}"]) == (f"at {hop}", ["new"])
        assert f"s{100 + hop}" not in found


@pytest.mark.parametrize("torn", [b"", b'{"role":"us', b'{"role":"assistant","content":"' + b"x" * 400])
async def test_file_that_was_copied_half_written_is_whole_in_the_copy(place, target, torn):
    """A tail that the server was writing at that moment is written again from the journal."""
    store = await place.open()
    await store.create(record("s"), [said("one")])
    await place.folded()
    await place.checkpoint()
    at = place.path("s").read_bytes().index(b'\n],"session"')
    await store.append("s", [said("two")])
    await place.folded()

    class Torn(Disk):
        def read(self, descriptor: int, size: int, offset: int) -> bytes:
            is_session = super().read(descriptor, 17, 0) == b'{"session_id":"s"' and not self.write_seen
            return (
                (super().read(descriptor, at, 0) + torn)[offset:]
                if is_session
                else super().read(descriptor, size, offset)
            )

        write_seen = False

        def write(self, descriptor: int, data: bytes, offset: int) -> int:
            self.write_seen = True
            return super().write(descriptor, data, offset)

    await back_up_folder(place.folder, target, disk=Torn())
    assert await held(target) == {"s": ["one", "two"]}


async def test_what_is_deleted_meanwhile_is_not_in_the_copy(place, target):
    """Neither its file, nor what the quarantine had of it, nor its name in the index."""
    store = await place.open()
    await store.create(record("s"), [said("the secret")])
    await store.create(record("t"), [said("other")])
    await place.folded()
    await place.checkpoint()
    (place.folder / "quarantine").mkdir()
    (place.folder / "quarantine" / "session_s.json.12ab").write_text("the secret")

    async def delete(hop: int) -> None:
        if (target.parent.exists() and list(target.parent.glob("*/session_s.json"))) and "s" in store._index:
            await store.delete("s")

    await back_up_folder(place.folder, target, disk=Meanwhile(delete))
    assert "s" not in store._index
    assert not [name for name, (data, _) in snapshot(target).items() if b"secret" in data or b'"s"' in data]
    assert await held(target) == {"t": ["other"]}


async def test_segment_that_came_and_went_unseen_makes_it_begin_again(place, target):
    """Entries that were in a segment between two looks cannot be carried out: all is copied again."""
    store = await place.open()
    await store.create(record("s"), [said("one")])
    begun = []

    async def overtake(hop: int) -> None:
        places = [path.name for path in target.parent.glob("*.unfinished")] if target.parent.exists() else []
        if places and places[0] not in begun:
            begun.append(places[0])
            for number in range(2 if len(begun) == 1 else 0):
                await store.append("s", [said(f"{number} at {hop}")])
                await place.checkpoint()

    await back_up_folder(place.folder, target, disk=Meanwhile(overtake))
    assert len(begun) == 2
    assert (await held(target))["s"] == contents(await store.history("s"))
    assert [path.name for path in target.parent.iterdir()] == ["copy"]


async def test_journal_that_is_always_ahead_is_given_up(place, target, monkeypatch):
    """After some attempts it is an error, and nothing is left of them."""
    monkeypatch.setattr(live_journal, "_PAUSE_S", 0)
    store = await place.open()
    await store.create(record("s"), [said("one")])

    async def overtake(hop: int) -> None:
        if target.parent.exists() and list(target.parent.glob("*.unfinished")):
            for number in range(2):
                await store.append("s", [said(f"{number} at {hop}")])
                await place.checkpoint()

    with pytest.raises(JournalDamaged):
        await back_up_folder(place.folder, target, disk=Meanwhile(overtake))
    assert list(target.parent.iterdir()) == []


async def test_damaged_journal_is_told_at_once(place, target, monkeypatch):
    """Nothing is copied from a directory that has to be repaired first."""
    monkeypatch.setattr(live_journal, "_PAUSE_S", 0)
    store = await place.open()
    await store.create(record("s"), [said("one")])
    for text in ("two", "three"):
        await store.append("s", [said(text)])
    await place.die()
    spoil_entries(place.folder, 3)
    with pytest.raises(JournalDamaged, match="verbatim repair"):
        await back_up_folder(place.folder, target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("call", ["write", "sync", "sync_all", "rename", "make_folder"])
async def test_backup_that_is_refused_leaves_nothing(place, target, call):
    """A full or a failing disk is an error, and there is no half copy under any name."""
    await fill(place)
    target.parent.mkdir()
    before = snapshot(place.folder)
    faults = Faults(fail={call}, number=errno.ENOSPC)
    if call == "sync_all":
        for number in range(20):
            (place.folder / f"session_x{number}.json").write_text(json.dumps({"history": []}))
        before = snapshot(place.folder)
    kind = StorageFull if not call.startswith("sync") else StorageError
    with pytest.raises(kind):
        await back_up_folder(place.folder, target, disk=FaultyDisk(faults))
    assert list(target.parent.iterdir()) == []
    assert snapshot(place.folder) == before


async def test_target_that_holds_something_is_refused(place, target):
    """Nothing is ever overwritten; an empty directory is taken."""
    await fill(place)
    target.mkdir(parents=True)
    (target / "x").touch()
    with pytest.raises(StorageError, match="expected a new or an empty directory"):
        await back_up_folder(place.folder, target)
    with pytest.raises(StorageError, match="expected a new or an empty directory"):
        await back_up_folder(place.folder, target / "x")
    assert [path.name for path in target.parent.rglob("*")] == ["copy", "x"]
    (target / "x").unlink()
    await back_up_folder(place.folder, target)
    assert (await held(target))["t"] == ["other"]


@pytest.mark.parametrize("inside", ["", "quarantine", "backups/today"])
async def test_target_within_the_data_is_refused(place, inside):
    """A directory is not copied into itself."""
    await fill(place)
    with pytest.raises(StorageError, match="it lies in the data directory"):
        await back_up_folder(place.folder, place.folder / inside)


async def test_missing_directory_is_an_error(tmp_path, target):
    """A mistyped name is told, and nothing is made."""
    with pytest.raises(StorageError, match="there is no such directory"):
        await back_up_folder(tmp_path / "nowhere", target)
    assert list(tmp_path.iterdir()) == []


async def test_directory_of_the_plain_form_is_copied_as_it_is(tmp_path, target):
    """One that no server has had yet is taken over by the first start on the copy as it would have been itself."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "session_a.json").write_text(
        json.dumps({"session_id": "a", "history": [{"role": "user", "content": "x"}]})
    )
    (folder / "sessions.json").write_text(json.dumps({"a": {"user_id": "ann"}, "b": {"user_id": "bob"}}))
    os.utime(folder / "session_a.json", (1_000_000_000, 1_000_000_000))
    before = snapshot(folder)
    await back_up_folder(folder, target)
    copied = {name: what for name, what in snapshot(target).items() if not name.startswith("journal/")}
    assert copied.keys() == before.keys()
    assert all(is_copy(copied[name], before[name]) for name in before)
    assert await held(target) == {"a": ["x"], "b": []}


async def test_record_that_only_the_index_has_is_in_the_copy(place, target):
    """A file in the plain form that came late keeps its user."""
    await fill(place)
    value = json.loads(place.path("t").read_bytes())
    del value["session"]
    place.path("t").write_text(json.dumps(value))
    os.utime(place.path("t"), (1_000_000_000, 1_000_000_000))
    await back_up_folder(place.folder, target)
    assert json.loads((target / "sessions.json").read_bytes())["t"]["user_id"] == "bob"
