"""The search index on disk: it comes back whatever becomes of it, and keeps nothing of what was deleted."""

import asyncio
import errno
import os
import random
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from persistence import CheckpointLimits, FileStore, SearchQuery, SearchUnavailable, StorageError, parse_phrases
from persistence.branches import drop
from persistence.files import read
from persistence.search_database import DatabaseDamaged, DatabaseRefuses, SearchDatabase
from persistence.search_hits import make_snippet
from persistence.search_rows import SEARCH_FILES
from tests.fair_time import fair_time
from tests.persistence.faults import FaultyDisk
from tests.persistence.places import FilePlace, record, said
from tests.persistence.search_contract import at, find

PROMISED_S = 2.0
NEVER = CheckpointLimits(journal_bytes=1 << 60, age_s=1e6, idle_s=1e6, deletion_s=1e6)


@pytest.fixture
async def place(tmp_path):
    place = FilePlace(tmp_path / "data", fold_delay_s=0.01, search_delay_s=0.01)
    yield place
    await place.close()


@pytest.fixture
async def store(place):
    return await place.open()


def holding(place: FilePlace, word: str) -> list[str]:
    """The files in which a word stands, by their names."""
    found = []
    for path in place.folder.rglob("*"):
        try:
            if path.is_file() and word.encode() in path.read_bytes():
                found.append(path.name)
        except FileNotFoundError:
            continue
    return sorted(found)


async def without(place: FilePlace, *words: str) -> None:
    """Waits until no file holds the words, for as long as is promised."""
    began = fair_time()
    while any(holding(place, word) for word in words):
        assert fair_time() - began < PROMISED_S, [holding(place, word) for word in words]
        await asyncio.sleep(0.02)


def lost(path: Any) -> None:
    path.unlink()


def emptied(path: Any) -> None:
    path.write_bytes(b"")


def garbled(path: Any) -> None:
    path.write_bytes(b"no database " * 1000)


def cut(path: Any) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeroed(path: Any) -> None:
    """All but the first page."""
    path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096))


def of_another_version(path: Any) -> None:
    data = bytearray(path.read_bytes())
    data[60:64] = (99).to_bytes(4, "big")
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [lost, emptied, garbled, cut, zeroed, of_another_version])
async def test_index_comes_back(place, store, spoil):
    """Deleted, emptied, damaged in any way: the next start makes it anew from the session files."""
    for name in "abc":
        await store.create(record(name), [at(n, f"tea {name} {n}") for n in range(30)])
    await place.indexed()
    before = await find(store, "tea")
    await store.close()
    spoil(place.folder / "search.sqlite")
    store = await place.again()
    await place.indexed()
    assert await find(store, "tea") == before
    assert len(before) == 90


@pytest.mark.parametrize("seed", range(8))
async def test_flipped_bytes_are_noticed(place, store, seed):
    """A start looks at all of the index: whatever byte of it was changed, what is found is what is in the files."""
    chance = random.Random(seed)
    await store.create(record("a"), [at(n, f"tea{n} milk{n * n}") for n in range(50)])
    await place.indexed()
    expected = {word: await find(store, word) for word in ("tea", "tea7", "milk4")}
    await store.close()
    path = place.folder / "search.sqlite"
    data = bytearray(path.read_bytes())
    for _ in range(40):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    store = await place.again()
    await place.indexed()
    for word, found in expected.items():
        assert await find(store, word) == found


async def test_damage_that_a_search_meets_is_mended(place, store):
    """While the store is open: the answer says that it is not whole, and a moment later it is."""
    await store.create(record("a"), [at(1, "tea")])
    await place.indexed()
    store._search._database._writer.execute("DROP TABLE volume_1")
    hits = await store.search("ann", SearchQuery(parse_phrases("tea")), limit=9)
    assert not hits.is_complete
    assert list(hits.hits) == []
    await place.indexed()
    assert await find(store, "tea") == ["a:tea"]


async def test_answer_says_that_it_is_not_whole_yet(place, store):
    """From the start until every session has been looked at; the start does not wait for it."""
    await store.create(record("a"), [at(1, "tea")])
    await place.indexed()
    await store.close()
    (place.folder / "search.sqlite").unlink()
    store = await place.again()
    assert not (await store.search("ann", SearchQuery(parse_phrases("tea")), limit=9)).is_complete
    await place.indexed()
    assert await find(store, "tea") == ["a:tea"]


