"""Statistics: what they count, and that they change nothing."""

import json

import pytest

from persistence import StorageError, measure_folder
from persistence.tools.stats import SessionSize
from tests.persistence.damage import fill, quiet_place, snapshot
from tests.persistence.places import AT, record, said


@pytest.fixture
async def place(tmp_path):
    """A place whose files follow the journal only when they are told to."""
    place = quiet_place(tmp_path / "data")
    yield place
    await place.close()


async def test_everything_is_counted(place):
    """Sessions, users, messages, memories, and the bytes of each kind of file."""
    await fill(place)
    (place.folder / "quarantine").mkdir()
    (place.folder / "quarantine" / "x.12ab").write_text("12345")
    (place.folder / "session_bad.json").write_text("no JSON")
    (place.folder / "session_old.json").write_text(json.dumps({"history": [said("x")], "user_id": "ann"}))
    before = snapshot(place.folder)
    found = await measure_folder(place.folder)
    assert snapshot(place.folder) == before
    assert (found.sessions, found.unreadable, found.users, found.messages, found.memories) == (3, 1, 2, 5, 1)
    sizes = {name: len(data) for name, (data, _) in before.items()}
    readable = ("session_s.json", "session_t.json", "session_old.json")
    assert found.session_bytes == sum(sizes[name] for name in readable)
    assert found.memory_bytes == sizes["memory_ann.json"]
    assert found.index_bytes == sizes["sessions.json"]
    assert found.journal_bytes == sum(size for name, size in sizes.items() if name.startswith("journal/"))
    assert (found.quarantine_bytes, found.entries_waiting) == (5, 0)
    assert found.top_users == [("ann", 2), ("bob", 1)]


async def test_largest_and_oldest_sessions_come_first(place):
    """Five of each, with their owners, in order; and the ten users with most sessions."""
    store = await place.open()
    for number in range(12):
        at = f"2026-01-{number + 1:02}T00:00:00.000000Z"
        user = f"user{number % 11}"
        one = record(f"s{number}", user)
        await store.create(type(one)(one.session_id, user, at, at), [said(f"{n}") for n in range(number)])
    await place.folded()
    found = await measure_folder(place.folder)
    assert [one.session_id for one in found.largest] == ["s11", "s10", "s9", "s8", "s7"]
    assert [one.session_id for one in found.oldest] == ["s0", "s1", "s2", "s3", "s4"]
    size = len(place.path("s1").read_bytes())
    assert found.oldest[1] == SessionSize("s1", "user1", "2026-01-02T00:00:00.000000Z", 1, size)
    assert (len(found.top_users), found.top_users[0]) == (10, ("user0", 2))


async def test_running_store_is_counted_beside(place):
    """Entries that await a checkpoint are counted without the store's help, and the store goes on."""
    store = await place.open()
    await store.create(record("s"), [said("one")])
    await place.folded()
    await place.checkpoint()
    await store.append("s", [said("two")])
    await store.append("s", [said("three")])
    found = await measure_folder(place.folder)
    assert (found.sessions, found.entries_waiting) == (1, 2)
    await store.append("s", [said("four")])
    assert (await store.record("s")).created_at == AT


async def test_missing_directory_is_an_error(tmp_path):
    """A mistyped name is told, and nothing is made."""
    with pytest.raises(StorageError, match="there is no such directory"):
        await measure_folder(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
