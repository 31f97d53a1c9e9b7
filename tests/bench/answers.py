"""What a line has heard, read after the clock has stopped: each answer's text, checked for every character.

Rule: an answer that lacks a word, doubles one or changes one ends the measurement, and so does one that fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.bench.stream_client import Line
from tests.bench.ways import DELTA, END, Dialect

_FAULTS = "error", "response.failed", "response.incomplete"


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        asked: When it was asked for.
        words: The number of words that came at once, and when, in their order.
        ended: When its end came; None where that was not waited for.
    """

    asked: float
    words: list[tuple[int, float]]
    ended: float | None


@cache
def text_of(count: int) -> str:
    """The text of so many words."""
    return "".join(f"w{number} " for number in range(count))


def answers(line: Line, dialect: Dialect, count: int) -> Iterator[Answer]:
    """The answers that a line has had, each of which was to have `count` words; the last one may be in pieces.

    Raises:
        AssertionError: A text is not exact, or an answer has failed.
    """
    asked, text, words = iter(line.asked), "", []
    for frame, came in zip(line.frames, line.times, strict=True):
        event = dialect.event(frame)
        if event.get("type") == DELTA:
            text += event["delta"]
            words.append((event["delta"].count(" "), came))
        elif END in frame:
            _check(text, text_of(count))
            yield Answer(next(asked), words, came)
            text, words = "", []
        elif event.get("type") in _FAULTS:
            raise AssertionError(f"an answer has failed: {frame!r:.500}")
    if words:
        _check(text, text_of(count)[: len(text)])
        yield Answer(next(asked), words, None)


def _check(text: str, expected: str) -> None:
    if text != expected:
        at = next((at for at, pair in enumerate(zip(text, expected, strict=False)) if pair[0] != pair[1]), len(text))
        raise AssertionError(f"the text is not exact: {text[at : at + 40]!r} instead of {expected[at : at + 40]!r}")


def conversation_of(line: Line, dialect: Dialect) -> str | None:
    """The session that the server has named in the first answer."""
    response = _first_response(line, dialect)
    return response["conversation"]["id"] if response else None


def response_of(line: Line, dialect: Dialect) -> str | None:
    """The id of the first answer."""
    response = _first_response(line, dialect)
    return response["id"] if response else None


def _first_response(line: Line, dialect: Dialect) -> dict[str, Any] | None:
    for frame in line.frames:
        event = dialect.event(frame)
        if event.get("type") == "response.created":
            response: dict[str, Any] = event["response"]
            return response
    return None
