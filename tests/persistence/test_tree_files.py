"""Session files with branches: where an append goes, what a person does to them, what is left of damaged ones."""

import json

import pytest

from persistence import back_up_folder, check_folder, measure_folder, repair_folder
from persistence.branches import Tree, show
from tests.persistence.damage import all_of, change_json, quiet_place, spoil_entries
from tests.persistence.places import FilePlace, contents, record, said, settled
from tests.persistence.tree_contract import forked, shape

FORKED = (["a", "d"], [("msg_a", ["b", "c"])])


@pytest.fixture
async def place(tmp_path):
    """A place whose files follow the journal only when they are told to, with a session that was forked."""
    place = quiet_place(tmp_path / "data")
    store = await place.open()
    await store.create(record("s"), [said("a"), said("b"), said("c")])
    await store.edit_tree("s", forked("msg_a", said("d")))
    await settled(place)
    yield place
    await place.close()


def grown(*more: str):
    return ["a", "d", *more], FORKED[1]


def edit(place: FilePlace, change) -> None:
    change_json("session_s.json", change)(place.folder)


def rename(value) -> None:
    value["history"][0]["content"] = "edited"


async def found(place: FilePlace):
    return shape(await place.store.tree("s"))


async def test_an_append_goes_to_the_end_of_the_history(place):
    """The file is not written anew: every byte ahead of the tail stays."""
    before = place.path("s").read_bytes()
    for forget in (False, True):
        await settled(place)
        if forget:
            place.store._sessions.forget("s")
        await place.store.append("s", [said(f"e{forget}")])
    await settled(place)
    after = place.path("s").read_bytes()
    tail = before.rindex(b'\n],"session":')
    assert after[:tail] == before[:tail]
    assert await found(place) == grown("eFalse", "eTrue")
    assert place.journal().count(b'"op":"append"') == 2
    assert json.loads(after)["branches"][0]["after"] == "msg_a"


async def test_a_file_without_branches_is_as_it_always_was(place):
    """No word of them, and none is left once there are none."""
    await place.store.edit_tree("s", lambda tree: Tree(tree.history))
    await settled(place)
    assert place.path("s").read_bytes().startswith(b'{"session_id":"s","history":[\n{"role"')
    assert await found(place) == (["a", "d"], [])


@pytest.mark.parametrize("in_memory", [True, False])
async def test_a_person_edits_a_file_with_branches(place, in_memory):
    """What they wrote is served, the branches too; what comes later goes behind it."""
    if not in_memory:
        place.store._sessions.forget("s")
    edit(place, rename)
    await place.store.append("s", [said("e")])
    while not await place.store._folding.fold():
        await place.store._edits.settle()
    assert await found(place) == (["edited", "d", "e"], FORKED[1])
    await place.crash()
    assert await found(place) == (["edited", "d", "e"], FORKED[1])


@pytest.mark.parametrize("then", ["go on", "crash"])
async def test_a_person_edits_a_file_that_lacks_an_append(place, then):
    """The append goes behind the edit; the branches are those of the edit."""
    await place.checkpoint()
    await place.store.append("s", [said("e")])
    edit(place, rename)
    edit(place, lambda value: value["branches"][0]["messages"].pop())
    if then == "crash":
        await place.crash()
    else:
        await settled(place)
    assert await found(place) == (["edited", "d", "e"], [("msg_a", ["b"])])


async def test_a_file_that_is_damaged_while_it_is_in_memory(place):
    """Memory is written back, with the branches."""
    place.path("s").write_bytes(b"no JSON")
    assert await found(place) == FORKED
    await settled(place)
    assert contents(json.loads(place.path("s").read_bytes())["branches"][0]["messages"]) == ["b", "c"]
    assert len(place.quarantined()) == 1


async def test_a_torn_file_keeps_its_branches(place):
    """They stand ahead of the tear."""
    await place.store.close()
    data = place.path("s").read_bytes()
    place.path("s").write_bytes(data[: data.index(b'"content":"d"') + 8])
    await place.again()
    assert await found(place) == (["a"], FORKED[1])
    assert len(place.quarantined()) == 1


