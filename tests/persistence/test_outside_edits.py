"""A session file that a person changes, while the store is open or between two runs."""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from persistence import Message, SessionExists, SessionNotFound
from persistence.answer import new_draft
from tests.persistence.places import FilePlace, answered, check_files, contents, record, said, settled

NEVER_S = 1e6


def edit(place: FilePlace, change: Callable[[Any], Any], **layout: Any) -> None:
    value = json.loads(place.path("s").read_bytes())
    place.path("s").write_text(json.dumps(change(value) or value, **layout))


def rename(value: Any) -> None:
    value["session"]["metadata"]["title"] = "mine"
    value["history"][0]["content"] = "edited"


@pytest.fixture(params=["running", "closed", "crashed"])
async def person(request, place, store):
    """Somebody who changes files while the store runs, or while none runs and the journal holds nothing."""

    async def changes(change: Callable[[], Any]) -> Any:
        await place.folded()
        if request.param == "running":
            change()
            return place.store
        if request.param == "closed":
            await place.close()
        else:
            await place.checkpoint()
            await place.die()
        change()
        return await place.again()

    return changes


@pytest.fixture
async def slow(tmp_path):
    """A place where nothing is folded before somebody asks for it."""
    place = FilePlace(tmp_path / "data", fold_delay_s=NEVER_S)
    await place.open()
    yield place
    await place.close()
    check_files(place.folder)


@pytest.mark.parametrize("layout", [{"indent": 2}, {}, {"separators": (",", ":")}])
async def test_edit_by_a_person_is_seen_and_kept(place, store, person, layout):
    """What a person wrote is served, and what comes later is put behind it."""
    await store.create(record("s"), [said("a"), said("b")])
    store = await person(lambda: edit(place, rename, **layout))
    assert contents(await store.history("s")) == ["edited", "b"]
    await store.append("s", [said("c")])
    store = await place.crash()
    assert contents(await store.history("s")) == ["edited", "b", "c"]
    assert (await store.record("s")).metadata == {"title": "mine"}


async def test_append_behind_an_edit_does_not_need_a_look_before(place, store, person):
    """An append that is the first to come after a person's edit keeps the edit."""
    await store.create(record("s"), [said("a")])
    store = await person(lambda: edit(place, rename))
    await store.append("s", [said("b")])
    await settled(place)
    assert contents(await (await place.crash()).history("s")) == place.in_file("s") == ["edited", "b"]


async def test_change_of_the_record_or_of_the_history_keeps_an_edit(place, store, person):
    """Who renames a session or edits its history works on what a person has made of it."""
    await store.create(record("s"), [said("a"), said("b")])
    store = await person(lambda: edit(place, rename))
    await store.update("s", lambda known: known.touched())
    assert contents(await store.history("s")) == ["edited", "b"]
    await place.folded()
    edit(place, lambda value: value["history"][1].update(content="edited too"), indent=1)
    await store.edit("s", lambda messages: [*messages, said("c")])
    await settled(place)
    assert contents(await (await place.crash()).history("s")) == ["edited", "edited too", "c"]


async def test_edit_in_place_of_the_same_length_is_seen(place, store):
    """A byte that a person changes in place counts, though the file is as long as before."""
    await store.create(record("s"), [said("a")])
    await place.folded()
    with place.path("s").open("r+b") as file:
        file.seek(place.path("s").read_bytes().index(b'"content":"a"') + 11)
        file.write(b"z")
    os.utime(place.path("s"), ns=(1, 1))
    await store.append("s", [said("b")])
    await settled(place)
    assert contents(await store.history("s")) == place.in_file("s") == ["z", "b"]


@pytest.mark.parametrize("layout", [{"indent": 2}, {"separators": (",", ":")}])
@pytest.mark.parametrize("then", ["go on", "crash"])
async def test_edit_between_commit_and_fold_is_kept(slow, layout, then):
    """What was acknowledged ahead of a person's edit, and is not in the file yet, goes behind the edit."""
    store = slow.store
    await store.create(record("s"), [said("a")])
    await slow.folded()
    await slow.checkpoint()
    await store.append("s", [said("b")])
    await store.append("s", [said("c")])
    edit(slow, rename, **layout)
    if then == "crash":
        store = await slow.crash()
    else:
        assert not await store._folding.fold()
        await store._edits.settle()
        await store.append("s", [said("d")])
    await settled(slow)
    expected = ["edited", "b", "c"] + ["d"] * (then != "crash")
    assert contents(await store.history("s")) == slow.in_file("s") == expected
    assert contents(await (await slow.crash()).history("s")) == expected


@pytest.mark.parametrize("then", ["go on", "crash"])
async def test_message_with_the_id_of_another_is_kept_behind_an_edit(slow, then):
    """Whoever gives two messages one id loses neither to a person's edit."""
    store = slow.store
    await store.create(record("s"), [said("a")])
    await slow.folded()
    await slow.checkpoint()
    await store.append("s", [said("b", id="msg_a")])
    edit(slow, rename)
    if then == "crash":
        store = await slow.crash()
    await settled(slow)
    assert contents(await store.history("s")) == slow.in_file("s") == ["edited", "b"]
    assert contents(await (await slow.crash()).history("s")) == ["edited", "b"]