async def test_what_changed_while_nobody_indexed_is_caught_up_with(place, store):
    """Edits by hand, files that came and went, and what a crash kept from the index."""
    for name in "abcd":
        await store.create(record(name), [at(1, f"tea {name}")])
    await place.indexed()
    await store.close()
    place.path("a").unlink()
    place.path("b").write_bytes(place.path("b").read_bytes().replace(b'"content":"tea b"', b'"content":"milk b"'))
    data = place.path("c").read_bytes()
    (place.folder / "session_e.json").write_bytes(data.replace(b'"session_id":"c"', b'"session_id":"e"'))
    place.path("d").write_bytes(place.path("d").read_bytes().replace(b'"user_id":"ann"', b'"user_id":"bob"'))
    store = await place.again()
    await store.append("c", [at(2, "tea c2")])
    store = await place.crash()
    await place.indexed()
    assert sorted(await find(store, "tea")) == ["c:tea c", "c:tea c2", "e:tea c"]
    assert await find(store, "milk") == ["b:tea b"]
    assert await find(store, "tea", "bob") == ["d:tea d"]


async def test_edit_by_hand_is_found_once_the_session_is_used(place, store):
    """As the store itself notices it."""
    await store.create(record("s"), [at(1, "tea")])
    await place.indexed()
    place.path("s").write_bytes(place.path("s").read_bytes().replace(b'"content":"tea"', b'"content":"milk"'))
    await store.history("s")
    await place.indexed()
    assert await find(store, "milk") == ["s:tea"]
    await store.append("s", [at(2, "more milk")])
    await place.indexed()
    assert await find(store, "milk") == ["s:more milk", "s:tea"]
    assert await find(store, "tea") == []


async def deleted(store: FileStore) -> None:
    await store.delete("s")


async def deleted_user(store: FileStore) -> None:
    await store.delete_user("ann")


async def edited(store: FileStore) -> None:
    await store.edit("s", lambda messages: messages[1:])


async def dropped(store: FileStore) -> None:
    await store.edit_tree("s", lambda tree: drop(tree, "msg_secret"))


@pytest.mark.parametrize("unsay", [deleted, deleted_user, edited, dropped])
@pytest.mark.parametrize("then", ["go on", "crash", "restart"])
async def test_deleted_text_leaves_every_byte(tmp_path: Any, unsay: Callable[..., Awaitable[None]], then: str) -> None:
    """With everything as it is by default, two seconds after a deletion no file holds a word of it."""
    words = ["swordfish", "qzlobster", "xkrill"]
    place = FilePlace(tmp_path / "data", index_delay_s=1.0, search_delay_s=5.0)
    store = await place.open()
    await store.create(record("t", "bob"), [said(f"other {n}") for n in range(300)])
    await store.create(record("s"), [{**said("secret"), "content": " ".join(words)}, said("b")])
    await place.indexed()
    for word in words:
        assert any(name.startswith("search.sqlite") for name in holding(place, word))
    await unsay(store)
    began = fair_time()
    if then != "go on":
        await getattr(place, then)()
    await without(place, *words)
    assert fair_time() - began < PROMISED_S
    await place.close()
    assert [holding(place, word) for word in words] == [[], [], []]


@pytest.mark.parametrize("unsay", [deleted, edited])
async def test_message_that_a_file_holds_twice_goes_twice(place, store, unsay):
    """The same message, at the same time, once more behind a later one: no copy of it stays."""
    twice = {**at(1, "secret"), "content": "swordfish"}
    await store.create(record("s"), [twice, at(9, "tea"), twice])
    await place.indexed()
    assert await find(store, "swordfish") == ["s:secret", "s:secret"]
    await unsay(store)
    if unsay is edited:
        await place.indexed()
        assert await find(store, "swordfish") == ["s:secret"]
        await unsay(store)
        await unsay(store)
    await without(place, "swordfish")


