"""An index from elsewhere that names sessions without files, not all of its entries as we would write them."""

import json

import pytest

from tests.persistence.places import AT

_MANY = 1500
"""More records than a portion of the index holds."""

_REST = {"created_at": AT, "last_activity": AT, "is_active": True, "metadata": {}}


def write_index(place, names, end=""):
    """Writes an index in our layout."""
    place.folder.mkdir()
    lines = (f"{json.dumps(name)}:{json.dumps({'session_id': name, 'user_id': 'ann', **_REST})}" for name in names)
    (place.folder / "sessions.json").write_text("{\n" + ",\n".join(lines) + end + "\n}\n")


@pytest.mark.parametrize("bad", ["../evil", "a/b", "", "x" * 129])
async def test_index_that_names_what_is_no_session_id_costs_that_entry_only(place, bad):
    """No file is written where the name leads; the other sessions are taken over, and the index is kept aside."""
    write_index(place, ["good", bad])
    store = await place.open()
    assert [record.session_id for record in await store.records("ann", limit=9)] == ["good"]
    assert sorted(path.name for path in place.folder.glob("session_*")) == ["session_good.json"]
    assert len(place.quarantined()) == 1


async def test_index_with_a_bad_entry_behind_good_ones_is_taken_over_once(place):
    """What was read ahead of the bad entry is not taken over again with the rest."""
    write_index(place, [f"s{number}" for number in range(_MANY)], end=',\n"odd":{"session_id":"odd"}')
    store = await place.open()
    assert len(store._index) == _MANY + 1
