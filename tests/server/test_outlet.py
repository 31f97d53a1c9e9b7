"""A socket's way out: what goes out when, in which order, and what becomes of a client that is behind or a source that
fails."""

import asyncio
from collections.abc import Iterable

from server.outlet import TOO_SLOW, Outlet
from server.response_log import PORTION_BYTES
from server.ws_frames import text_frames
from tests.server.doubles import until


class Transport(asyncio.WriteTransport):
    """Notes what it is given; `waiting` bytes lie in it, and no client takes them by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.waiting = 0

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        self.writes.append(b"".join(pieces))

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return False


class Words:
    """A source of what it is given."""

    def __init__(self, *words: bytes) -> None:
        self.words = list(words)
        self.ended = False
        self.closed = False

    def take(self) -> list[bytes]:
        taken, self.words = self.words, []
        return taken

    def close(self) -> None:
        self.closed = True


class Broken(Words):
    def take(self) -> list[bytes]:
        raise ValueError("a fault")


class Endless(Words):
    """Has always more: a whole portion says so."""

    def take(self) -> list[bytes]:
        return [b"x" * PORTION_BYTES]


def outlet(transport: Transport, stall_s: float = 5.0) -> tuple[Outlet, list[tuple[int, str]]]:
    """An outlet, and what it is cut off for."""
    cuts: list[tuple[int, str]] = []
    return Outlet(transport, stall_s, lambda code, reason: cuts.append((code, reason))), cuts


def frames(*payloads: bytes) -> bytes:
    return b"".join(text_frames(payloads))


async def turn_of_the_loop() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_all_that_is_due_in_a_turn_of_the_loop_goes_out_in_one_write() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    first, second = Words(b"1"), Words(b"2")
    way.add(first)
    way.add(second)
    way.send(b"single")
    first.words.append(b"1 too")
    way.pump(first)
    assert transport.writes == []
    await turn_of_the_loop()
    assert transport.writes == [frames(b"single", b"1", b"1 too", b"2")]
    await turn_of_the_loop()
    assert len(transport.writes) == 1


async def test_a_source_that_has_ended_is_closed_when_all_of_it_was_sent() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    source = Words(b"the end")
    way.add(source)
    source.ended = True
    await turn_of_the_loop()
    assert source.closed
    assert transport.writes == [frames(b"the end")]


async def test_a_client_that_is_behind_gets_the_rest_when_it_takes_something_again() -> None:
    transport = Transport()
    way, cuts = outlet(transport)
    source = Words(b"1")
    way.add(source)
    await turn_of_the_loop()
    transport.waiting = 1 << 20
    source.words = [b"2"]
    way.pump(source)
    await turn_of_the_loop()
    source.words += [b"3"]
    way.pump(source)
    await turn_of_the_loop()
    assert transport.writes == [frames(b"1")]
    transport.waiting = 0
    await until(lambda: len(transport.writes) == 2)
    assert transport.writes[1:] == [frames(b"2", b"3")]
    assert not cuts


async def test_a_source_without_end_does_not_fill_the_memory_and_leaves_room_for_others() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    endless, other = Endless(), Words(b"mine")
    way.add(endless)
    way.add(other)
    await until(lambda: any(frames(b"mine") in write for write in transport.writes))
    assert max(map(len, transport.writes)) < 150_000
    way.close()


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    transport = Transport()
    way, cuts = outlet(transport, stall_s=0.02)
    transport.waiting = 1 << 20
    way.add(Words(b"1"))
    await until(lambda: cuts)
    assert cuts[0] == (1013, TOO_SLOW)
    assert transport.writes == []
    way.close()


async def test_a_client_that_is_behind_is_heard_a_few_times_and_then_as_fast_as_it_takes_something() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    assert await heard(way, 100) == 100
    transport.waiting = 1 << 20
    endless = Endless()
    way.add(endless)
    assert 8 <= await heard(way, 100) <= 32
    assert await heard(way, 1) == 0
    transport.waiting = 0
    await until(lambda: len(transport.writes) > 3)
    assert await heard(way, 1) == 1
    way.drop(endless)
    await until(lambda: way._catching_up is None)
    assert await heard(way, 100) == 100
    way.close()


async def heard(way: Outlet, most: int) -> int:
    """How many frames of the client's are obeyed before the next one has to wait."""
    for number in range(most):
        waiting = asyncio.create_task(way.heard())
        for _ in range(5):
            await asyncio.sleep(0)
        if not waiting.done():
            waiting.cancel()
            return number
    return most


async def test_that_a_client_that_is_behind_takes_something_is_noted() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    transport.waiting = 1 << 20
    way.add(Words(b"1"))

    def is_noted() -> bool:
        transport.waiting -= 1
        return way.taken_at > 0

    began = asyncio.get_running_loop().time()
    await until(is_noted)
    assert way.taken_at >= began
    way.close()


async def test_a_source_that_fails_takes_its_client_with_it() -> None:
    transport = Transport()
    way, cuts = outlet(transport)
    way.add(Broken())
    await turn_of_the_loop()
    assert [code for code, _ in cuts] == [1011]


async def test_closing_sends_what_is_due_and_nothing_more() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    source = Words(b"1")
    way.add(source)
    way.send(b"single")
    way.close()
    assert transport.writes == [frames(b"single", b"1")]
    assert source.closed
    way.pump(source)
    way.send(b"too late")
    late = Words(b"late")
    way.add(late)
    await turn_of_the_loop()
    assert late.closed
    assert len(transport.writes) == 1


async def test_a_dropped_source_is_sent_no_more() -> None:
    transport = Transport()
    way, _ = outlet(transport)
    source = Words(b"1")
    way.add(source)
    way.drop(source)
    await turn_of_the_loop()
    assert source.closed
    assert transport.writes == []
