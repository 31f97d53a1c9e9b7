"""Deletion: nothing of the session stays under the data directory, whatever comes in between."""

import asyncio
import contextlib

import pytest

from persistence import Fact, SessionNotFound, StorageError, files
from persistence.answer import new_draft
from tests.persistence.places import AT, FilePlace, record, said

SECRET = "swordfish"


def holds_secret(place: FilePlace) -> list[str]:
    return [path.name for path in place.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


@pytest.fixture
async def told(place, store):
    """A session that has left its secret in its file, its record, its parts, the memory and the quarantine."""
    await store.create(record("s", title=SECRET), [said(SECRET)])
    await store.create(record("t"), [said("other")])
    place.path("s").write_bytes(place.path("s").read_bytes()[:-9])
    await store.history("s")
    await store.append("s", [said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), SECRET)
    await store.update_memory("ann", lambda facts: [Fact("f1", SECRET, AT, "s"), Fact("f2", "tea", AT, "t")])
    await store._index.flush()
    assert len(holds_secret(place)) == 5
    return store


async def test_deleted_text_is_in_no_file(place, told):
    """After a deletion the text is in no file, the index included once it is written."""
    receipt = await told.delete("s")
    assert receipt.facts_removed == 1
    assert sorted(name.split(".")[0] for name in receipt.removed) == ["s", "session_s", "session_s"]
    await told._index.flush()
    assert holds_secret(place) == []


async def test_what_a_crash_left_is_deleted_too(place, told, monkeypatch):
    """Parts that a start could not settle belong to their session, and go with it."""
    await place.die()

    async def refuse(*args: object, **kwargs: object) -> None:
        raise StorageError("append to", place.path("s"), "refused")

    with monkeypatch.context() as patched:
        patched.setattr(files, "overwrite_tail", refuse)
        store = await place.again()
        assert len(holds_secret(place)) >= 5
        await store.delete("s")
    await store._index.flush()
    assert holds_secret(place) == []


@pytest.mark.parametrize("steps", range(1, 6))
async def test_deletion_cut_short_can_be_asked_for_again(place, told, monkeypatch, steps):
    """Wherever a crash comes in a deletion, the session is still there to be deleted, or all of it is gone."""
    done = 0
    real = {name: getattr(files, name) for name in ("remove", "replace")}

    def counted(name):
        async def call(path, *args, **kwargs):
            nonlocal done
            if path.name != "sessions.json":  # the index follows in its own time, and is no step of a deletion
                done += 1
            if done >= steps:
                raise StorageError(name, place.folder, "the process is dead")
            return await real[name](path, *args, **kwargs)

        return call

    with monkeypatch.context() as patched:
        for name in real:
            patched.setattr(files, name, counted(name))
        with contextlib.suppress(StorageError):
            await told.delete("s")
    store = await place.crash()
    try:
        await store.delete("s")
    except SessionNotFound:
        assert done < steps
    await store._index.flush()
    assert holds_secret(place) == []


async def test_deletion_waits_for_a_piece_whose_writer_is_gone(place, told):
    """A piece that is on its way when its writer is cancelled does not outlive the session."""
    for turns in range(6):
        await told.create(record("u"), [said("q", response_id=f"resp_{turns}u")])
        task = asyncio.create_task(told.write("u", new_draft(f"resp_{turns}u"), SECRET))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await told.delete("u")
    await told.delete("s")
    await told._index.flush()
    assert holds_secret(place) == []


async def test_deletion_and_appends_at_once_leave_nothing(place, told):
    """Whatever was called for around a deletion, no file of the session is there after it."""
    calls = [told.append("s", [said(SECRET)]) for _ in range(5)]
    late = [told.append("s", [said(SECRET)]) for _ in range(5)]
    results = await asyncio.gather(*calls, told.delete("s"), *late, return_exceptions=True)
    assert not any(isinstance(result, Exception) for result in results[:6])
    assert {type(result) for result in results[6:]} == {SessionNotFound}
    await told._index.flush()
    assert holds_secret(place) == []
    assert not place.path("s").exists()
