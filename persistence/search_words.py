"""The words of a text, as they are searched. Pure.

Rule: a word is a run of letters and digits, without regard to case and to the accents of Latin letters; each character
of Chinese, Japanese and Korean, which put no spaces between words, is a word of its own. This says the same as
SQLite's tokenizer (`TOKENIZER`) says of what `spaced` makes of a text.
Source: FORMAT.md, "The search index".
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_ACCENT = "\u0300-\u036f"
_SINGLE = (
    "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
"""Kana, Hangul and Han: each character stands for itself."""
_SEPARATOR = "\x1f"
"""Stands around such a character in the index: ASCII's "unit separator", which no text needs."""

TOKENIZER = f"unicode61 remove_diacritics 2 separators '{''.join(map(chr, range(0x1F000, 0x1FB00)))}'"
"""SQLite takes signs that are younger than its tables (Unicode 6.1) for letters: the pictographs, of which many are,
are named to it."""

_KEPT = "\u01e1"
"""A letter with two accents that SQLite leaves as it is."""

_SINGLES = re.compile(f"[{_SINGLE}]+")
_WORD = re.compile(rf"[{_SINGLE}]|(?:(?![{_SINGLE}])[^\W_])(?:(?![{_SINGLE}])[^\W_]|[{_ACCENT}])*")


class Word(NamedTuple):
    """A word, folded, and where it stands in its text."""

    text: str
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order."""
    for match in _WORD.finditer(text):
        yield Word(fold(match[0]), match.start(), match.end())


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """A word without case and accents."""
    return folded(word)


def folded(text: str) -> str:
    """A text likewise; nothing is kept of it."""
    if text.isascii():
        return text.lower()
    return "".join(_plain(char) for char in text if not "\u0300" <= char <= "\u036f")


def searchable(text: str) -> str:
    """The text, with spaces where it holds separators."""
    return text.replace(_SEPARATOR, " ")


def spaced(text: str) -> str:
    """A searchable text for the index: what is a word of its own is parted from what stands beside it."""
    return text if text.isascii() else _SINGLES.sub(_parted, text)


def unspaced(text: str) -> str:
    """The searchable text as it was before `spaced`."""
    return text if text.isascii() else text.replace(_SEPARATOR, "")


def _parted(singles: re.Match[str]) -> str:
    return f"{_SEPARATOR}{_SEPARATOR.join(singles[0])}{_SEPARATOR}"


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    folded = char.casefold()
    folded = folded if len(folded) == 1 else char.lower()[0]
    first = unicodedata.normalize("NFD", folded)[0]
    return first if first.isascii() and folded != _KEPT else folded