async def test_deletion_that_takes_too_long_costs_the_index(place, store, monkeypatch):
    """Where SQLite cannot get the text out in time, the files go, and come back without it."""
    monkeypatch.setattr("persistence.search_database._PATIENCE_S", -1)
    monkeypatch.setattr("persistence.search_database._STEPS", 1)
    await store.create(record("s"), [said("swordfish")])
    await store.create(record("t"), [said("tea")])
    await place.indexed()
    database = store._search._database
    await store.delete("s")
    await without(place, "swordfish")
    await place.indexed()
    assert await find(store, "tea") == ["t:tea"]
    assert store._search._database is not database


async def test_deletion_that_is_refused_costs_the_index(place, store, monkeypatch):
    """So does a full disk: deleted text stays nowhere for want of room."""
    await store.create(record("s"), [said("swordfish")])
    await store.create(record("t"), [said("tea")])
    await place.indexed()

    def refuse(self: SearchDatabase, *args: object) -> None:
        monkeypatch.undo()
        raise DatabaseRefuses("the disk is full")

    monkeypatch.setattr(SearchDatabase, "_rewrite", refuse)
    await store.delete("s")
    await without(place, "swordfish")
    await place.indexed()
    assert await find(store, "tea") == ["t:tea"]


async def test_deletion_that_is_refused_at_the_end_costs_the_index(place, store, monkeypatch):
    """A store that is closed right behind a deletion leaves nothing of it either, nor where the disk is full."""
    await store.create(record("s"), [said("swordfish")])
    await store.create(record("t"), [said("tea")])
    await place.indexed()

    def refuse(self: SearchDatabase, *args: object) -> None:
        raise DatabaseRefuses("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(SearchDatabase, "_rewrite", refuse)
        await store.delete("s")
        await store.close()
    assert holding(place, "swordfish") == []
    store = await place.again()
    await place.indexed()
    assert await find(store, "tea") == ["t:tea"]


async def test_refused_write_is_tried_again(place, store, monkeypatch):
    """What a full disk kept out of the index is there when there is room."""
    monkeypatch.setattr("persistence.search_index._RETRY_S", 0.01)
    real, refused = SearchDatabase.write, 0

    def refuse(self: SearchDatabase, updates: Any, slices: Any) -> None:
        nonlocal refused
        refused += 1
        if refused < 4:
            raise DatabaseRefuses("the disk is full")
        real(self, updates, slices)

    monkeypatch.setattr(SearchDatabase, "write", refuse)
    await store.create(record("s"), [said("tea")])
    await place.indexed()
    assert await find(store, "tea") == ["s:tea"]
    assert refused == 4


async def test_damage_that_comes_again_and_again_waits_longer(place, store, monkeypatch, caplog):
    """What cannot be indexed at all is not tried as fast as it can be; deletions and all else go on."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 30:
            monkeypatch.undo()
        await asyncio.sleep(0)

    def damage(self: SearchDatabase, updates: Any, slices: Any) -> None:
        raise DatabaseDamaged("it is not a database")

    await place.indexed()
    monkeypatch.setattr(store._search._pace, "pause", pause)
    monkeypatch.setattr(SearchDatabase, "write", damage)
    await store.create(record("s"), [said("tea")])
    await place.indexed()
    waited = [seconds for seconds in pauses if seconds >= 1 or seconds == 0]
    assert waited[:4] == [0, 1, 2, 3]
    assert await find(store, "tea") == ["s:tea"]


@pytest.mark.parametrize("then", ["close", "change"])
async def test_what_comes_during_the_last_look_is_not_missed(place, store, monkeypatch, then):
    """The end of the check and the beginning of the wait lie apart: what happens in between is heard."""
    await place.indexed()
    await store.close()
    loop, begun, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def check(self: SearchDatabase) -> Any:
        loop.call_soon_threadsafe(begun.set)
        released.wait(60)
        yield from ()

    monkeypatch.setattr(SearchDatabase, "check", check)
    store = await place.again()
    await begun.wait()
    if then == "change":
        await store.create(record("s"), [said("tea")])
        await place.folded()
    closing = asyncio.create_task(store.close() if then == "close" else store._search.caught_up())
    for _ in range(50):
        await asyncio.sleep(0)
    released.set()
    async with asyncio.timeout(60):
        await closing
    if then == "change":
        assert await find(store, "tea") == ["s:tea"]


async def test_deletion_right_behind_a_start_does_not_wait_for_the_check(place, store, monkeypatch):
    """What is deleted while the database is being looked through goes first."""
    await store.create(record("s"), [said("swordfish")])
    await place.indexed()
    await store.close()
    looks = asyncio.Event()

    def check(self: SearchDatabase) -> Any:
        while not looks.is_set():
            yield

    monkeypatch.setattr(SearchDatabase, "check", check)
    store = await place.again()
    await store.delete("s")
    await without(place, "swordfish")
    assert not store._search._is_whole
    looks.set()
    await place.indexed()


async def test_unreadable_session_keeps_nobody_else_out(place, store, faults):
    """A file that the system does not let us read is passed over."""
    faults.number, faults.path = errno.EACCES, "session_s"
    await store.create(record("s"), [said("tea s")])
    await place.folded()
    faults.fail = {"open"}
    store._search.follow("session_s.json", False)
    await store.create(record("t"), [said("tea t")])
    await place.indexed()
    faults.fail = None
    assert "t:tea t" in await find(store, "tea")


async def test_deleted_text_of_a_session_that_cannot_be_read_goes(place, store, faults):
    """The index lets go of all that it has of it, and has the rest again once that can be read and is used."""
    await store.create(record("s"), [said("swordfish"), said("tea")])
    await place.indexed()
    store._folding.follow = lambda name, is_added: None
    await store.edit("s", lambda messages: messages[1:])
    await place.folded()
    faults.fail, faults.path = {"open"}, "session_s"
    store._folding.follow = store._search.follow
    store._search.follow("session_s.json", False)
    await store._search.caught_up()
    assert not any(name.startswith("search.sqlite") for name in holding(place, "swordfish"))
    faults.fail = None
    await store.append("s", [said("milk")])
    await place.indexed()
    assert await find(store, "tea") == ["s:tea"]


async def test_deletion_waits_for_no_snippet(place, store, monkeypatch):
    """However long a search takes to show what it has found, what is deleted meanwhile goes, and the index stays."""
    loop, begun, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    await store.create(record("s"), [said("swordfish")])
    await store.create(record("t"), [said("tea")])
    await place.indexed()
    database = store._search._database

    def slow(*args: Any) -> Any:
        loop.call_soon_threadsafe(begun.set)
        released.wait(60)
        return make_snippet(*args)

    monkeypatch.setattr("persistence.search_database.make_snippet", slow)
    searching = asyncio.create_task(find(store, "tea"))
    await begun.wait()
    await store.delete("s")
    await without(place, "swordfish")
    await place.indexed()
    released.set()
    assert await searching == ["t:tea"]
    assert store._search._database is database


async def test_deleted_session_is_not_found_though_the_index_has_it(tmp_path):
    """From the acknowledgement on, whatever the index still holds."""
    place = FilePlace(tmp_path / "data", fold_delay_s=0.01, search_delay_s=0.01)
    store = await place.open()
    for n in range(30):
        await store.create(record(f"s{n}"), [at(n, f"tea{n}")])
    await place.indexed()
    store._folding.follow = lambda name, is_added: None
    for n in range(10, 30):
        await store.delete(f"s{n}")
    query = SearchQuery(parse_phrases("tea"))
    page = await store.search("ann", query, limit=4)
    assert [hit.place.session_id for hit in page.hits] == ["s9", "s8", "s7", "s6"]
    assert page.has_more
    page = await store.search("ann", query, limit=6, after=page.hits[-1].place)
    assert [hit.place.session_id for hit in page.hits] == [f"s{n}" for n in range(5, -1, -1)]
    assert not page.has_more
    await place.close()


async def test_store_without_an_index_says_so(tmp_path):
    """It finds nothing, and makes no file."""
    place = FilePlace(tmp_path / "data", search_delay_s=None)
    store = await place.open()
    with pytest.raises(SearchUnavailable):
        await find(store, "tea")
    await place.close()
    assert not (place.folder / "search.sqlite").exists()


async def test_index_that_is_switched_off_leaves_no_file(tmp_path):
    """What an earlier start has made is removed, since deleted text would stay in it; switched on again it is there."""
    place = FilePlace(tmp_path / "data", search_delay_s=0.01)
    store = await place.open()
    await store.create(record("s"), [said("swordfish")])
    await place.indexed()
    place.options["has_search"] = False
    store = await place.restart()
    with pytest.raises(SearchUnavailable):
        await find(store, "swordfish")
    await store.append("s", [said("tea")])
    await store.delete("s")
    await store.create(record("t"), [said("milk")])
    await without(place, "swordfish")
    await place.close()
    assert not any((place.folder / name).exists() for name in SEARCH_FILES)
    place.options["has_search"] = True
    store = await place.again()
    await place.indexed()
    assert await find(store, "milk") == ["t:milk"]
    await place.close()


async def test_earlier_index_that_cannot_be_removed_is_told_of(tmp_path, monkeypatch, caplog):
    """The store opens and closes all the same."""
    place = FilePlace(tmp_path / "data", search_delay_s=0.01)
    await place.open()
    await place.indexed()
    place.options["has_search"] = False
    await place.close()
    real = FaultyDisk.unlink

    def unlink(self: FaultyDisk, path: Any) -> None:
        if "search.sqlite" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        real(self, path)

    monkeypatch.setattr(FaultyDisk, "unlink", unlink)
    await place.again()
    await place.close()
    assert "search.sqlite" in caplog.text


async def test_index_that_nobody_follows_is_left_alone(tmp_path):
    """As by a repair: the next start goes on with it."""
    place = FilePlace(tmp_path / "data", search_delay_s=0.01)
    store = await place.open()
    await store.create(record("s"), [said("tea")])
    await place.indexed()
    place.options["search_delay_s"] = None
    await place.restart()
    await place.close()
    assert (place.folder / "search.sqlite").exists()


async def test_search_does_not_wait_until_messages_have_gathered(tmp_path):
    """Whoever searches finds what was folded of theirs, however long the index lets it gather; others' gathers on."""
    place = FilePlace(tmp_path / "data", fold_delay_s=0.01, search_delay_s=1000.0)
    store = await place.open()
    await store.create(record("a"), [at(1, "tea1")])
    await store.create(record("b", "bob"), [at(1, "tea1")])
    await place.indexed()
    for number in range(2, 5):
        await store.append("a", [at(number, f"tea{number}")])
        await store.append("b", [at(number, f"tea{number}")])
        await place.folded()
        assert (await find(store, "tea"))[0] == f"a:tea{number}"
    database = store._search._database
    assert database
    assert database.session_ids("", 9) == ["a", "b"]
    held = database._writer.execute("SELECT session_id, count FROM sessions").fetchall()
    assert dict(held) == {"a": 4, "b": 1}
    await place.close()


@pytest.mark.parametrize("is_asked", [False, True])
async def test_new_sessions_gather_like_messages(tmp_path, is_asked):
    """Nothing can have been taken from them: neither their beginning nor the end waits for them, but who searches."""
    place = FilePlace(tmp_path / "data", fold_delay_s=0.01, search_delay_s=1000.0)
    store = await place.open()
    await store.create(record("old"), [at(1, "tea1"), at(2, "tea2")])
    await place.indexed()
    await store.create(record("new"), [at(3, "tea3")])
    await store.edit("old", lambda messages: messages[:1])
    await place.folded()
    await without(place, "tea2")
    if is_asked:
        assert await find(store, "tea") == ["new:tea3", "old:tea1"]
    database = store._search._database
    assert database
    assert database.session_ids("", 9) == (["new", "old"] if is_asked else ["old"])
    await store.create(record("newer"), [at(4, "tea4")])
    await store.close()
    database.open()
    assert "newer" not in database.session_ids("", 9)
    database.close()
    place.options["search_delay_s"] = 0.01
    store = await place.again()
    await place.indexed()
    assert await find(store, "tea") == ["newer:tea4", "new:tea3", "old:tea1"]
    await place.close()


async def test_search_says_that_it_lacks_what_came_last(tmp_path, monkeypatch):
    """It waits for a moment only, where the index does not get on."""
    monkeypatch.setattr("persistence.search_index._WAITS_S", 0.05)
    place = FilePlace(tmp_path / "data", fold_delay_s=0.01, search_delay_s=1000.0)
    store = await place.open()
    await store.create(record("a"), [at(1, "tea1")])
    await place.indexed()

    def refuse(*args: object) -> None:
        raise DatabaseRefuses("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(SearchDatabase, "write", refuse)
        await store.append("a", [at(2, "tea2")])
        await place.folded()
        hits = await store.search("ann", SearchQuery(parse_phrases("tea")), limit=9)
        assert [hit.place.message_id for hit in hits.hits] == ["msg_tea1"]
        assert not hits.is_complete
    await place.close()


async def test_searches_leave_threads_to_others(place, store, monkeypatch):
    """A few run at once, however many are wanted: the journal needs threads too."""
    await store.create(record("s"), [said("tea")])
    await place.indexed()
    running = most = 0
    both, real = threading.Barrier(2, timeout=60), SearchDatabase.search
    lock = threading.Lock()

    def search(self: SearchDatabase, *args: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        try:
            return real(self, *args)
        finally:
            with lock:
                running -= 1
            both.wait()

    monkeypatch.setattr(SearchDatabase, "search", search)
    found = await asyncio.gather(*(find(store, "tea") for _ in range(10)))
    assert found == [["s:tea"]] * 10
    assert most == 2


async def test_python_without_full_text_search_says_so(tmp_path, monkeypatch, caplog):
    """The rest of the store goes on."""
    monkeypatch.setattr("persistence.search_index.has_full_text_search", lambda: False)
    place = FilePlace(tmp_path / "data", search_delay_s=0.01)
    store = await place.open()
    await place.indexed()
    with pytest.raises(SearchUnavailable):
        await find(store, "tea")
    await store.create(record("s"), [said("a")])
    await place.close()
    assert "FTS5" in caplog.text


async def test_search_that_the_disk_refuses_is_an_error(place, store, monkeypatch):
    """It is told like any other refusal, and does not cost the index."""
    await store.create(record("s"), [said("tea")])
    await place.indexed()

    def refuse(*args: object) -> None:
        raise DatabaseRefuses("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(SearchDatabase, "search", refuse)
        with pytest.raises(StorageError, match="cannot search"):
            await find(store, "tea")
    assert await find(store, "tea") == ["s:tea"]


async def test_session_whose_file_is_gone_keeps_nobody_else_out(place, store):
    """Neither one that the index has nor one that it has not heard of yet, however it was told of them."""
    await store.create(record("s"), [at(1, "tea1")])
    await place.indexed()
    await store.create(record("t"), [at(2, "tea2")])
    await place.folded()
    place.path("s").unlink()
    place.path("t").unlink()
    for name, is_added in (("s", True), ("t", True), ("t", False)):
        store._search.follow(f"session_{name}.json", is_added)
        async with asyncio.timeout(60):
            await place.indexed()
    assert await find(store, "tea") == []


async def test_files_are_readable_by_their_owner_only(place, store):
    """Those that SQLite makes too."""
    await store.create(record("s"), [said("tea")])
    await place.indexed()
    modes = {name: (place.folder / name).stat().st_mode & 0o777 for name in SEARCH_FILES}
    assert modes == dict.fromkeys(SEARCH_FILES, 0o600)


async def test_volumes_are_bounded_and_one_user_lies_together(place, store, monkeypatch):
    """Sessions fill one volume after the other; a search finds what lies in all of them, in order."""
    monkeypatch.setattr("persistence.search_changes.FULL_VOLUME", 5)
    for n in range(20):
        await store.create(record(f"s{n}", "ann" if n % 2 else "bob"), [at(n, f"tea{n}"), at(n, f"milk{n}")])
        await place.indexed()
    rows = store._search._database._writer.execute("SELECT number, weight FROM volumes").fetchall()
    assert len(rows) >= 6
    assert all(weight <= 6 for _, weight in rows)
    assert await find(store, "tea") == [f"s{n}:tea{n}" for n in range(19, 0, -2)]
    await store.delete("s19")
    await place.indexed()
    assert (await find(store, "tea"))[0] == "s17:tea17"


async def test_volume_of_long_messages_has_fewer(place, store, monkeypatch):
    """What makes it costly to take something out is the text; a volume is as heavy as what is left in it."""
    monkeypatch.setattr("persistence.search_changes.FULL_VOLUME", 5)
    for n in range(4):
        await store.create(record(f"s{n}"), [at(2 * n, "tea " * 1024), at(2 * n + 1, "milk")])
        await place.indexed()
    weights = "SELECT weight FROM volumes ORDER BY number"
    writer = store._search._database._writer
    assert writer.execute(weights).fetchall() == [(6,)] * 4
    await store.edit("s0", lambda history: history[1:])
    await place.indexed()
    assert writer.execute(weights).fetchall() == [(1,), (6,), (6,), (6,)]
    await store.delete("s1")
    await place.indexed()
    assert writer.execute(weights).fetchall() == [(1,), (0,), (6,), (6,)]


async def test_older_volumes_are_not_asked_once_there_is_enough(place, store, monkeypatch):
    """The newest volumes come first; so do those of the time that is asked for."""
    monkeypatch.setattr("persistence.search_changes.FULL_VOLUME", 2)
    for n in range(20):
        await store.create(record(f"s{n}"), [at(2 * n, f"tea{2 * n}"), at(2 * n + 1, f"tea{2 * n + 1}")])
        await place.indexed()
    await find(store, "tea")
    asked: list[str] = []
    [connection] = store._search._database._idle
    connection.set_trace_callback(asked.append)

    async def volumes(limit: int, **where: Any) -> tuple[list[str], int]:
        asked.clear()
        hits = await store.search("ann", SearchQuery(parse_phrases("tea"), **where), limit=limit)
        return [hit.place.message_id for hit in hits.hits], sum("MATCH" in one for one in asked)

    noon_us = (await store.search("ann", SearchQuery(parse_phrases("tea0")), limit=1)).hits[0].place.at_us
    found, count = await volumes(2)
    assert found == ["msg_tea39", "msg_tea38"]
    assert count <= 4
    found, count = await volumes(2, until_us=noon_us + 11_000_000)
    assert found == ["msg_tea11", "msg_tea10"]
    assert count <= 4
    found, count = await volumes(9, since_us=noon_us + 38_000_000)
    assert found == ["msg_tea39", "msg_tea38"]
    assert count == 1


async def test_messages_of_one_moment_beyond_a_moments_rows_are_all_found(place, store):
    """More than 1,024 messages may have one and the same time."""
    sessions = [record(f"s{n}") for n in range(1100)]
    await asyncio.gather(*(store.create(session, [at(1, "tea")]) for session in sessions))
    await place.indexed()
    query, found, after, has_more = SearchQuery(parse_phrases("tea")), [], None, True
    while has_more:
        page = await store.search("ann", query, limit=100, after=after)
        found += [hit.place.session_id for hit in page.hits]
        has_more, after = page.has_more, page.hits[-1].place
    assert sorted(found) == sorted(session.session_id for session in sessions)


async def test_unchanged_sessions_are_not_read_again(place, store, monkeypatch):
    """A start compares stamps; it reads no session file of which the index has everything."""
    for n in range(20):
        await store.create(record(f"s{n}"), [said("tea")])
    await place.indexed()
    await store.close()
    changed = place.path("s7")
    changed.write_bytes(changed.read_bytes())
    was_read: list[str] = []

    def note(disk: Any, path: Any) -> Any:
        was_read.append(path.name)
        return read(disk, path)

    monkeypatch.setattr("persistence.search_files.read", note)
    await place.again()
    await place.indexed()
    assert was_read == ["session_s7.json"]


async def test_append_reads_the_end_of_its_file_only(place, store, faults):
    """However long the session is."""
    await store.create(record("s"), [said(f"tea {n} " + "x" * 1000) for n in range(100)])
    await place.indexed()
    asked: list[int] = []
    faults.before = lambda name, *args: asked.append(args[1]) if name == "read" else None
    for n in range(3):
        await store.append("s", [said(f"milk{n}")])
        await place.indexed()
    faults.before = None
    assert sum(asked) < 10_000
    assert len(await find(store, "milk")) == 3


async def test_damaged_database_raises_and_nothing_else(tmp_path):
    """Whatever SQLite says of it, it comes as one of two errors."""
    path = tmp_path / "search.sqlite"
    path.write_bytes(b"no database" * 1000)
    database = SearchDatabase(path)
    with pytest.raises(DatabaseDamaged):
        database.open()
    database.close()
    with pytest.raises(DatabaseRefuses):
        SearchDatabase(tmp_path / "missing" / "search.sqlite").open()
