"""The records in memory: pages in the order of activity."""

import asyncio
import errno
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Disk, Record, SessionNotFound, StorageError, StorageReadOnly
from persistence.files import Files
from persistence.session_index import SessionIndex
from tests.persistence.faults import Faults, FaultyDisk
from tests.persistence.places import record

IDS = st.sampled_from([f"s{number}" for number in range(12)])
USERS = st.sampled_from(["ann", "bob"])
TIMES = st.integers(0, 6).map(lambda hour: f"2026-01-02T0{hour}:00:00.000000Z")
FLAGS = st.tuples(st.sampled_from([True, True, False]), st.sampled_from([False, False, True]))
STEPS = st.lists(st.tuples(IDS, st.none() | USERS, TIMES, FLAGS), max_size=40)


def new_index(folder: Path = Path(), disk: Disk | None = None, stopped: list[StorageReadOnly] | None = None):
    stopped = [] if stopped is None else stopped
    return SessionIndex(folder / "sessions.json", Files(disk or Disk()), delay_s=0, stop=stopped.append)


@given(STEPS, st.integers(0, 5), st.sets(st.integers(0, 40)))
def test_pages_are_those_of_a_sorted_list(steps, limit, looks):
    """After any puts and drops, whoever looked in between, a page is a slice of the user's records: the pinned first,
    the archived last, and else the newest activity first.
    """
    index = new_index()
    known: dict[str, Record] = {}
    for number, (session_id, user_id, at, (is_active, is_pinned)) in enumerate(steps):
        if number in looks:
            check_pages(index, known, limit)
        if user_id is None:
            index.drop(session_id)
            known.pop(session_id, None)
        else:
            fields = {"last_activity": at, "is_active": is_active, "is_pinned": is_pinned}
            known[session_id] = replace(record(session_id, user_id), **fields)
            index.put(known[session_id])
    check_pages(index, known, limit)


def check_pages(index: SessionIndex, known: dict[str, Record], limit: int) -> None:
    assert len(index) == len(known)
    for user_id in ("ann", "bob"):
        mine = [one for one in known.values() if one.user_id == user_id]
        mine.sort(key=place_of, reverse=True)
        assert index.page(user_id, limit=limit, after=None) == mine[:limit]
        for is_active in (True, False):
            check_list(index, user_id, mine, is_active, limit)
        for position, one in enumerate(mine, 1):
            assert index.page(user_id, limit=limit, after=one.session_id) == mine[position : position + limit]
    for one in known.values():
        with pytest.raises(SessionNotFound):
            index.page("bob" if one.user_id == "ann" else "ann", limit=limit, after=one.session_id)


def place_of(one: Record) -> tuple[bool, bool, str, str]:
    return one.is_active, one.is_pinned, one.last_activity, one.session_id


def check_list(index: SessionIndex, user_id: str, mine: list[Record], is_active: bool, limit: int) -> None:
    """The list of those that are archived, or are not; behind each of the user's, wherever that stands itself."""
    for after in (None, *mine):
        stood = place_of(replace(after, is_active=is_active)) if after else None
        listed = [one for one in mine if one.is_active == is_active and (stood is None or place_of(one) < stood)]
        name = after.session_id if after else None
        assert index.page(user_id, limit=limit, after=name, is_active=is_active) == listed[:limit]


def test_index_is_filled_in_any_order(tmp_path):
    """Records that come from the file stand in their order, pinned and archived ones too."""
    index = new_index(tmp_path)
    flags = [(True, False), (False, False), (True, True), (True, False), (False, True)]
    some = [
        replace(record(f"s{number}"), is_active=is_active, is_pinned=is_pinned)
        for number, (is_active, is_pinned) in enumerate(flags)
    ]
    index.fill(some)
    assert [one.session_id for one in index.page("ann", limit=9)] == ["s2", "s3", "s0", "s4", "s1"]


