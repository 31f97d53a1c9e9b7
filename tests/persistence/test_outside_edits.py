"""A session file that a person changes, while the store is open or between two runs."""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from persistence import SessionExists, SessionNotFound, StorageError, files
from persistence.answer import new_draft
from tests.persistence.places import FilePlace, answered, check_files, contents, record, said


def edit(place: FilePlace, change: Callable[[Any], Any], **layout: Any) -> None:
    value = json.loads(place.path("s").read_bytes())
    place.path("s").write_text(json.dumps(change(value) or value, **layout))


def rename(value: Any) -> None:
    value["session"]["metadata"]["title"] = "mine"
    value["history"][0]["content"] = "edited"


@pytest.fixture(params=["running", "between"])
async def between(request, place, store):
    """What happens around the person's edit: nothing, or a restart."""

    async def go_on() -> Any:
        return place.store if request.param == "running" else await place.crash()

    return go_on


@pytest.mark.parametrize("layout", [{"indent": 2}, {}, {"separators": (",", ":")}])
async def test_edit_by_a_person_is_seen_and_kept(place, store, between, layout):
    """What a person wrote is served, and what comes later is put behind it."""
    await store.create(record("s"), [said("a"), said("b")])
    edit(place, rename, **layout)
    store = await between()
    assert contents(await store.history("s")) == ["edited", "b"]
    await store.append("s", [said("c")])
    store = await place.crash()
    assert contents(await store.history("s")) == ["edited", "b", "c"]
    assert (await store.record("s")).metadata == {"title": "mine"}


async def test_append_behind_an_edit_does_not_need_a_look_before(place, store, between):
    """An append that is the first to come after a person's edit keeps the edit."""
    await store.create(record("s"), [said("a")])
    edit(place, rename)
    store = await between()
    await store.append("s", [said("b")])
    assert contents(await (await place.crash()).history("s")) == ["edited", "b"]


async def test_edit_in_place_of_the_same_length_is_seen(place, store):
    """A byte that a person changes in place counts, though the file is as long as before."""
    await store.create(record("s"), [said("a")])
    with place.path("s").open("r+b") as file:
        file.seek(place.path("s").read_bytes().index(b'"content":"a"') + 11)
        file.write(b"z")
    os.utime(place.path("s"), ns=(1, 1))
    await store.append("s", [said("b")])
    assert contents(await store.history("s")) == ["z", "b"]


async def test_edit_between_look_and_write_is_not_overwritten(place, store, monkeypatch):
    """A file that changes in the moment before the write refuses the append; the next one goes behind the edit."""
    await store.create(record("s"), [said("a")])
    real = files.overwrite_tail

    async def edited_before(*args: Any, **kwargs: Any) -> Any:
        edit(place, rename)
        return await real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(files, "overwrite_tail", edited_before)
        with pytest.raises(StorageError, match="somebody else"):
            await store.append("s", [said("b")])
    await store.append("s", [said("c")])
    assert contents(await store.history("s")) == ["edited", "c"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"session_id":"s","history":[\n{"role"', b'{"history":[5]}'])
async def test_file_damaged_while_in_memory_is_written_back(place, store, damage):
    """What the store still knows is not lost to an editor that has saved half a file."""
    await store.create(record("s", title="Tea"), [said("a")])
    place.path("s").write_bytes(damage)
    await store.append("s", [said("b")])
    check_files(place.folder)
    [name] = place.quarantined()
    assert (place.folder / "quarantine" / name).read_bytes() == damage
    store = await place.crash()
    assert contents(await store.history("s")) == ["a", "b"]
    assert (await store.record("s")).metadata == {"title": "Tea"}


async def test_file_removed_by_a_person_is_gone(place, store):
    """A session whose file is taken away is not found any more, and no append brings it back."""
    await store.create(record("s"), [said("a")])
    place.path("s").unlink()
    with pytest.raises(SessionNotFound):
        await store.append("s", [said("b")])
    with pytest.raises(SessionNotFound):
        await store.record("s")
    assert not place.path("s").exists()


async def test_file_put_there_by_a_person_is_not_overwritten(place, store):
    """A session cannot be created over a file that the store has not seen yet; a start serves it."""
    place.path("s").write_text('{"session_id":"s","history":[{"role":"user","content":"mine"}]}')
    with pytest.raises(SessionExists):
        await store.create(record("s"), [said("a")])
    assert contents(await (await place.crash()).history("s")) == ["mine"]


async def test_copied_file_is_a_session_of_its_own(place, store):
    """A file under another name is another session, whatever it says inside."""
    await store.create(record("s"), [said("a")])
    place.path("t").write_bytes(place.path("s").read_bytes())
    store = await place.crash()
    await store.append("t", [said("b")])
    store = await place.crash()
    assert contents(await store.history("s")) == ["a"]
    assert contents(await store.history("t")) == ["a", "b"]
    assert json.loads(place.path("t").read_bytes())["session_id"] == "t"


async def test_edit_while_an_answer_runs_is_kept(place, store):
    """The answer comes behind what a person has made of the question."""
    await store.create(record("s"), [said("q", response_id="resp_1")])
    await store.write("s", new_draft("resp_1"), "half")
    edit(place, lambda value: value["history"][0].update(content="edited") or value, indent=1)
    await store.write("s", new_draft("resp_1"), "half")
    await store.append("s", [answered("whole", "resp_1")])
    assert contents(await store.history("s")) == ["edited", "whole"]


async def test_shorter_tail_leaves_one_json_object(place, store):
    """A record that shrinks is filled up with spaces: the file is never cut, and stays one line a message."""
    await store.create(record("s", title="x" * 900), [said("a")])
    length = len(place.path("s").read_bytes())
    await store.update("s", lambda known: record("s"))
    data = place.path("s").read_bytes()
    assert len(data) == length
    assert json.loads(data)["session"]["metadata"] == {}
    assert data.endswith(b" \n")
    await place.crash()
    await place.store.append("s", [said("b")])
    data = place.path("s").read_bytes()
    assert data.count(b"\n") == 4
    assert contents(json.loads(data)["history"]) == ["a", "b"]


async def test_append_touches_the_tail_only(place, store):
    """However long the history, an append leaves every byte before the tail where it was, in the same file."""
    await store.create(record("s"), [said(str(n)) for n in range(500)])
    before, inode = place.path("s").read_bytes(), place.path("s").stat().st_ino
    await store.append("s", [said("last")])
    tail = before.rindex(b'\n],"session":')
    assert place.path("s").read_bytes()[:tail] == before[:tail]
    assert place.path("s").stat().st_ino == inode


async def test_session_that_left_memory_while_it_is_changed_is_whole(tmp_path):
    """A session that is pushed out of memory in mid-change is read from its file again, with the change."""
    place = FilePlace(tmp_path / "data", sessions_in_memory=1)
    store = await place.open()
    names = ("s", "t", "u")
    for name in names:
        await store.create(record(name), [said("q", response_id=f"resp_{name}")])
    for _ in range(5):
        await asyncio.gather(*(store.write(name, new_draft(f"resp_{name}"), "x") for name in names))
        assert [contents(await store.history(name)) for name in names] == [["q"]] * 3
    await asyncio.gather(*(store.append(name, [answered("whole", f"resp_{name}")]) for name in names))
    assert [contents(await store.history(name)) for name in names] == [["q", "whole"]] * 3
    await place.close()