@pytest.mark.parametrize(
    ("change", "expected", "says"),
    [
        (
            lambda value: value["branches"].append({"after": "msg_a", "messages": [{"role": "user"}]}),
            FORKED,
            "some of its branches are none",
        ),
        (lambda value: value["branches"].append(7), FORKED, "some of its branches are none"),
        (
            lambda value: value["branches"][0].update(after="nobody"),
            (["a", "d"], [(None, ["b", "c"])]),
            "a branch hangs on a message that is not there",
        ),
        (
            lambda value: value["branches"][0]["messages"][0].update(id="msg_d"),
            (["a", "d"], [("msg_a", ["b", "c"])]),
            "two messages have the id 'msg_d'",
        ),
    ],
)
async def test_damage_to_branches_is_named_and_mended(place, change, expected, says):
    """Nothing that can be read is lost; the file as it was lies in the quarantine."""
    await place.store.close()
    edit(place, change)
    [damage], _ = await all_of(check_folder(place.folder))
    assert says in damage
    assert (await all_of(repair_folder(place.folder)))[0] == []
    assert await all_of(check_folder(place.folder)) == ([], ["quarantine: 1 files are set aside"])
    await place.again()
    assert await found(place) == expected
    ids = [message["id"] for message in (await place.store.tree("s")).messages()]
    assert len(ids) == len(set(ids))


async def test_branches_are_no_damage(place):
    """A file of ours with branches is whole, in whatever order a person has put them."""
    await place.store.edit_tree("s", forked("msg_b", said("e")))
    await place.store.close()
    assert await all_of(check_folder(place.folder)) == ([], [])
    edit(place, lambda value: value["branches"].reverse())
    damage, [note] = await all_of(check_folder(place.folder))
    assert (damage, "not in our layout" in note) == ([], True)
    await place.again()


async def test_odd_ids_are_no_damage(place):
    """A person's empty id, or a number, is as good as none."""
    await place.store.close()
    edit(place, lambda value: [value["history"][0].update(id=5), value["branches"][0]["messages"][1].update(id="")])
    edit(place, lambda value: value["branches"][0].update(after="5"))
    assert (await all_of(check_folder(place.folder)))[0] == []
    await place.again()
    assert await found(place) == (["a", "d"], [("5", ["b", "c"])])
    await place.store.edit_tree("s", forked("5", said("e")))
    assert await found(place) == (["a", "e"], [("5", ["b", "c"]), ("5", ["d"])])


async def test_a_file_that_lost_what_a_branch_hangs_on_is_mended_as_a_tree(place):
    """Nothing is left for `repair`: what hung on the lost message begins at the beginning."""
    await place.store.close()
    path = place.path("s")
    path.write_bytes(path.read_bytes().replace(b'"msg_a","created_at"', b'"msg_a,"created_at"', 1))
    await place.again()
    assert await found(place) == (["d"], [(None, ["b", "c"])])
    await place.store.close()
    assert await all_of(check_folder(place.folder)) == ([], ["quarantine: 1 files are set aside"])
    await place.again()


@pytest.mark.parametrize("odd", [5, 1.5, True, ["a"], {"a": 1}])
async def test_a_page_with_odd_ids_tells_their_alternatives(place, odd):
    """An id that is no text stands for the text of it."""
    await place.store.close()
    edit(place, lambda value: [value["history"][0].update(id=odd), value["history"][1].update(id=[odd])])
    edit(place, lambda value: value["branches"][0].update(after=str(odd)))
    store = await place.again()
    page = await store.page("s", limit=9)
    assert contents(message for _, message in page.messages) == ["a", "d"]
    assert page.alternatives == {str([odd]): [str([odd]), "msg_b"]}


async def test_messages_in_branches_are_counted(place):
    """Statistics count what there is, not what is shown."""
    assert (await measure_folder(place.folder)).messages == 4


async def test_a_copy_has_the_branches(place, tmp_path):
    """Those in the file, and those that only the journal has."""
    await place.store.edit_tree("s", lambda tree: show(tree, "msg_b"))
    await place.store.append("s", [said("e")])
    await back_up_folder(place.folder, tmp_path / "copy")
    assert await all_of(check_folder(tmp_path / "copy")) == ([], [])
    copy = FilePlace(tmp_path / "copy")
    await copy.open()
    assert await found(copy) == (["a", "b", "c", "e"], [("msg_a", ["d"])])
    await copy.close()


async def test_a_damaged_journal_loses_no_branch_that_is_told(place):
    """The last fork that is told of, and what was added behind it; what only the file has stays."""
    await place.checkpoint()
    for text in "ef":
        await place.store.append("s", [said(text)])
    await place.store.edit_tree("s", forked("msg_a", said("g")))
    await place.store.append("s", [said("h")])
    await place.die()
    spoil_entries(place.folder, 1)
    await all_of(repair_folder(place.folder))
    await place.again()
    assert await found(place) == (["a", "g", "h"], [("msg_a", ["b", "c"]), ("msg_a", ["d", "e", "f"])])
