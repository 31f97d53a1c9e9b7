"""How much in images a user may keep: what counts, what makes room, and that many at once do not pass it together."""

import asyncio

import pytest

from persistence import ImagesFull, NotStorable, SessionNotFound, StorageError
from tests.persistence.image_contract import FISH, GIF, HERRING, PNG, shown
from tests.persistence.places import FilePlace, contents, record, said

LIMIT = 3 * len(PNG)


@pytest.fixture
async def place(tmp_path):
    place = FilePlace(tmp_path / "data", image_bytes_per_user=LIMIT)
    yield place
    await place.close()


async def keep(store, session_id, user="ann"):
    """Begins a session with one image."""
    return await store.create(record(session_id, user), [shown("a", FISH)], images={FISH: PNG})


async def fill(store, user="ann"):
    """Keeps as much as a user may, in sessions that are called by their user and a number."""
    for number in range(3):
        await keep(store, f"{user}{number}", user)


def kept(place):
    return sorted(path.parent.name for path in (place.folder / "images").rglob("*.*"))


async def test_images_beyond_the_limit_are_refused(place, store):
    """With their message, or their session; nothing of them is left. Text goes on, and so do others."""
    await fill(store)
    with pytest.raises(ImagesFull, match=f"at most {LIMIT} bytes"):
        await keep(store, "s")
    with pytest.raises(SessionNotFound):
        await store.record("s")
    with pytest.raises(ImagesFull):
        await store.append("ann0", [shown("b", HERRING)], images={HERRING: GIF})
    assert kept(place) == ["ann0", "ann1", "ann2"]
    assert not (place.folder / "images" / "s").exists()
    assert contents(await store.history("ann0")) == ["a"]
    await store.append("ann0", [said("b")])
    await fill(store, "bob")


async def test_image_that_the_session_has_takes_no_room(place, store):
    """However often it is shown there."""
    await fill(store)
    await store.append("ann0", [shown("b", FISH)], images={FISH: PNG})
    assert contents(await store.history("ann0")) == ["a", "b"]


async def test_what_goes_makes_room(place, store):
    """A session that is deleted, a message that is taken out, a message that was refused, a user who is deleted."""
    await fill(store)
    await store.delete("ann0")
    await keep(store, "s")
    await store.edit("s", lambda messages: [])
    with pytest.raises(NotStorable):
        await store.append("s", [said("\ud800")], images={HERRING: GIF})
    await store.append("s", [shown("b", FISH)], images={FISH: PNG})
    with pytest.raises(ImagesFull):
        await keep(store, "t")
    await store.delete_user("ann")
    await fill(store)


@pytest.mark.parametrize("end", ["restart", "crash"])
async def test_limit_counts_what_was_there_before(place, store, end):
    """Behind each start, whatever its end; what is none of ours beside the folders does not count."""
    await fill(store)
    store = await getattr(place, end)()
    (place.folder / "images" / "odd").write_bytes(PNG * 9)
    with pytest.raises(ImagesFull):
        await keep(store, "s")
    await store.delete("ann0")
    await keep(store, "s")
    with pytest.raises(ImagesFull):
        await keep(store, "t")


async def test_limit_that_became_smaller_takes_nothing_away(place, store):
    """What is there stays, and may be shown again where it is; nothing new is taken."""
    await fill(store)
    place.options["image_bytes_per_user"] = 1
    store = await place.restart()
    await store.append("ann0", [shown("b", FISH)], images={FISH: PNG})
    with pytest.raises(ImagesFull):
        await store.append("ann0", [shown("c", HERRING)], images={HERRING: GIF})
    assert await store.image("ann2", FISH) == PNG


async def test_what_is_deleted_ahead_of_the_first_image_does_not_count(place, store):
    """Its room is free though nothing was measured yet."""
    await fill(store)
    store = await place.restart()
    await store.delete("ann0")
    await keep(store, "s")


async def test_many_at_once_do_not_pass_the_limit(place, store):
    """Room is promised before anything is written, and given back by who is refused."""
    outcomes = await asyncio.gather(*(keep(store, f"s{number}") for number in range(9)), return_exceptions=True)
    assert sum(isinstance(outcome, ImagesFull) for outcome in outcomes) == 6
    assert len(kept(place)) == 3
    assert not store._images._room._promised


async def test_room_that_cannot_be_measured_is_none(place, store, faults):
    """The message is refused as by any fault of the disk; when that is over it is taken."""
    await fill(store)
    store = await place.restart()
    faults.fail = {"names"}
    with pytest.raises(StorageError, match="cannot look through"):
        await keep(store, "s")
    faults.fail = None
    with pytest.raises(ImagesFull):
        await keep(store, "s")


async def test_without_a_limit_nothing_is_measured(tmp_path):
    """A store that is told of none keeps whatever it is given."""
    place = FilePlace(tmp_path / "data")
    store = await place.open()
    for number in range(9):
        await keep(store, f"s{number}")
    await store.delete("s0")
    assert not store._images._room._is_measured
    assert store._images._room._bytes == {}
    await place.close()
