"""The index that is kept up to date, the one that is made anew from the files, and a plain scan: all find the same."""

import random
import shutil
from typing import Any

import pytest

from persistence import FileStore, MemoryStore, SearchQuery, SessionNotFound, Tree, parse_phrases
from persistence.branches import drop, fork, show
from tests.persistence.places import FilePlace, record, said

WORDS = ["tea", "teapot", "milk", "Café", "東京都", "don't", "sugar", "two spoons", "нет"]
QUERIES = ["te", "tea", "milk", '"two spoons"', "cafe", "京", "don't te", "sugar milk", "нет"]
USERS = ["ann", "bob"]
STEPS = 100


def message(chance: random.Random, number: int) -> Any:
    """Some have no time of their own, and many the same."""
    time = {"created_at": f"2026-05-0{chance.randrange(1, 4)}T12:00:00Z"} if chance.random() < 0.8 else {}
    text = " ".join(chance.choices(WORDS, k=chance.randrange(4)))
    plain = said(f"{number}")
    del plain["created_at"]
    return {**plain, "content": text, **time}


async def change(stores: list[Any], chance: random.Random, number: int) -> None:
    """The same random change of each store."""
    session_id, new = f"s{chance.randrange(6)}", [message(chance, number * 10 + n) for n in range(chance.randrange(3))]
    kind = chance.choice(
        ["create", "append", "append", "append", "edit", "fork", "show", "drop", "delete", "delete user"]
    )
    at = chance.random()

    def picked(tree: Tree) -> str | None:
        ids = sorted(tree.ids())
        return ids[int(at * len(ids))] if ids else None

    def forked(tree: Tree) -> Tree:
        cut = fork(tree, picked(tree))
        return Tree([*cut.history, *new], cut.branches)

    def shown(tree: Tree) -> Tree:
        wanted = picked(tree)
        return show(tree, wanted) if wanted else tree

    def dropped(tree: Tree) -> Tree:
        wanted = picked(tree)
        return drop(tree, wanted) if wanted else tree

    for store in stores:
        try:
            match kind:
                case "create":
                    if session_id not in [
                        one.session_id for user in USERS for one in await store.records(user, limit=9)
                    ]:
                        await store.create(record(session_id, USERS[int(at * 2)]), new)
                case "append":
                    await store.append(session_id, new)
                case "edit":
                    await store.edit(session_id, lambda messages: [*messages[: int(at * len(messages))], *new])
                case "delete":
                    await store.delete(session_id)
                case "delete user":
                    if at < 0.2:
                        await store.delete_user("bob")
                case _:
                    changes = {"fork": forked, "show": shown, "drop": dropped}
                    await store.edit_tree(session_id, changes[kind])
        except SessionNotFound:
            continue


async def answers(store: Any) -> list[Any]:
    """What all queries of all users find, in pages of three."""
    found = []
    for user in USERS:
        for text in QUERIES:
            for where in ({}, {"session_id": "s1"}, {"since_us": 1_777_723_200_000_000}):
                query, after, has_more = SearchQuery(parse_phrases(text), **where), None, True
                while has_more:
                    page = await store.search(user, query, limit=3, after=after)
                    assert page.is_complete
                    found += [(user, text, hit) for hit in page.hits]
                    has_more = page.has_more
                    after = page.hits[-1].place if page.hits else None
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_all_find_the_same(tmp_path, seed, monkeypatch):
    """After random changes, restarts and crashes in between; an index made anew finds what the old one does."""
    monkeypatch.setattr("persistence.search_changes.FULL_VOLUME", 8)
    chance = random.Random(seed)
    place = FilePlace(tmp_path / "data", fold_delay_s=0.001, search_delay_s=0.001, sessions_in_memory=2)
    plain = MemoryStore()
    store: FileStore = await place.open()
    found = 0
    for number in range(STEPS):
        await change([store, plain], chance, number)
        if chance.random() < 0.1:
            store = await (place.crash() if chance.random() < 0.5 else place.restart())
        if chance.random() < 0.2:
            await place.indexed()
            expected = await answers(plain)
            assert await answers(store) == expected
            found += len(expected)
    await place.indexed()
    before = await answers(store)
    await place.close()
    shutil.copytree(place.folder, tmp_path / "copy")
    (tmp_path / "copy" / "search.sqlite").unlink()
    copy = FilePlace(tmp_path / "copy", search_delay_s=0.001)
    made_anew = await copy.open()
    await copy.indexed()
    assert await answers(made_anew) == before
    await copy.close()
    assert found > 40
