"""A log and its readers: whatever is read when, every reader has every character once."""

import asyncio
import gc
import json
import random
import sys
from enum import Enum
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.model import Message
from server.assistants.base import Usage
from server.errors import ApiError
from server.response_log import ResponseLog, portions
from server.stored_response import StoredResponse
from server.turn import Broke, Cut, Finished, Reason, Started, Wrote
from server.turn_request import TurnRequest
from server.wire_events import closing_events, delta_event, opening_events
from tests.integration.reciter import in_pieces, long_text
from tests.server.doubles import PATIENCE_S
from tests.server.frames import check_whole, decode
from tests.server.test_turn import new_turn

AT = "2024-01-01T00:00:00Z"


async def read_all(readable, after=None):
    """All events behind a cursor, in one list."""
    return [event async for batch in portions(readable.reader(after)) for event in batch]


class Writer:
    """Writes a log as a turn does.

    Args:
        before: What there is already of a text that is gone on with.
        request: What was asked for.
    """

    def __init__(self, before=None, request=None):
        self.turn = new_turn(request=request)
        if before is not None:
            self.turn.go_on_from({**self.turn.draft, "id": "msg_of_another"}, before)
        self.turn.apply(Started())
        self.log = ResponseLog(self.turn)
        self.log.append(*opening_events(self.turn))
        self.texts = [""] * 4
        """By event, what it adds to the text."""

    def write(self, text):
        event = delta_event(self.turn, self.log.next_number, text)
        self.turn.apply(Wrote(text))
        self.log.append_delta(text, event)
        self.texts.append(text)

    def end(self, end=None):
        self.turn.apply(end or Finished(), AT)
        self.log.append(*closing_events(self.turn, self.log.next_number))
        self.log.close()
        self.texts += [""] * 4


class Had:
    """What one reader has had, from a cursor on."""

    def __init__(self, writer, after=-1):
        self.first = self.cursor = after
        self.text = ""
        self.others: list[str] = []
        self.reader = writer.log.reader(after)

    def take(self):
        for frame in map(json.loads, self.reader.take()):
            assert frame["sequence_number"] > self.cursor
            self.cursor = frame["sequence_number"]
            if frame["type"] == "response.output_text.delta":
                self.text += frame["delta"]
            else:
                self.others.append(frame["type"])

    def check(self, writer):
        """It has had everything between its first cursor and its present one, each character once."""
        assert self.text == "".join(writer.texts[self.first + 1 : self.cursor + 1])
        assert len(self.others) == writer.texts[self.first + 1 : self.cursor + 1].count("")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.text(min_size=1, max_size=5)),
        st.tuples(st.just("join"), st.integers(0, 30)),
        st.tuples(st.just("take"), st.integers(0, 8)),
        st.tuples(st.just("cut"), st.integers(0, 8)),
    ),
    max_size=40,
)


@given(before=st.none() | st.text(max_size=5), steps=steps)
def test_any_interleaving_of_appends_reads_cuts_and_merges(before, steps):
    """Prefix and rest are the whole, for readers that come, lag, leave and come back with their cursor at any time."""
    writer, readers, left = Writer(before), list[Had](), list[Had]()
    for step, what in steps:
        if step == "write":
            writer.write(what)
        elif step == "join":
            readers.append(Had(writer, min(what, writer.log.next_number) - 1))
        elif step == "take" and readers:
            readers[what % len(readers)].take()
        elif step == "cut" and readers:
            cut = readers.pop(what % len(readers))
            cut.reader.close()
            left.append(cut)
    writer.end()
    readers += [Had(writer, one.cursor) for one in left]
    for one in readers:
        one.take()
        assert one.reader.ended
        assert one.cursor == writer.log.next_number - 1
    for one in [*readers, *left]:
        one.check(writer)


@pytest.mark.parametrize("state", ["running", "ended", "its events are gone"])
def test_every_cursor_of_a_long_text(state):
    """200 KB: behind each cursor comes the rest of the text, whatever is left of the log."""
    chance = random.Random(3)
    pieces = in_pieces(long_text(chance), chance, 400)
    writer = Writer()
    reader = writer.log.reader()
    reader.on_grown(lambda: None)
    for piece in pieces:
        writer.write(piece)
    if state != "running":
        writer.end()
    if state == "its events are gone":
        reader.close()
        assert not writer.log._events
    whole = "".join(pieces)
    said, last = 0, 3 + len(pieces)
    for cursor in range(-1, last + 1):
        said += len(writer.texts[cursor]) if cursor >= 0 else 0
        had = Had(writer, cursor)
        while had.cursor < min(last, writer.log.next_number - 1):
            had.take()
        assert had.text == whole[said:]
        had.check(writer)