def test_page_does_not_go_over_all(monkeypatch):
    """A page looks at some of a user's records, not at each of them; nor does a put."""
    index, looks = new_index(), 0
    for number in range(1000):
        index.put(record(f"s{number}"))

    def place(one):
        nonlocal looks
        looks += 1
        return place_of(one)

    monkeypatch.setattr("persistence.session_index._place", place)
    assert len(index.page("ann", limit=100, after="s500", is_active=True)) == 100
    assert index.page("ann", limit=100, is_active=False) == []
    index.put(record("s500").touched())
    index.put(replace(record("s400"), is_pinned=True))
    assert len(index.page("ann", limit=100, is_active=True)) == 100
    assert looks < 140


async def stored(index: SessionIndex, folder: Path) -> dict[str, float]:
    """The records in the index's file, each with the time up to which it is known to be true."""
    found: dict[str, float] = {}
    async for some, true_until in index.stored(folder / "quarantine", {}):
        found |= {one.session_id: true_until for one, _ in some}
    return found


async def test_file_holds_the_records_and_when_they_were_true(tmp_path):
    """What was flushed is read again, in portions; the file's time of change lies a little back."""
    index = new_index(tmp_path)
    for number in range(1200):
        index.put(record(f"s{number}"))
    before = time.time()
    await index.flush()
    found = await stored(new_index(tmp_path), tmp_path)
    assert set(found) == {f"s{number}" for number in range(1200)}
    [true_until] = set(found.values())
    assert before - 3 < true_until < before


async def test_nothing_is_written_where_nothing_has_changed(tmp_path):
    """A flush of a clean index writes nothing."""
    faults = Faults()
    index = new_index(tmp_path, FaultyDisk(faults))
    await index.flush()
    index.put(record("s"))
    await index.flush()
    del faults.calls[:]
    await index.flush()
    assert faults.calls == []


async def test_refused_file_is_written_later(tmp_path, caplog):
    """A disk that refuses the file is told of, and tried again by itself; nothing depends on it."""
    faults = Faults()
    stopped: list[StorageReadOnly] = []
    index = new_index(tmp_path, FaultyDisk(faults), stopped)
    refused = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look(name: str, *args: object) -> None:
        if faults.fail and name == "unlink":
            faults.fail = None
            loop.call_soon_threadsafe(refused.set)

    faults.fail, faults.number, faults.before = {"write"}, errno.ENOSPC, look
    index.start()
    index.put(record("s"))
    async with asyncio.timeout(60):
        await refused.wait()
        while not (tmp_path / "sessions.json").exists():  # noqa: ASYNC110 - nothing tells of the file
            await asyncio.sleep(0.001)
    await index.close()
    assert "it is tried again" in caplog.text
    assert stopped == []


async def test_failed_sync_of_the_file_is_told_to_all(tmp_path):
    """What a failed sync says of the disk counts for more than the index; it is not tried again."""
    faults = Faults(fail={"sync"})
    stopped: list[StorageReadOnly] = []
    index = new_index(tmp_path, FaultyDisk(faults), stopped)
    index.start()
    index.put(record("s"))
    await asyncio.wait([index._writer])
    assert [type(error) for error in stopped] == [StorageReadOnly]
    with pytest.raises(StorageError):
        await index.flush()
    await index.close()


async def test_file_is_whole_whoever_is_cancelled(tmp_path):
    """A task that ends in the middle of a write leaves the file to be written by the next."""
    index = new_index(tmp_path)
    for turns in range(6):
        index.start()
        index.put(record(f"s{turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await index.close()
        await index.flush()
        assert set(await stored(new_index(tmp_path), tmp_path)) == {f"s{number}" for number in range(turns + 1)}


async def test_what_changes_while_the_file_is_written_is_in_the_next_one(tmp_path):
    """Records that come, go and go over to somebody else between two portions spoil nothing and are not forgotten."""
    index = new_index(tmp_path)
    for number in range(1200):
        index.put(record(f"s{number}", f"user_{number % 3}"))
    flush = asyncio.create_task(index.flush())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    index.put(record("new", "zoe"))
    index.put(record("s0", "bob"))
    index.put(record("s1199", "bob"))
    index.drop("s600")
    await flush
    expected = {"new", *(f"s{number}" for number in range(1200))} - {"s600"}
    assert set(await stored(index, tmp_path)) >= expected - {"new", "s0", "s1199"}
    await index.flush()
    assert set(await stored(index, tmp_path)) == expected
