"""Sessions that are read no further than somebody asks for."""

import pytest

from persistence import Message, history
from persistence.history import decode_line
from tests.persistence.places import FilePlace, answered, check_files, contents, record, said

MANY = 10_000


@pytest.fixture
def decoded(monkeypatch):
    """How many lines were decoded so far."""
    lines: list[bytes] = []

    def counted(line: bytes) -> Message:
        lines.append(line)
        return decode_line(line)

    monkeypatch.setattr(history, "decode_line", counted)
    return lines


@pytest.fixture
async def long(place, store, decoded):
    """A long session that nobody has read since the start."""
    await store.create(record("s"), [said(str(number)) for number in range(MANY)])
    store = await place.restart()
    del decoded[:]
    return store


async def test_page_of_a_long_session_decodes_itself_only(long, decoded):
    """A page out of ten thousand messages costs a page, and the last message, which may owe an answer."""
    page = await long.page("s", limit=5, newest_first=True)
    assert [at for at, _ in page.messages] == list(range(MANY - 1, MANY - 6, -1))
    assert len(decoded) <= 5 + 3
    del decoded[:]
    page = await long.page("s", limit=5, after="msg_5000")
    assert [message["content"] for _, message in page.messages] == ["5001", "5002", "5003", "5004", "5005"]
    assert len(decoded) <= 5 + 3


async def test_turn_of_a_long_session_decodes_none_of_the_others(place, long, decoded):
    """A question and its answer behind ten thousand messages do not need them, nor does a new title."""
    await long.append("s", [said("q", response_id="resp_1")])
    await long.append("s", [answered("a", "resp_1")])
    await long.update("s", lambda known: record("s", title="Tea"))
    assert len(decoded) <= 6
    await place.folded()
    assert place.in_file("s")[-3:] == [str(MANY - 1), "q", "a"]
    page = await (await place.crash()).page("s", limit=2, newest_first=True)
    assert [(at, message["content"]) for at, message in page.messages] == [(MANY + 1, "a"), (MANY, "q")]


async def test_history_is_decoded_once(long, decoded):
    """Who asks for all of it has all of it decoded, the first time only."""
    for _ in range(3):
        assert len(await long.history("s")) == MANY
    assert len(decoded) <= MANY + 3


async def test_record_and_list_do_not_open_a_session(long, decoded):
    """What the index says needs no look into a session."""
    await long.record("s")
    await long.records("ann", limit=9)
    assert decoded == []


def damage(place: FilePlace, content: str) -> None:
    data = place.path("s").read_bytes()
    place.path("s").write_bytes(data.replace(b'"content":"%b"' % content.encode(), b'"content":"%b' % content.encode()))


@pytest.fixture
async def torn(place, store):
    """A session of nine messages with a damaged line in the middle, which nobody has noticed yet."""
    await store.create(record("s"), [said(str(number)) for number in range(9)])
    await place.close()
    damage(place, "4")
    return await place.again()


WHOLE = [str(number) for number in range(9) if number != 4]


async def test_damaged_line_does_not_hinder_what_does_not_want_it(place, torn):
    """A page beside it and an append behind it go on as if it were whole."""
    page = await torn.page("s", limit=3, newest_first=True)
    assert [message["content"] for _, message in page.messages] == ["8", "7", "6"]
    await torn.append("s", [said("9")])
    await place.folded()
    assert place.quarantined() == []
    await place.die()
    store = await place.again()
    assert contents(await store.history("s")) == [*WHOLE, "9"]
    await place.folded()


@pytest.mark.parametrize("want", ["history", "page", "after", "edit", "late answer"])
@pytest.mark.parametrize("appended", [False, True])
async def test_damaged_line_is_mended_when_it_is_wanted(place, torn, want, appended):
    """Whoever comes upon it gets the rest; the file as it was is kept, and what was appended since is there."""
    damaged = place.path("s").read_bytes()
    if appended:
        await torn.append("s", [said("9")])
    expected = WHOLE + ["9"] * appended
    if want == "page":
        page = await torn.page("s", limit=2, after="msg_3")
        assert [message["content"] for _, message in page.messages] == ["5", "6"]
    elif want == "after":
        await torn.page("s", limit=99)
    elif want == "edit":
        await torn.edit("s", lambda messages: [*messages, said("new")])
        expected = [*expected, "new"]
    elif want == "late answer":
        await torn.append("s", [answered("new", "resp_9")])
        expected = [*expected, "new"]
    assert contents(await torn.history("s")) == expected
    await place.folded()
    assert place.in_file("s") == expected
    [name] = place.quarantined()
    if not appended:
        assert (place.folder / "quarantine" / name).read_bytes() == damaged
    assert contents(await (await place.crash()).history("s")) == expected


async def test_damaged_last_line_is_mended_before_anything_else(place, store):
    """The last message is looked at whenever a session is opened: it may owe an answer."""
    await store.create(record("s"), [said("a"), said("b", response_id="resp_1"), answered("c", "resp_1")])
    await place.close()
    damage(place, "c")
    store = await place.again()
    await store.append("s", [said("d")])
    assert contents(await store.history("s")) == ["a", "b", "", "d"]
    await place.folded()
    check_files(place.folder)


async def test_damaged_line_is_read_around_while_the_disk_is_full(place, torn):
    """Where nothing can be mended the rest is shown all the same, and mended later."""
    damaged = place.path("s").read_bytes()
    place.faults.full = True
    for _ in range(2):
        assert contents(await torn.history("s")) == WHOLE
        assert len((await torn.page("s", limit=99)).messages) == 8
    assert place.path("s").read_bytes() == damaged
    place.faults.full = False
    assert contents(await torn.history("s")) == WHOLE
    await place.folded()
    assert place.in_file("s") == WHOLE


async def test_memory_is_bounded(tmp_path):
    """Whatever is created, edited, appended to and read: no more stays in memory than is allowed."""
    place = FilePlace(tmp_path / "data", sessions_in_memory=5, bytes_in_memory=20_000)
    store = await place.open()
    cache = store._sessions._cache
    for number in range(12):
        name = f"s{number}"
        await store.create(record(name), [said("x" * 3000)])
        await store.append(name, [said("y" * 3000)])
        await store.edit(name, lambda messages: [*messages, said("z" * 3000)])
        await place.folded()
        await store.history("s0")
    assert len(cache) <= 3
    assert cache.bytes == sum(session.size for session in cache._open.values()) <= 20_000 + 12_000
    for number in range(12):
        assert len(await store.history(f"s{number}")) == 3
        assert cache.bytes == sum(session.size for session in cache._open.values())
    await store.delete_user("ann")
    assert (cache.bytes, len(cache)) == (0, 0)
    await place.close()
