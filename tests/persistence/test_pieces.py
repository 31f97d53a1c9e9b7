"""Pieces of running answers on their way into the journal, beside what happens to their sessions."""

import asyncio

import pytest

from persistence import Piece, SessionNotFound, StorageError, StorageReadOnly
from persistence.answer import new_draft
from persistence.journal_entry import Part, Pieces
from tests.persistence.places import FilePlace, contents, record, said

DRAFT = new_draft("resp_1")
PIECE = Piece("s", DRAFT, "half")


@pytest.fixture
async def place(tmp_path, monkeypatch):
    """A place whose disk never counts as slow, however long the machine has other things to do during a write."""
    monkeypatch.setattr("persistence.loop_writes._SLOW_S", 1e6)
    place = FilePlace(tmp_path / "data", fold_delay_s=1e6, index_delay_s=1e6)
    await place.open()
    await place.store.create(record("s"), [said("q", response_id="resp_1")])
    await place.store.create(record("t"), [said("q", response_id="resp_2")])
    yield place
    await place.close()


async def queued(place, step):
    """A step whose entry is in the journal's queue."""
    task = asyncio.create_task(step)
    while not place.store._journal._gathering.bodies:
        assert not task.done()
        await asyncio.sleep(0)
    return task


async def test_pieces_of_many_answers_are_one_entry(place):
    """However many answers run, what they have is one line; only first pieces carry their drafts."""
    for _ in range(2):
        assert await place.store.write_all([PIECE, Piece("t", new_draft("resp_2"), "x")]) == [None, None]
    lines = [line for line in place.journal().splitlines() if b'"op":"part' in line]
    assert [line.count(b'"response_id"') - line.count(b'"draft"') for line in lines] == [2, 2]
    assert [line.count(b'"draft"') for line in lines] == [2, 0]


async def test_piece_that_meets_a_deletion_is_not_written(place):
    """Once a deletion is on its way into the journal, no piece goes in behind it."""
    deletion = await queued(place, place.store.delete("s"))
    there, gone = await place.store.write_all([Piece("t", new_draft("resp_2"), "x"), PIECE])
    assert there is None
    assert isinstance(gone, SessionNotFound)
    await deletion
    assert b"half" not in place.journal()
    assert [parts.session_id for parts in place.store._running.all()] == ["t"]


async def test_deletion_that_was_refused_refuses_no_later_piece(place):
    """A session whose deletion the disk has refused goes on."""
    place.faults.full = True
    with pytest.raises(StorageError):
        await place.store.delete("s")
    place.faults.full = False
    assert await place.store.write_all([PIECE]) == [None]
    assert contents(await (await place.crash()).history("s")) == ["q", "half"]


async def test_piece_whose_session_goes_meanwhile_does_not_stay(place):
    """A session that is found to be gone while a piece of it is being written leaves nothing in memory."""
    writing = await queued(place, place.store.write_all([PIECE]))
    place.store._index.drop("s")
    place.store._running.drop_session("s")
    assert [type(outcome) for outcome in await writing] == [SessionNotFound]
    assert [parts.session_id for parts in place.store._running.all()] == ["t"]


async def test_piece_behind_a_deletion_is_nothing_to_a_start(place):
    """A journal in which a piece stands behind its session's deletion brings nothing back, nor into the quarantine."""
    await place.store.delete("s")
    await place.store._journal.commit(Pieces([Part("s", "resp_1", DRAFT, "half")]).encode(), durable=False)
    store = await place.crash()
    with pytest.raises(SessionNotFound):
        await store.history("s")
    assert (place.quarantined(), b"half" in place.journal()) == ([], False)


async def test_refused_pieces_each_say_so(place):
    """What the disk refuses is the outcome of each piece, in an error of its own; those that are no JSON say that."""
    place.faults.full = True
    one, other = await place.store.write_all([PIECE, PIECE])
    assert isinstance(one, StorageError)
    assert isinstance(other, StorageError)
    assert one is not other
    assert place.store._running.all()[0].text == ""
    place.faults.full = False
    assert await place.store.write_all([PIECE]) == [None]


async def test_read_only_store_takes_no_pieces(place):
    """After a failed sync each piece hears of it."""
    place.faults.fail = {"sync_data"}
    with pytest.raises(StorageReadOnly):
        await place.store.append("t", [said("a")])
    assert [type(outcome) for outcome in await place.store.write_all([PIECE, PIECE])] == [StorageReadOnly] * 2


async def test_closed_store_takes_no_pieces(place):
    """What comes when all is over is refused, known or not."""
    await place.store.close()
    outcomes = await place.store.write_all([PIECE, Piece("x", DRAFT, "a")])
    assert [type(outcome) for outcome in outcomes] == [StorageError] * 2
    await place.again()


async def test_pieces_outlive_their_cancelled_writer(place):
    """Who is cancelled while pieces are being written hears of it once they are written and remembered."""
    writing = await queued(place, place.store.write_all([PIECE]))
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert place.store._running.all()[0].text == "half"
    assert contents(await (await place.crash()).history("s")) == ["q", "half"]


async def test_pieces_that_find_nobody_ahead_need_no_wait(place):
    """They are in the journal, and remembered, before anything else runs."""
    await place.store.write_all([PIECE])
    assert place.store.write_now([PIECE]) == [None]
    assert place.store._running.all()[0].text == "halfhalf"
    assert contents(await (await place.crash()).history("s")) == ["q", "halfhalf"]


async def test_pieces_overtake_nobody(place):
    """Behind what is on its way, and once nothing can be written any more, nothing is done without waiting."""
    appending = await queued(place, place.store.append("t", [said("a")]))
    assert place.store.write_now([PIECE]) is None
    await appending
    assert place.store.write_now([PIECE]) == [None]
    place.faults.fail = {"sync_data"}
    with pytest.raises(StorageReadOnly):
        await place.store.append("t", [said("b")])
    assert place.store.write_now([PIECE]) is None
    assert place.store._running.all()[0].text == "half"
