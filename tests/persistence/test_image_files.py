"""Images on the disk: never later than their messages, never longer than these, whatever comes in between."""

import asyncio
import json
import threading
from contextlib import suppress

import pytest

from persistence import FileStore, ImageNotFound, StorageError, StorageReadOnly, back_up_folder, check_folder
from tests.persistence.damage import all_of
from tests.persistence.image_contract import FISH, GIF, HERRING, PNG, shown
from tests.persistence.places import FilePlace, contents, record, said


def images_in(place: FilePlace) -> list[str]:
    """The files and folders below `images/`."""
    folder = place.folder / "images"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def holds(place: FilePlace, text: bytes) -> list[str]:
    return [path.name for path in place.folder.rglob("*") if path.is_file() and text in path.read_bytes()]


async def swept(store: FileStore) -> None:
    """The look for images that nobody names has ended."""
    if task := store._sweep._task:
        await task


async def test_session_file_stays_a_text(place, store):
    """The session's file names the image and holds none of its bytes, the journal neither."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await place.folded()
    [message] = json.loads(place.path("s").read_bytes())["history"]
    assert message["content"] == "a"
    assert message["images"] == [{"file": FISH, "media_type": "image/png", "bytes": 1}]
    assert (place.folder / "images" / "s" / FISH).stat().st_mode & 0o777 == 0o600
    assert holds(place, b"swordfish") == [FISH]


async def test_image_is_durable_before_its_message(place, store, faults):
    """The image's bytes, its name and its folder's name are synced before the message is written to the journal."""
    await store.create(record("s"), [said("a")])
    await place.folded()
    faults.calls.clear()
    await store.append("s", [shown("b", FISH)], images={FISH: PNG})
    calls = faults.calls[: faults.calls.index("sync_data")]
    assert calls.count("make_folder") == 2
    renamed = calls.index("rename")
    assert "sync" in calls[calls.index("write") : renamed]
    assert "sync" in calls[renamed:]


async def test_first_images_of_many_sessions_at_once(place, store, faults):
    """Whoever comes second to make the folder of all of them finds it made; each one is kept."""
    ids = [f"s{number}" for number in range(8)]
    two = threading.Barrier(2)

    def together(name, *args):
        if name == "make_folder" and args[0].name == "images":
            with suppress(threading.BrokenBarrierError):
                two.wait(timeout=5)

    faults.before = together
    await asyncio.gather(*[store.create(record(one), [shown("a", FISH)], images={FISH: PNG}) for one in ids])
    assert [await store.image(one, FISH) for one in ids] == [PNG] * len(ids)


async def test_images_whose_session_only_the_journal_has(place, store):
    """They are verified as they will be after the next start, which keeps them."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await place.die()
    assert not place.path("s").exists()
    damage, notes = await all_of(check_folder(place.folder))
    assert (damage, [note for note in notes if "images" in note]) == ([], [])
    assert await (await place.again()).image("s", FISH) == PNG


async def test_what_is_none_of_ours_among_the_images(place, store):
    """It is said, and a start leaves it where it is."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    (place.folder / "images" / ".DS_Store").touch()
    await place.close()
    assert await all_of(check_folder(place.folder)) == ([], ["images/.DS_Store: unknown; it is left alone"])
    await place.again()
    assert images_in(place) == [".DS_Store", "s", f"s/{FISH}"]


ASKED = {
    "append": lambda store: store.append("s", [shown("b", HERRING)], images={HERRING: GIF}),
    "create": lambda store: store.create(record("t"), [shown("b", HERRING)], images={HERRING: GIF}),
}


@pytest.mark.parametrize("call", ASKED)
async def test_image_without_its_message_goes_at_the_next_start(place, store, monkeypatch, call):
    """A death between the image and the message leaves what goes before anybody can see it, or in the background."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await place.folded()

    async def die(*_: object) -> None:
        await place.die()
        raise StorageReadOnly("write", place.folder, "dead")

    monkeypatch.setattr(store._journal, "commit", die)
    with pytest.raises(StorageReadOnly):
        await ASKED[call](store)
    assert any(HERRING in path for path in images_in(place))
    store = await place.again()
    assert "t" not in images_in(place)
    await swept(store)
    assert images_in(place) == ["s", f"s/{FISH}"]
    assert await store.image("s", FISH) == PNG
    assert contents(await store.history("s")) == ["a"]


