"""A history whose messages stay encoded until somebody wants them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Damaged, Message, history, message_id
from persistence.history import History, decode_line
from persistence.json_bytes import encode_messages
from persistence.model import client_ids
from tests.persistence.places import said
from tests.persistence.strategies import histories


@pytest.fixture
def decoded(monkeypatch):
    """The lines that were decoded."""
    lines: list[bytes] = []

    def counted(line: bytes) -> Message:
        lines.append(line)
        return decode_line(line)

    monkeypatch.setattr(history, "decode_line", counted)
    return lines


@given(histories, histories, histories, st.booleans())
def test_history_is_the_list_of_its_messages(encoded, plain, new, comma):
    """However much of it is encoded, a history is as long as its messages, and gives them in their order."""
    lines = [line + b"," * comma for line in encode_messages(encoded)]
    messages = History(lines, plain)
    messages.extend(new)
    expected = [*encoded, *plain, *new]
    assert len(messages) == len(expected)
    assert messages.last == (expected[-1] if expected else None)
    assert messages.page(range(len(expected))[::-1]) == list(enumerate(expected))[::-1]
    for at, message in enumerate(expected):
        wanted = message_id(message, at)
        if isinstance(wanted, str):
            first = next(n for n, other in enumerate(expected) if message_id(other, n) == wanted)
            assert messages.position(wanted) == first
    assert list(messages.whole()) == expected
    assert len(messages) == len(expected)
    messages.extend(new)
    assert list(messages.whole()) == expected + new


def test_page_decodes_its_own_lines_only(decoded):
    """A few messages out of many cost a few."""
    lines = encode_messages([said(str(number)) for number in range(1000)])
    some = History(lines).page([998, 3, 4])
    assert [at for at, _ in some] == [998, 3, 4]
    assert decoded == [lines[998], lines[3], lines[4]]


def test_message_is_found_by_what_a_client_called_it(monkeypatch):
    """The first one counts; each message is looked at once; what is no name names nothing."""
    looked_at = []

    def counted(message: Message):
        looked_at.append(message["content"])
        return client_ids(message)

    monkeypatch.setattr(history, "client_ids", counted)
    first, again = {**said("a"), "client_message_id": "1"}, {**said("b"), "client_message_id": "1"}
    odd = [{**said("c"), "client_message_id": ["2"], "sent": "2"}, {**said("d"), "client_message_id": None}]
    messages = History(encode_messages([first]), [again, *odd])  # type: ignore[list-item]
    assert [messages.sent(client_id) for client_id in ("1", "2", "")] == [first, None, None]
    later = {**said("e"), "client_message_id": "2", "sent": {"3": "resp_s_3", "1": None}}
    messages.extend([later])  # type: ignore[list-item]
    assert [messages.sent(client_id) for client_id in ("1", "2", "3", "4")] == [first, later, later, None]
    assert looked_at == ["a", "b", "c", "d", "e"]


def test_position_decodes_what_may_be_it_only(decoded):
    """A message is looked for by its id without decoding the others."""
    lines = encode_messages([said(str(number)) for number in range(1000)])
    messages = History(lines)
    assert messages.position("msg_700") == 700
    assert messages.position("msg_nowhere") is None
    assert decoded == [lines[700]]


@pytest.mark.parametrize("encoded", [True, False])
def test_message_without_an_id_is_found_by_its_place(encoded):
    """A plain old message is called by its position; one that has an id is not."""
    plain: list[Message] = [{"role": "user", "content": '"msg_1"'}, {"role": "user", "content": "b"}, said("c")]
    messages = History(encode_messages(plain)) if encoded else History((), plain)
    assert [messages.position(wanted) for wanted in ("msg_0", "msg_1", "msg_2", "msg_c")] == [0, 1, None, 2]


@pytest.mark.parametrize("wanted", ["", "\ud800", '"', "msg_", "msg_-1", "msg_99"])
def test_odd_id_is_not_found(wanted):
    """Whatever is asked for, what is not there is not there."""
    assert History(encode_messages([said("a")]), [said("b")]).position(wanted) is None


@pytest.mark.parametrize("line", [b"", b"{", b"5", b'{"role":"user"}', b'{"role":"user","content":5}', b"\xff"])
def test_damaged_line_is_found_when_it_is_wanted(line):
    """A line that is no message does not hinder the others."""
    lines = encode_messages([said("a"), said("b")])
    messages = History([lines[0], line, lines[1]])
    assert messages.last == said("b")
    assert messages.page([0, 2]) == [(0, said("a")), (2, said("b"))]
    messages.extend([said("c")])
    for want in (messages.whole, lambda: messages.page([1]), lambda: messages.position("msg_1")):
        with pytest.raises(Damaged):
            want()
    assert len(messages) == 4


def test_history_that_is_used_while_it_is_decoded_stays_whole(decoded):
    """Whoever decodes in steps, and whoever adds or decodes meanwhile, gets every message once."""
    expected = [said(str(number)) for number in range(600)]
    messages = History(encode_messages(expected))
    steps = messages.decoding()
    next(steps)
    messages.extend([said("new")])
    other = messages.decoding()
    next(other)
    for one in (steps, other, steps):
        for _ in one:
            pass
    assert list(messages.whole()) == [*expected, said("new")]
    assert len(decoded) == 1200