QUESTION: Message = {"role": "user", "content": "hi", "id": "msg_1"}
REQUESTS = [
    TurnRequest((QUESTION,)),
    TurnRequest((QUESTION,), "m", "abc", kept=False, metadata={"a": "b"}, instructions="Be brief.", temperature=0.0),
    TurnRequest((QUESTION,), previous_response_id="resp_abc_1", top_p=0.5, max_output_tokens=5, client_message_id="c"),
]
ENDS = [Finished(), Cut(Reason.CANCELLED), Cut(Reason.INTERRUPTED, Usage(3, 5)), Broke("upstream_cut", "It broke off.")]


@given(
    before=st.none() | st.text(max_size=5),
    request=st.sampled_from(REQUESTS),
    texts=st.lists(st.text(max_size=5), max_size=6),
    end=st.sampled_from(ENDS),
)
def test_events_that_have_gone_are_made_anew(before, request, texts, end):
    """When the last reader has left, whoever comes reads what was there, to the byte, from every cursor."""
    writer = Writer(before, request)
    log, reader = writer.log, writer.log.reader()
    reader.on_grown(lambda: None)
    for text in texts:
        writer.write(text)
    writer.end(end)
    written = [log.reader(cursor).take() for cursor in range(-1, log.next_number)]
    single = list(log._events)
    reader.close()
    assert not log._events
    assert [log.reader(cursor).take() for cursor in range(-1, log.next_number)] == written
    assert [log.after(number - 1)[0][0] for number in range(4)] == single[:4]
    assert [log._event(number) for number in range(log.next_number)] == single


def test_events_stay_for_who_still_reads():
    """A reader that lags behind the end is given the very events that were written; then they go."""
    writer = Writer()
    reader, other = writer.log.reader(), writer.log.reader()
    for one in (reader, other):
        one.on_grown(lambda: None)
    writer.write("a")
    written = list(writer.log._events)
    writer.end()
    other.close()
    taken = reader.take()
    assert all(one is written for one, written in zip(taken, written, strict=False))
    reader.close()
    again = writer.log.reader().take()
    assert again == taken
    assert again[0] is not taken[0]


@pytest.mark.parametrize("last", [(), (b"0",)])
def test_events_that_could_not_be_made_anew_stay(last):
    """A log that ends without the events of a turn's end keeps those that it has."""
    writer = Writer()
    writer.write("a")
    writer.turn.apply(Finished(), AT)
    writer.log.append(*last)
    written = writer.log.reader().take()
    size = writer.log.size_bytes
    writer.log.close()
    assert writer.log.reader().take() == written
    assert size > sum(map(len, written))


def all_of(thing):
    """A thing and all that it leads to, by identity; classes and what belongs to them are nobody's own."""
    seen: dict[int, object] = {}
    found = [thing]
    while found:
        one = found.pop()
        if id(one) not in seen and not isinstance(one, type | Enum):
            seen[id(one)] = one
            found += gc.get_referents(one)
    return seen


def ended_log(text, **asked):
    """One of a long question."""
    question: Message = {"role": "user", "content": "Who is there? " * 1000, "id": "msg_1"}
    writer = Writer(None, TurnRequest((question,), session_id="session", **asked))
    for start in range(0, len(text), 100):
        writer.write(text[start : start + 100])
    writer.end()
    return writer.log


@pytest.mark.parametrize("text", ["", "short", "long" * 1000, "\N{LATIN SMALL LETTER A WITH MACRON}" * 4000])
def test_size_of_an_ended_log(text):
    """It says what is its own in memory, give or take a fifth: the limit on all ended logs is in these bytes."""
    log = ended_log(text)
    check_size(log)
    check_size(ended_log(text, instructions="Speak \N{EN DASH} slowly. " * 500))
    check_size(ended_log(text, metadata={f"{number:064}": "n" * (500 + number) for number in range(16)}))


def check_size(log):
    shared = all_of(ended_log("another"))
    held = sum(sys.getsizeof(one) for id, one in all_of(log).items() if id not in shared)
    assert held == pytest.approx(log.size_bytes, rel=1 / 5)


def test_reader_that_keeps_up_shares_the_encoded_events():
    """Two readers get the very same bytes: an event is encoded once."""
    writer = Writer()
    readers = [writer.log.reader(), writer.log.reader()]
    for reader in readers:
        reader.take()
    writer.write("a")
    [one], [other] = (reader.take() for reader in readers)
    assert one is other


def test_lagging_reader_gets_one_merged_delta():
    """What it has not had yet comes as one event with the last of the numbers; other events stay what they are."""
    writer = Writer()
    for text in "abc":
        writer.write(text)
    writer.end()
    frames = decode(*writer.log.reader(3).take())
    assert (frames[0]["delta"], frames[0]["sequence_number"]) == ("abc", 6)
    assert [frame["sequence_number"] for frame in frames] == [6, 7, 8, 9, 10]
    [first, *_] = decode(*writer.log.reader(4).take())
    assert (first["delta"], first["sequence_number"]) == ("bc", 6)


