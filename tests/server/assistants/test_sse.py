"""Server-sent events, from bytes that come in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.assistants.sse import SseReader


def read(*chunks: bytes, max_event_bytes: int = 1_000) -> list[bytes]:
    reader = SseReader(max_event_bytes)
    return [payload for chunk in chunks for payload in reader.feed(chunk)] + reader.end()


@pytest.mark.parametrize(
    ("chunks", "payloads"),
    [
        ([b"data: a\n\ndata: b\n\n"], [b"a", b"b"]),
        ([b"data: a\r\n\r\ndata: b\r\n\r\n"], [b"a", b"b"]),
        ([b"data: a\r\rdata: b\r\r"], [b"a", b"b"]),
        ([b"data: a\r", b"\n\r", b"\ndata: b\r\n", b"\r\n"], [b"a", b"b"]),
        ([b"data: a\r", b"", b"\n\r\n"], [b"a"]),
        ([b"data: a\ndata: b\n\n"], [b"a\nb"]),
        ([b"data:a\n\n"], [b"a"]),
        ([b"data:  a \n\n"], [b" a "]),
        ([b"data\n\n"], [b""]),
        ([b": comment\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n"], [b"a"]),
        ([b"\xef\xbb", b"\xbfdata: a\n\n"], [b"a"]),
        (["data: é".encode()[:-1], "é".encode()[1:] + b"\n\n"], ["é".encode()]),
        (["data: a\u2028b\x0bc\n\n".encode()], ["a\u2028b\x0bc".encode()]),
        ([b"data: a\n"], [b"a"]),
        ([b"data: a"], [b"a"]),
        ([b"database: a\n\n"], []),
        ([b""], []),
    ],
)
def test_payloads_of_a_stream(chunks, payloads):
    """Only data counts, its lines joined, whatever ends the lines."""
    assert read(*chunks) == payloads


def test_payload_is_given_as_soon_as_it_is_whole():
    """A blank line is enough, and nothing is waited for behind it."""
    reader = SseReader(100)
    assert reader.feed(b"data: a\r\n") == []
    assert reader.feed(b"\r") == [b"a"]
    assert reader.feed(b"\ndata: b\n\n") == [b"b"]


@pytest.mark.parametrize("chunks", [[b"data: " + b"x" * 20], [b"x" * 8, b"y" * 8], [b"data: 12345\n"] * 3, [b":" * 20]])
def test_event_past_the_limit_ends_the_reading(chunks):
    """Neither a line nor an event grows past the limit; what came before it is still there, and nothing comes after."""
    reader = SseReader(12)
    payloads = [payload for chunk in [b"data: a\n\n", *chunks, b"\n\ndata: b\n\n"] for payload in reader.feed(chunk)]
    assert (payloads + reader.end(), reader.too_long) == ([b"a"], True)
    assert SseReader(12).feed(b"data: a\n\n" + b"".join(chunks) + b"\n\ndata: b\n\n") == [b"a"]


def test_events_within_the_limit_are_read_for_ever():
    """The limit is for one event, not for the stream."""
    assert len(read(*[b"data: 123456\n\n"] * 100, max_event_bytes=12)) == 100


lines = st.sampled_from(
    ["data: é😀\n", "data: b\r\n", "data:c\r", "\n", "\r\n", "\r", ": note\n", "event: x\n", "data\n", "日"]
)


@given(st.lists(lines, max_size=20), st.data())
def test_any_split_gives_the_same_payloads(parts, data):
    """How the bytes were cut into reads never shows."""
    body = "".join(parts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    chunks = [body[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert read(*chunks) == read(body)
    assert read(*(bytes([byte]) for byte in body)) == read(body)
