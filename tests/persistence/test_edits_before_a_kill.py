"""A session file that a person changes while the journal still holds what was folded into it; then the process dies."""

import json
from collections.abc import Sequence

import pytest

from tests.persistence.places import FilePlace, check_files, contents, record, said

NEVER_S = 1e6


@pytest.fixture
async def place(tmp_path):
    place = FilePlace(tmp_path / "data", fold_delay_s=NEVER_S)
    await place.open()
    yield place
    await place.close()
    check_files(place.folder)


async def begun(place: FilePlace, before: Sequence[str] = ("x", "y"), ours: Sequence[str] = ("a",)) -> None:
    """A session with messages that are folded, and of which the journal still says where they went."""
    await place.store.create(record("s"), [said(text) for text in before])
    await place.checkpoint()
    await place.store.append("s", [said(text) for text in ours])
    await place.folded()


def person_writes(place: FilePlace, *history: str) -> None:
    """Writes a history in our layout."""
    value = json.loads(place.path("s").read_bytes())
    lines = ",\n".join(json.dumps(said(text), separators=(",", ":"), ensure_ascii=False) for text in history)
    text = '{"session_id":"s","history":[' + ("\n" + lines if lines else "") + '\n],"session":'
    place.path("s").write_text(text + json.dumps(value["session"]) + "}\n")


EDITS = [
    ("x", "y", "a", "theirs"),
    ("x", "y"),
    ("x",),
    (),
    ("x", "y", "changed"),
    ("X", "y", "a"),
    ("theirs", "x", "y", "a"),
]


@pytest.mark.parametrize("history", EDITS)
@pytest.mark.parametrize("in_memory", [True, False])
async def test_edit_that_was_seen_and_appended_to_survives_a_kill(place, history, in_memory):
    """What is appended goes behind the edit, once, also where the journal holds what the edit took away."""
    await begun(place)
    if not in_memory:
        place.store._sessions.forget("s")
    person_writes(place, *history)
    assert contents(await place.store.history("s")) == [*history]
    await place.store.append("s", [said("b")])
    await place.folded()
    assert place.in_file("s") == [*history, "b"]
    store = await place.crash()
    assert contents(await store.history("s")) == [*history, "b"]


@pytest.mark.parametrize("added", [("theirs",), ("theirs", "more")])
@pytest.mark.parametrize("ours", [(), ("a",)])
@pytest.mark.parametrize("before", [(), ("x", "y")])
async def test_message_that_a_person_has_added_at_the_end_survives_a_kill(place, before, ours, added):
    """What stands behind all that the journal brings is somebody else's, and is kept."""
    await begun(place, before, ours)
    person_writes(place, *before, *ours, *added)
    store = await place.crash()
    assert contents(await store.history("s")) == [*before, *ours, *added]


@pytest.mark.parametrize("history", EDITS)
async def test_message_that_the_journal_holds_is_there_once_after_a_kill(place, history):
    """Whatever a person has made of the file: nothing that was acknowledged since the last checkpoint is lost."""
    await begun(place)
    person_writes(place, *history)
    store = await place.crash()
    assert contents(await store.history("s")).count("a") == 1
