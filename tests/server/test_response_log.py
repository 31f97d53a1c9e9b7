"""A log and its readers: whatever is read when, every reader has every event once."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ApiError
from server.response_log import ResponseLog, StoredResponse, with_pauses
from server.turn import Broke, Cut, Finished, Reason, Started, Wrote
from tests.server.frames import check_whole, decode
from tests.server.test_turn import new_turn


async def read_all(readable, after=None):
    """All events behind a cursor, in one list."""
    return [event async for batch in readable.read(after) for event in batch]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 3)),
        st.tuples(st.just("join"), st.integers(0, 8)),
        st.tuples(st.just("leave"), st.integers(0, 8)),
        st.tuples(st.just("run"), st.just(0)),
    ),
    max_size=25,
)


@given(steps=steps)
def test_any_interleaving_of_appends_reads_and_cuts(steps):
    """What a reader had before it left, and what it gets from there on, is everything; and each event comes once."""

    async def play():
        log, all_events = ResponseLog(new_turn()), list[bytes]()
        readers = list[tuple[int, list[bytes], asyncio.Task[None]]]()
        left = list[tuple[int, list[bytes]]]()

        async def read(after, had):
            async for batch in log.read(after):
                had += batch

        def join(after):
            had: list[bytes] = []
            readers.append((after, had, asyncio.create_task(read(after, had))))

        for step, number in steps:
            if step == "append":
                new = [b"%d" % (len(all_events) + index) for index in range(number)]
                all_events += new
                log.append(*new)
            elif step == "join":
                join(min(number, log.next_number) - 1)
            elif step == "leave" and readers:
                after, had, task = readers.pop(number % len(readers))
                task.cancel()
                await asyncio.wait([task])
                left.append((after, had))
            else:
                await asyncio.sleep(0)
        log.close()
        for after, had in left:
            assert had + await read_all(log, after + len(had)) == all_events[after + 1 :]
        for after, had, task in readers:
            await asyncio.wait_for(task, 5)
            assert had == all_events[after + 1 :]
        assert log.size_bytes == sum(map(len, all_events))

    asyncio.run(play())


async def test_reader_waits_for_the_end():
    """A reader that has everything waits; the end wakes it."""
    log = ResponseLog(new_turn())
    log.append(b"0")
    reading = asyncio.create_task(read_all(log))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not reading.done()
    log.close()
    assert await asyncio.wait_for(reading, 1) == [b"0"]


async def test_reader_with_much_to_catch_up_on():
    """It gets everything, piece by piece, and others have their turn in between."""
    log = ResponseLog(new_turn())
    log.append(*[b"%d" % number for number in range(10_000)])
    log.close()
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert await read_all(log) == [b"%d" % number for number in range(10_000)]
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
        log.read(after)
    assert (caught.value.code, caught.value.param) == ("invalid_value", "starting_after")


async def test_cursor_at_the_end_reads_nothing():
    """A reader that has had all of an ended log has nothing to wait for."""
    log = ResponseLog(new_turn())
    log.append(b"0", b"1")
    log.close()
    assert await asyncio.wait_for(read_all(log, 1), 1) == []
    assert await read_all(log, -1) == [b"0", b"1"]


ENDS = [Finished(), Cut(Reason.CANCELLED), Cut(Reason.INTERRUPTED), Broke("upstream_cut", "It broke off.")]


def stored(end, text):
    turn = new_turn()
    turn.apply(Started())
    turn.apply(Wrote(text))
    turn.apply(end, "2024-01-01T00:00:00Z")
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
    """While nothing comes, empty batches tell of it; not a single event is lost or moved."""
    more = asyncio.Event()

    async def slow():
        yield [b"a"]
        await more.wait()
        yield [b"b", b"c"]

    got = []
    async for events in with_pauses(slow(), 0.01):
        got.append(events)
        if not events:
            more.set()
    assert () in got
    assert [event for events in got for event in events] == [b"a", b"b", b"c"]


async def test_silence_that_nobody_counts():
    """Without a pause the batches come as they are, and the end is the end."""

    async def quick():
        yield [b"a"]
        await asyncio.sleep(0.02)
        yield [b"b"]

    assert [events async for events in with_pauses(quick(), 0)] == [[b"a"], [b"b"]]
