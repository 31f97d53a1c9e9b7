"""What every store finds. A class of tests, beside `store_contract.py`."""

import pytest

from persistence import Message, SearchQuery, parse_phrases
from persistence.branches import drop, fork, show
from tests.persistence.places import answered, record, said
from tests.persistence.tree_contract import forked

SECOND_US = 1_000_000
NOON = "2026-05-01T12:00:00.000000Z"
NOON_US = 1_777_636_800 * SECOND_US


def at(second: int, content: str, **more: object) -> Message:
    """A message of a minute at noon."""
    return said(content, created_at=f"2026-05-01T12:00:{second:02}.000000Z", **more)


async def find(store, text, user="ann", **where):
    """The ids of what is found, session by session in one text each, the newest first."""
    hits = await store.search(user, SearchQuery(parse_phrases(text), **where), limit=100)
    assert hits.is_complete
    assert not hits.has_more
    return [f"{hit.place.session_id}:{hit.place.message_id.removeprefix('msg_')}" for hit in hits.hits]


class SearchContract:
    @pytest.fixture
    async def place(self):
        raise NotImplementedError

    @pytest.fixture
    async def store(self, place):
        return await place.open()

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("tea", True),
            ("TEA", True),
            ("milk tea", True),
            ("tea coffee", False),
            ("mil", True),
            ("mil tea", False),
            ("il", False),
            ('"without milk"', True),
            ('"milk without"', False),
            ('"without mil"', False),
            ('"without milk', True),
            ("cafe", True),
            ("CAFÉ", True),
            ("cafe\u0301", True),
            ("naïve", False),
            ("don't", True),
            ("dont", False),
            ("東京", True),
            ("京都", True),
            ("都京", False),
            ("東京 tea", True),
            ("서울", True),
            ("울", True),
            ("カフェ", True),
            ("НЕТ", True),
            ("1.5", True),
            ("1.6", False),
            ("tea AND milk", False),
            ("NOT tea", False),
            ('tea*"-^:(){}+', True),
            ("text:tea", False),
            ("place : u", False),
        ],
    )
    async def test_words_and_phrases_are_found(self, place, store, text, found):
        """All words must be there, the last one may go on; phrases as they are; without case and accents."""
        content = "Tea without milk, in a café: don't; 東京都 서울에서 カフェで нет 1.5\x00 l."
        await store.create(record("s"), [{**said("x"), "content": content}, said("other")])
        await place.indexed()
        assert await find(store, text) == (["s:x"] if found else [])

    async def test_only_the_callers_messages_are_found(self, place, store):
        """What others have said is not found, not even by naming their session."""
        await store.create(record("a"), [at(1, "tea1")])
        await store.create(record("b", "bob"), [at(2, "tea2")])
        await store.create(record("c", "a/../b"), [at(3, "tea3")])
        await place.indexed()
        assert await find(store, "tea") == ["a:tea1"]
        assert await find(store, "tea", "bob") == ["b:tea2"]
        assert await find(store, "tea", "a/../b") == ["c:tea3"]
        assert await find(store, "tea", "eve") == []
        assert await find(store, "tea", session_id="b") == []

    async def test_newest_message_comes_first(self, place, store):
        """Hits of all sessions stand in the order of their time; of one time, in that of their ids."""
        await store.create(record("a"), [at(1, "tea1"), at(5, "tea5"), at(2, "tea2")])
        await store.create(record("b"), [at(3, "tea3"), at(5, "tea5")])
        await place.indexed()
        assert await find(store, "tea") == ["b:tea5", "a:tea5", "b:tea3", "a:tea2", "a:tea1"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
    async def test_pages_give_every_hit_once(self, place, store, limit):
        """Whatever the size of a page; many messages of one moment among them, and new ones that come meanwhile."""
        for name in "abcd":
            await store.create(record(name), [at(n // 3, f"tea{n}") for n in range(9)])
        await place.indexed()
        expected = await find(store, "tea")
        query, found, after = SearchQuery(parse_phrases("tea")), [], None
        while True:
            page = await store.search("ann", query, limit=limit, after=after)
            found += page.hits
            if not page.has_more:
                break
            assert len(page.hits) == limit
            after = page.hits[-1].place
            await store.append("a", [at(59, f"tea{len(found)}new")])
            await place.indexed()
        assert [f"{hit.place.session_id}:{hit.place.message_id.removeprefix('msg_')}" for hit in found] == expected
        assert len(expected) == len(set(expected)) == 36

    async def test_session_and_time_narrow_it_down(self, place, store):
        """A session's own messages, and those between two moments, both included."""
        await store.create(record("a"), [at(n, f"tea{n}") for n in range(5)])
        await store.create(record("b"), [at(n, f"tea{n}") for n in range(5)])
        await place.indexed()
        assert await find(store, "tea3", session_id="b") == ["b:tea3"]
        times = {"since_us": NOON_US + SECOND_US, "until_us": NOON_US + 2 * SECOND_US}
        assert await find(store, "tea", session_id="a", **times) == ["a:tea2", "a:tea1"]
        assert await find(store, "tea", since_us=NOON_US + 4 * SECOND_US) == ["b:tea4", "a:tea4"]
        assert await find(store, "tea", until_us=NOON_US - 1) == []
        assert await find(store, "tea", session_id="x") == []

    async def test_every_change_is_followed(self, place, store):
        """Appends, edits, answers and deletions: what is found is what is there."""
        await store.create(record("s"), [at(1, "tea1")])
        await store.append("s", [at(2, "tea2", response_id="resp_1")])
        await store.append("s", [answered("tea3", "resp_1", id="msg_tea3", created_at=at(3, "")["created_at"])])
        await place.indexed()
        assert await find(store, "tea") == ["s:tea3", "s:tea2", "s:tea1"]
        await store.append("s", [at(4, "tea4")])
        await place.indexed()
        assert await find(store, "tea") == ["s:tea4", "s:tea3", "s:tea2", "s:tea1"]
        await store.edit("s", lambda messages: [m for m in messages if m["id"] != "msg_tea2"])
        await store.append("s", [at(5, "tea5")])
        await place.indexed()
        assert await find(store, "tea") == ["s:tea5", "s:tea4", "s:tea3", "s:tea1"]
        assert await find(store, "tea2") == []
        await store.delete("s")
        assert await find(store, "tea") == []
        await store.create(record("s", "bob"), [at(9, "tea9")])
        await place.indexed()
        assert await find(store, "tea") == []
        assert await find(store, "tea", "bob") == ["s:tea9"]

    async def test_other_paths_are_searched_too(self, place, store):
        """A message is found whichever path is shown, until it is removed."""
        await store.create(record("s"), [at(1, "tea1"), at(2, "tea2")])
        await store.edit_tree("s", forked("msg_tea1", at(3, "tea3")))
        await place.indexed()
        assert await find(store, "tea") == ["s:tea3", "s:tea2", "s:tea1"]
        await store.edit_tree("s", lambda tree: show(tree, "msg_tea2"))
        await store.append("s", [at(4, "tea4")])
        await place.indexed()
        assert await find(store, "tea") == ["s:tea4", "s:tea3", "s:tea2", "s:tea1"]
        await store.edit_tree("s", lambda tree: drop(tree, "msg_tea3"))
        await store.edit_tree("s", lambda tree: fork(tree, "msg_tea1"))
        await place.indexed()
        assert await find(store, "tea") == ["s:tea4", "s:tea2", "s:tea1"]

    async def test_deleted_user_finds_nothing(self, place, store):
        """With a user go all that could be found; another's stays."""
        for name in "abc":
            await store.create(record(name), [at(1, "tea1")])
        await store.create(record("d", "bob"), [at(1, "tea1")])
        await place.indexed()
        await store.delete_user("ann")
        assert await find(store, "tea") == []
        await place.indexed()
        assert await find(store, "tea", "bob") == ["d:tea1"]

    async def test_messages_without_ids_and_times_are_found_in_order(self, place, store):
        """Plain old messages are called by their places, and follow each other from the session's beginning on."""
        plain: list[Message] = [{"role": "user", "content": f"tea{n}"} for n in range(3)]
        await store.create(record("s"), plain)
        await store.append("s", plain)
        await place.indexed()
        assert await find(store, "tea") == [f"s:{n}" for n in reversed(range(6))]

    @pytest.mark.parametrize("end", ["restart", "crash"])
    async def test_all_is_found_after(self, place, store, end):
        """What was found before the end is found after it, with what was said in the last moment."""
        await store.create(record("s"), [at(1, "tea1")])
        await place.indexed()
        await store.append("s", [at(2, "tea2")])
        await store.create(record("t"), [at(3, "tea3")])
        store = await getattr(place, end)()
        await place.indexed()
        assert await find(store, "tea") == ["t:tea3", "s:tea2", "s:tea1"]

    async def test_hit_says_where_and_shows_a_snippet(self, place, store):
        """Of each hit: who said it, when, and the words around, with those that match marked."""
        await store.create(record("s"), [{**at(0, "x"), "content": "I take it without milk."}])
        await place.indexed()
        [hit] = (await store.search("ann", SearchQuery(parse_phrases('"without milk" ta')), limit=1)).hits
        assert hit.place == (NOON_US, "s", "msg_x")
        assert hit.role == "user"
        assert [tuple(piece) for piece in hit.snippet] == [
            ("I ", False),
            ("take", True),
            (" it ", False),
            ("without milk", True),
            (".", False),
        ]