def test_merged_deltas_and_portions_are_bounded():
    """A reader with much to catch up on gets it in portions, none much larger than it may be."""
    writer, piece = Writer(), "x" * 1000
    for _ in range(300):
        writer.write(piece)
    writer.end()
    reader, text = writer.log.reader(), ""
    takes = 0
    while events := reader.take():
        takes += 1
        assert sum(map(len, events)) < 400_000 + 64 * 1024 + 17_000
        for frame in decode(*events):
            if frame["type"] == "response.output_text.delta":
                assert len(frame["delta"]) <= 16 * 1024
                text += frame["delta"]
    assert text == piece * 300
    assert takes > 4


def test_closed_reader_is_not_woken():
    """Who has left costs nothing."""
    writer, woken = Writer(), list[int]()
    readers = [writer.log.reader() for _ in range(2)]
    for number, reader in enumerate(readers):
        reader.on_grown(partial(woken.append, number))
    writer.write("a")
    readers[0].close()
    writer.write("b")
    assert woken == [0, 1, 1]


async def test_reader_waits_for_the_end():
    """A reader that has everything waits; the end wakes it."""
    log = ResponseLog(new_turn())
    log.append(b"0")
    reading = asyncio.create_task(read_all(log))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not reading.done()
    log.close()
    assert await asyncio.wait_for(reading, PATIENCE_S) == [b"0"]


async def test_reader_with_much_to_catch_up_on():
    """It gets everything, piece by piece, and others have their turn in between."""
    log = ResponseLog(new_turn())
    log.append(*[b"%d" % number * 100 for number in range(10_000)])
    log.close()
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert await read_all(log) == [b"%d" % number * 100 for number in range(10_000)]
    task.cancel()
    assert turns > 10


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("after", [2, 3, 2**53 - 1])
async def test_cursor_ahead_of_the_log_is_refused(after, closed):
    """A cursor that no event of the log stands for is refused at once, not waited for."""
    log = ResponseLog(new_turn())
    log.append(b"0", b"1")
    if closed:
        log.close()
    with pytest.raises(ApiError) as caught:
        log.reader(after)
    assert (caught.value.code, caught.value.param) == ("invalid_value", "starting_after")


async def test_cursor_at_the_end_reads_nothing():
    """A reader that has had all of an ended log has nothing to wait for."""
    log = ResponseLog(new_turn())
    log.append(b"0", b"1")
    log.close()
    assert await asyncio.wait_for(read_all(log, 1), PATIENCE_S) == []
    assert await read_all(log, -1) == [b"0", b"1"]


def stored(end, text):
    turn = new_turn()
    turn.apply(Started())
    turn.apply(Wrote(text))
    turn.apply(end, AT)
    return StoredResponse(turn)


@pytest.mark.parametrize("after", [None, -1])
@pytest.mark.parametrize("text", ["", "hi"])
@pytest.mark.parametrize("end", ENDS, ids=str)
async def test_stored_response_from_its_beginning(end, text, after):
    """A response of which only the message is left is a whole sequence of valid events again."""
    response = check_whole(decode(*await read_all(stored(end, text), after)))
    assert response["output"][0]["content"][0]["text"] == text


@pytest.mark.parametrize("after", [0, 41, 2**53 - 1])
@pytest.mark.parametrize("end", ENDS, ids=str)
async def test_stored_response_behind_a_cursor(end, after):
    """Where the cursor's events are gone, a snapshot and the final event follow, numbered on from it."""
    events = await read_all(stored(end, "hi"), after)
    frames = decode(*events)
    assert [frame["sequence_number"] for frame in frames] == [after + 1, after + 2]
    assert frames[0]["text"] == "hi"
    assert frames[1]["response"] == frames[0]["response"]
    assert json.loads(events[1])["type"] in ("response.completed", "response.incomplete", "response.failed")


async def test_silence_of_a_reader():
    """While nothing comes, empty portions tell of it; not a single event is lost or moved."""
    log, got = ResponseLog(new_turn()), []
    log.append(b"a")
    async for events in portions(log.reader(), 0.01):
        got.append(events)
        if not events and not log.closed:
            log.append(b"b", b"c")
            log.close()
    assert () in got
    assert [event for events in got for event in events] == [b"a", b"b", b"c"]


async def test_silence_that_nobody_counts():
    """Without a pause the portions come as they are, and the end is the end."""
    log = ResponseLog(new_turn())
    log.append(b"a")
    asyncio.get_running_loop().call_later(0.02, log.append, b"b")
    asyncio.get_running_loop().call_later(0.03, log.close)
    assert [events async for events in portions(log.reader(), 0)] == [[b"a"], [b"b"]]
