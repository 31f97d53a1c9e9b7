"""Sessions in memory: how many stay, and that none is forgotten while it is being changed."""

import asyncio

import pytest

from persistence import FileStore
from tests.persistence.places import contents, record, said

SESSIONS = 24


@pytest.mark.parametrize("kept", [0, 2])
async def test_sessions_forgotten_while_they_are_written_go_on_where_they_were(tmp_path, kept):
    """More sessions change at once than stay in memory: each append finds the one before it, in no file as yet."""
    store = FileStore(tmp_path)
    await store.open()
    await asyncio.gather(*(store.create(record(f"s{number}")) for number in range(SESSIONS)))
    await store.close()
    store = FileStore(tmp_path, sessions_in_memory=kept, fold_delay_s=60)
    await store.open()

    async def talk(session_id: str) -> None:
        for word in "abc":
            await store.append(session_id, [said(word)])

    await asyncio.gather(*(talk(f"s{number}") for number in range(SESSIONS)))
    for number in range(SESSIONS):
        assert contents(await store.history(f"s{number}")) == ["a", "b", "c"]
    await store.close()


async def test_sessions_in_memory_are_bounded(tmp_path):
    """What is folded leaves memory as others are used."""
    store = FileStore(tmp_path, sessions_in_memory=3, fold_delay_s=0)
    await store.open()
    for number in range(SESSIONS):
        await store.create(record(f"s{number}"), [said("a")])
    await store._folding.fold()
    for number in range(SESSIONS):
        await store.history(f"s{number}")
    assert sum(store._sessions.peek(f"s{number}") is not None for number in range(SESSIONS)) <= 3
    await store.close()


async def test_bytes_in_memory_are_bounded(tmp_path):
    """Long sessions leave memory sooner than short ones."""
    store = FileStore(tmp_path, bytes_in_memory=10_000, fold_delay_s=0)
    await store.open()
    for number in range(SESSIONS):
        await store.create(record(f"s{number}"), [said("a" * 3000)])
    await store._folding.fold()
    for number in range(SESSIONS):
        await store.history(f"s{number}")
    assert sum(store._sessions.peek(f"s{number}") is not None for number in range(SESSIONS)) <= 4
    await store.close()