@pytest.mark.parametrize("step", ["open", "write", "sync", "rename"])
async def test_refused_image_refuses_its_message(place, store, faults, step):
    """Where the disk takes no image, nothing has happened and nothing is left; a failed sync ends all writing."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await place.folded()
    before = images_in(place)
    faults.fail, faults.path = {step}, HERRING
    with pytest.raises(StorageError):
        await store.append("s", [shown("b", HERRING)], images={HERRING: GIF})
    faults.fail = None
    assert (store.fault is not None) == (step == "sync")
    assert contents(await store.history("s")) == ["a"]
    assert images_in(place) == before


async def test_refused_message_takes_its_image_back(place, store, faults):
    """A full disk that refuses the message has not kept its image."""
    await store.create(record("s"), [said("a")])
    await place.folded()
    faults.before = lambda name, *args: setattr(faults, "full", name == "write" and b"msg_b" in args[1])
    with pytest.raises(StorageError):
        await store.append("s", [shown("b", FISH)], images={FISH: PNG})
    faults.before = None
    assert images_in(place) == []
    await store.append("s", [shown("c", FISH)], images={FISH: PNG})
    assert await store.image("s", FISH) == PNG


async def test_cancelled_change_leaves_no_image(place, store):
    """A caller who leaves while the image is being written leaves nothing of it."""
    await store.create(record("s"), [said("a")])
    task = asyncio.create_task(store.append("s", [shown("b", FISH)], images={FISH: PNG}))
    while not store._disk._hops:  # noqa: ASYNC110 - a hop that begins tells nobody
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert images_in(place) == []
    assert contents(await store.history("s")) == ["a"]


async def test_deleted_images_are_gone_at_once(place, store):
    """When a deletion is answered, no file holds a byte of the image, and no folder is left."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await store.delete("s")
    assert holds(place, b"swordfish") == []
    assert images_in(place) == []


@pytest.mark.parametrize("step", ["unlink", "remove_folder"])
async def test_images_that_a_crash_has_left_of_a_deletion_go(place, store, faults, step):
    """A deletion that was cut short, or refused, behind its entry is finished by the next start."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await place.folded()
    faults.fail = {step}
    await store.delete("s")
    assert images_in(place)
    faults.fail = None
    await place.crash()
    assert images_in(place) == []


async def test_image_stays_while_the_quarantine_may_name_it(place, store):
    """What a damaged file named keeps its images: the copy that was set aside may be wanted."""
    await store.create(record("s"), [shown("a", FISH), said("b")], images={FISH: PNG})
    await store.create(record("t"), [shown("a", FISH)], images={FISH: PNG})
    await place.close()
    place.path("s").write_bytes(place.path("s").read_bytes().replace(b'{"role":"user","content":"a"', b"{torn"))
    place.path("t").write_bytes(b"gone")
    for _ in range(2):
        store = await place.again()
        assert contents(await store.history("s")) == ["b"]
        await swept(store)
        assert images_in(place) == ["s", f"s/{FISH}", "t", f"t/{FISH}"]
        await place.close()


async def test_image_goes_with_a_message_that_a_person_took_out(place, store):
    """What no message names any more after an edit by hand is removed behind the next start."""
    await store.create(record("s"), [shown("a", FISH), said("b")], images={FISH: PNG})
    await place.close()
    value = json.loads(place.path("s").read_bytes())
    del value["history"][0]
    place.path("s").write_text(json.dumps(value))
    await swept(await place.again())
    assert images_in(place) == []


async def test_old_files_have_no_images(place, store):
    """A session without images has no folder, before and after it is deleted."""
    await store.create(record("s"), [said("a")])
    assert not (place.folder / "images").exists()
    await store.delete("s")
    assert not (place.folder / "images").exists()


async def test_backup_has_the_images(place, store, tmp_path):
    """A copy beside a running store is whole with its images; verifying finds nothing."""
    await store.create(record("s"), [shown("a", FISH)], images={FISH: PNG})
    await store.append("s", [shown("b", HERRING)], images={HERRING: GIF})
    await back_up_folder(place.folder, tmp_path / "copy")
    assert await all_of(check_folder(tmp_path / "copy")) == ([], [])
    copy = FilePlace(tmp_path / "copy")
    other = await copy.open()
    assert await other.image("s", FISH) == PNG
    assert await other.image("s", HERRING) == GIF
    await copy.close()


async def test_images_are_verified(place, store):
    """A missing image, or one with other bytes, is damage; one that nobody names is not."""
    await store.create(record("s"), [shown("a", FISH, HERRING)], images={FISH: PNG, HERRING: GIF})
    await place.close()
    assert await all_of(check_folder(place.folder)) == ([], [])
    folder = place.folder / "images"
    (folder / "s" / FISH).unlink()
    (folder / "s" / HERRING).write_bytes(b"GIF89a!")
    (folder / "s" / ("0" * 64 + ".gif")).write_bytes(b"GIF89a")
    (folder / "t").mkdir()
    damage, notes = await all_of(check_folder(place.folder))
    assert sorted(line.partition(":")[0] for line in damage) == sorted(f"images/s/{name}" for name in (FISH, HERRING))
    assert sorted(line.partition(":")[0] for line in notes) == [f"images/s/{'0' * 64}.gif", "images/t"]
    with pytest.raises(ImageNotFound):
        await (await place.again()).image("s", FISH)