async def test_edit_between_the_change_of_a_record_and_its_fold_is_kept(slow):
    """A change of the record alone, acknowledged ahead of the edit, goes behind it too, and tears nothing."""
    store = slow.store
    await store.create(record("s", title="x" * 300), [said("a"), said("b")])
    await slow.folded()
    await store.update("s", lambda known: record("s", title="new"))
    edit(slow, lambda value: value["history"][0].update(content="edited"), separators=(",", ":"))
    await settled(slow)
    assert contents(await store.history("s")) == slow.in_file("s") == ["edited", "b"]
    assert (await store.record("s")).metadata == {"title": "new"}
    await store.append("s", [said("c")])
    store = await slow.crash()
    assert contents(await store.history("s")) == ["edited", "b", "c"]
    assert (await store.record("s")).metadata == {"title": "new"}


async def test_edit_between_a_new_history_and_its_fold_is_set_aside(slow):
    """A history that was put in the place of the old one stays; what a person made of the old one is kept apart."""
    store = slow.store
    await store.create(record("s"), [said("a"), said("b")])
    await slow.folded()
    await store.edit("s", lambda messages: messages[1:])
    edit(slow, rename)
    await settled(slow)
    assert contents(await store.history("s")) == slow.in_file("s") == ["b"]
    [name] = slow.quarantined()
    assert contents(json.loads((slow.folder / "quarantine" / name).read_bytes())["history"]) == ["edited", "b"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"session_id":"s","history":[\n{"role"', b'{"history":[5]}'])
async def test_file_damaged_while_in_memory_is_written_back(place, store, damage):
    """What the store still knows is not lost to an editor that has saved half a file."""
    await store.create(record("s", title="Tea"), [said("a")])
    await place.folded()
    place.path("s").write_bytes(damage)
    await store.append("s", [said("b")])
    await settled(place)
    check_files(place.folder)
    [name] = place.quarantined()
    assert (place.folder / "quarantine" / name).read_bytes() == damage
    store = await place.crash()
    assert contents(await store.history("s")) == ["a", "b"]
    assert (await store.record("s")).metadata == {"title": "Tea"}


@pytest.mark.parametrize("look", ["history", "page"])
async def test_line_damaged_while_in_memory_is_written_back(place, store, look):
    """One bad line in the middle of a file costs nothing while memory still knows it."""
    await store.create(record("s"), [said("a"), said("b"), said("c")])
    await place.folded()
    place.path("s").write_bytes(place.path("s").read_bytes().replace(b'"content":"b"', b'"content":"b'))
    if look == "page":
        await store.page("s", limit=1)
    assert contents(await store.history("s")) == ["a", "b", "c"]
    await settled(place)
    assert place.in_file("s") == ["a", "b", "c"]
    assert len(place.quarantined()) == 1


async def test_file_removed_by_a_person_is_gone(place, store):
    """A session whose file is taken away is not found any more, and no change brings it back."""
    await store.create(record("s"), [said("a")])
    await place.folded()
    place.path("s").unlink()
    for call in (store.history("s"), store.append("s", [said("b")]), store.edit("s", lambda messages: messages)):
        with pytest.raises(SessionNotFound):
            await call
    with pytest.raises(SessionNotFound):
        await store.record("s")
    assert not place.path("s").exists()
    await store.create(record("s"), [said("new")])
    await place.folded()
    assert place.in_file("s") == ["new"]


@pytest.mark.parametrize("then", ["go on", "crash"])
async def test_file_removed_between_commit_and_fold_is_gone(slow, then):
    """An append that was acknowledged ahead of the removal does not bring the file back, nor does a start."""
    store = slow.store
    await store.create(record("s"), [said("a")])
    await slow.folded()
    await slow.checkpoint()
    await store.append("s", [said("b")])
    slow.path("s").unlink()
    if then == "crash":
        store = await slow.crash()
    else:
        await slow.folded()
    for _ in range(2):
        with pytest.raises(SessionNotFound):
            await store.record("s")
        with pytest.raises(SessionNotFound):
            await store.append("s", [said("c")])
        assert not slow.path("s").exists()
        store = await slow.crash()


@pytest.mark.parametrize("folded", [0, 1, 3])
@pytest.mark.parametrize("with_ids", [True, False])
@pytest.mark.parametrize("layout", [{"indent": 2}, {"separators": (",", ":")}, {}])
async def test_edit_after_a_crash_stays_ahead_of_what_the_journal_holds(slow, folded, with_ids, layout):
    """A file that is edited while the journal still holds appends keeps the edit, and has each append once."""
    store = slow.store
    await store.create(record("s"), [said("a")])
    await slow.folded()
    await slow.checkpoint()
    for number, content in enumerate(("b", "b", "c"), 1):
        message: Message = {"role": "user", "content": content}
        await store.append("s", [{**message, "id": f"msg_{number}"} if with_ids else message])
        if number == folded:
            await slow.folded()
    await slow.die()
    edit(slow, lambda value: value["history"][0].update(content="a long edit"), **layout)
    store = await slow.again()
    assert contents(await store.history("s")) == slow.in_file("s") == ["a long edit", "b", "b", "c"]
    assert len(slow.quarantined()) == 1
    await store.append("s", [said("d")])
    assert contents(await (await slow.crash()).history("s")) == ["a long edit", "b", "b", "c", "d"]


@pytest.mark.parametrize("by", [-2, -1, 1, 2, 3, 30])
async def test_edit_after_a_crash_in_our_own_layout_tears_nothing(slow, by):
    """A message that a person has made longer or shorter in place does not lead an append into its middle."""
    store = slow.store
    await store.create(record("s"), [said("first"), said("second")])
    await slow.folded()
    await slow.checkpoint()
    await store.append("s", [said("third")])
    await slow.die()
    text = b"first"[: 5 + min(by, 0)] + b"x" * max(by, 0)
    data = slow.path("s").read_bytes()
    slow.path("s").write_bytes(data.replace(b'"content":"first"', b'"content":"%b"' % text))
    store = await slow.again()
    assert contents(await store.history("s")) == slow.in_file("s") == [text.decode(), "second", "third"]


@pytest.mark.parametrize("damage", [b"", b"{", b"not at all"])
async def test_damage_after_a_crash_leaves_what_the_journal_holds(slow, damage):
    """Of a file that is ruined while no server runs, what the journal still holds is there; the ruin is set aside."""
    store = slow.store
    await store.create(record("s", title="Tea"), [said("a")])
    await slow.folded()
    await slow.checkpoint()
    await store.append("s", [said("b")])
    await slow.die()
    slow.path("s").write_bytes(damage)
    store = await slow.again()
    assert contents(await store.history("s")) == slow.in_file("s") == ["b"]
    assert (await store.record("s")).metadata == {"title": "Tea"}
    [name] = slow.quarantined()
    assert (slow.folder / "quarantine" / name).read_bytes() == damage


async def test_disk_without_room_for_a_dispute_is_asked_again(slow):
    """A dispute that cannot be settled while the disk is full is settled later; nothing is lost meanwhile."""
    store, faults = slow.store, slow.faults
    await store.create(record("s"), [said("a")])
    await slow.folded()
    await store.append("s", [said("b")])
    edit(slow, rename)
    faults.fail = {"make_folder", "write"}
    assert not await store._folding.fold()
    await store._edits.settle()
    faults.fail = None
    assert contents(await store.history("s")) == ["a", "b"]
    store._folding._disputed.clear()  # as its own task does, a second later
    await settled(slow)
    assert contents(await store.history("s")) == slow.in_file("s") == ["edited", "b"]


async def test_file_put_there_by_a_person_is_not_overwritten(place, store):
    """A session cannot be created over a file that the store has not seen yet; a start serves it."""
    place.path("s").write_text('{"session_id":"s","history":[{"role":"user","content":"mine"}]}')
    with pytest.raises(SessionExists):
        await store.create(record("s"), [said("a")])
    assert contents(await (await place.crash()).history("s")) == ["mine"]


async def test_copied_file_is_a_session_of_its_own(place, store):
    """A file under another name is another session, whatever it says inside."""
    await store.create(record("s"), [said("a")])
    await place.folded()
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
    await place.folded()
    edit(place, lambda value: value["history"][0].update(content="edited") or value, indent=1)
    await store.write("s", new_draft("resp_1"), "half")
    await store.append("s", [answered("whole", "resp_1")])
    await settled(place)
    assert contents(await store.history("s")) == place.in_file("s") == ["edited", "whole"]


async def test_shorter_tail_leaves_one_json_object(place, store):
    """A record that shrinks is filled up with spaces: the file is never cut, and stays one line a message."""
    await store.create(record("s", title="x" * 900), [said("a")])
    await place.folded()
    length = len(place.path("s").read_bytes())
    await store.update("s", lambda known: record("s"))
    await place.folded()
    data = place.path("s").read_bytes()
    assert len(data) == length
    assert json.loads(data)["session"]["metadata"] == {}
    assert data.endswith(b" \n")
    await place.crash()
    await place.store.append("s", [said("b")])
    await place.folded()
    data = place.path("s").read_bytes()
    assert data.count(b"\n") == 4
    assert contents(json.loads(data)["history"]) == ["a", "b"]


async def test_append_touches_the_tail_only(place, store):
    """However long the history, an append leaves every byte before the tail where it was, in the same file."""
    await store.create(record("s"), [said(str(n)) for n in range(500)])
    await place.folded()
    before, inode = place.path("s").read_bytes(), place.path("s").stat().st_ino
    await store.append("s", [said("last")])
    await place.folded()
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
