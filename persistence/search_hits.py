"""What a search has found. Pure.

Rule: the newest message first; of those of one moment, in the order of their sessions' and their own ids. So the place
of a hit never changes while its message does not, and a page that begins behind it misses nothing and repeats nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from unicodedata import category

from persistence.search_query import Phrase, positions
from persistence.search_words import Word, words

_BEFORE, _LENGTH = 60, 240
"""How many characters of a snippet stand before the first match, and how many there are in all."""
LOOKED_AT = 200_000
"""So far into a message its matches are looked for: behind it a snippet shows the beginning, with nothing marked."""
_MARKED = 50
"""So many matches are marked in a snippet at most."""
_WORDS_AT_ONCE = 128
_JOINER = "\u200d"
_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
"""Of skin: they change the sign before them, as a mark changes its letter."""
_MARKS = 16
"""So many of them belong to a letter at most."""


class Place(NamedTuple):
    """Where a message stands among all that can be found; sorts older ones ahead.

    Attributes:
        at_us: Its time, in microseconds since the epoch.
    """

    at_us: int
    session_id: str
    message_id: str


class Piece(NamedTuple):
    """A part of a snippet."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found.

    Attributes:
        snippet: What stands around the first match; the pieces together are the text.
    """

    place: Place
    role: str
    snippet: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of hits.

    Attributes:
        is_complete: False while there are messages that could not be looked at yet.
    """

    hits: Sequence[Hit]
    has_more: bool
    is_complete: bool = True


def make_snippet(text: str, phrases: Sequence[Phrase], step: Callable[[], object] = lambda: None) -> list[Piece]:
    """A few words around the first place where one of the phrases stands, with all matches in them marked.

    Args:
        step: Is called every now and then.
    """
    found = _around_match(text[:LOOKED_AT], phrases, step)
    folded = [word.text for word in found]
    spans = sorted(_span(found, at, len(phrase.words)) for phrase in phrases for at in positions(phrase, folded))
    begin = max((spans[0][0] if spans else 0) - _BEFORE, 0)
    end = min(begin + _LENGTH, len(text))
    begin = _letter_start(text, _word_start(text, begin))
    end = _letter_start(text, end)
    pieces = [Piece("…", False)] if begin else []
    at = begin
    for start, stop in spans[:_MARKED]:
        start, stop = max(start, at), min(_letter_start(text, stop), end)
        if start < stop:
            pieces += [Piece(text[at:start], False), Piece(text[start:stop], True)]
            at = stop
    pieces += [Piece(text[at:end], False), Piece("…" if end < len(text) else "", False)]
    return [piece for piece in pieces if piece.text]


def _around_match(text: str, phrases: Sequence[Phrase], step: Callable[[], object]) -> list[Word]:
    """Words of the text: those from the first match to the end of a snippet are among them, and no match before it."""
    longest = max((len(phrase.words) for phrase in phrases), default=1)
    rest, seen = words(text), list[Word]()
    while some := list(islice(rest, _WORDS_AT_ONCE)):
        seen = [*seen[max(len(seen) - longest + 1, 0) :], *some]
        folded = [word.text for word in seen]
        if any(next(positions(phrase, folded), None) is not None for phrase in phrases):
            return [*seen, *islice(rest, _LENGTH + longest)]
        step()
    return []


def _span(found: Sequence[Word], at: int, count: int) -> tuple[int, int]:
    return found[at].start, found[at + count - 1].end


def _word_start(text: str, begin: int) -> int:
    """The first place behind a space, if there is one near by: a snippet begins with a whole word."""
    if begin == 0:
        return 0
    space = text.find(" ", begin, begin + _BEFORE // 2)
    return begin if space < 0 else space + 1


def _letter_start(text: str, at: int) -> int:
    """The first place from one on that is not in the midst of what a reader takes for one letter or sign."""
    for _ in range(_MARKS):
        if not 0 < at < len(text) or not _goes_on(text[at - 1], text[at]):
            break
        at += 1
    return at


def _goes_on(before: str, char: str) -> bool:
    return category(char).startswith("M") or char in _TONES or _JOINER in (before, char)
