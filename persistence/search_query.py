"""What is searched for. Pure.

Rule: plain words, all of which must be there, and "quoted phrases"; the last word, if it is not quoted and long enough,
may go on. Nothing that anybody types is a syntax of its own: what goes to SQLite is made of folded words alone.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from persistence.search_words import words

SHORTEST_PREFIX = 2
"""So many characters a last word needs to stand for longer ones: fewer would match nearly everything."""

_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow each other.

    Attributes:
        words: Folded, at least one.
        is_prefix: Whether the last of them may go on.
    """

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is searched for, and where.

    Attributes:
        phrases: All of them must be in a message.
        session_id: In this session only.
        since_us, until_us: In messages of this time, both ends included, in microseconds since the epoch.
    """

    phrases: Sequence[Phrase]
    session_id: str | None = None
    since_us: int | None = None
    until_us: int | None = None

    def covers(self, at_us: int) -> bool:
        """Whether a message of this time may be found."""
        return (self.since_us is None or at_us >= self.since_us) and (self.until_us is None or at_us <= self.until_us)


def parse_phrases(text: str) -> tuple[Phrase, ...]:
    """The phrases in what somebody has typed; none where there is no word in it.

    A plain piece that holds several words (`don't`, 東京) is a phrase of them. A quotation may lack its end.
    """
    found: list[Phrase] = []
    for match in _PIECE.finditer(text):
        quoted, plain = match.groups()
        if several := tuple(word.text for word in words(quoted if plain is None else plain)):
            found.append(Phrase(several))
    if found and plain is not None and several and len(several[-1]) >= SHORTEST_PREFIX:
        found[-1] = Phrase(several, is_prefix=True)
    return tuple(found)


def matches(phrases: Sequence[Phrase], text: str) -> bool:
    """Whether all phrases are in a text."""
    folded = [word.text for word in words(text)]
    return all(next(positions(phrase, folded), None) is not None for phrase in phrases)


def positions(phrase: Phrase, folded: Sequence[str]) -> Iterator[int]:
    """Where the phrase begins among the words of a text."""
    *head, last = phrase.words
    for at in range(len(folded) - len(head)):
        end = folded[at + len(head)]
        if (end.startswith(last) if phrase.is_prefix else end == last) and folded[at : at + len(head)] == head:
            yield at


def expression(phrases: Sequence[Phrase], user_id: str, session_id: str | None) -> str:
    """The query as FTS5 wants it.

    Source: SQLite's documentation, "FTS5", "Full-text Query Syntax".
    """
    places = [user_mark(user_id), *([session_mark(session_id)] if session_id else [])]
    wanted = [f'{{place}} : "{place}"' for place in places]
    for phrase in phrases:
        wanted.append(f'{{text}} : "{" ".join(phrase.words)}"' + (" *" if phrase.is_prefix else ""))
    return " AND ".join(wanted)


@lru_cache(maxsize=1024)
def user_mark(user_id: str) -> str:
    """The one word that stands for a user in the index."""
    return "u" + _digest(user_id)


@lru_cache(maxsize=1024)
def session_mark(session_id: str) -> str:
    """The one word that stands for a session in the index."""
    return "s" + _digest(session_id)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
