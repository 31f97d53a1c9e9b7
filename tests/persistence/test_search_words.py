"""The words of a text are those that SQLite finds in it."""

import sqlite3
import string
import unicodedata
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.search_words import TOKENIZER, fold, searchable, spaced, unspaced, words

RANGES = {
    "Latin": (0x20, 0x17F),
    "more Latin": (0x180, 0x1DF),
    "Greek": (0x384, 0x3CF),
    "Cyrillic": (0x400, 0x52F - 8),
    "Vietnamese": (0x1E00, 0x1EFF),
    "Hebrew": (0x5D0, 0x5EA),
    "Arabic": (0x620, 0x64A),
    "Thai": (0xE01, 0xE2E),
    "kana": (0x3041, 0x3096),
    "katakana": (0x30A1, 0x30FA),
    "Han": (0x4E00, 0x9FA5),
    "Hangul": (0xAC00, 0xD7A3),
    "more Han": (0x20000, 0x2A6D6),
}
LETTERS = string.ascii_letters + string.digits + "äöüÄÖÜßéèñçøÅł" + "αβγάΣς" + "жйЁ" + "東京都あカ서울" + "\u0301"
TEXTS = st.text(st.sampled_from(LETTERS + " \n\"'.,-_*():\x00🙂—") | st.characters(max_codepoint=0x2AF), max_size=60)


def as_sqlite_has_them(texts: list[str]) -> list[list[str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'CREATE VIRTUAL TABLE t USING fts5(x, tokenize="{TOKENIZER}")')
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        connection.executemany(
            "INSERT INTO t (rowid, x) VALUES (?, ?)", [(n, spaced(searchable(text))) for n, text in enumerate(texts)]
        )
        found: list[list[str]] = [[] for _ in texts]
        for number, term in connection.execute("SELECT doc, term FROM v ORDER BY doc, offset"):
            found[number].append(term)
        return found


@pytest.mark.parametrize("name", RANGES)
def test_each_letter_is_folded_as_sqlite_does(name):
    """Alone and inside of a word, for the scripts that are named."""
    first, last = RANGES[name]
    letters = [chr(code) for code in range(first, last + 1) if unicodedata.category(chr(code)) != "Cn"]
    texts = [f"{letter} a{letter}z" for letter in letters]
    ours = [[word.text for word in words(text)] for text in texts]
    theirs = as_sqlite_has_them(texts)
    assert [(text, our) for text, our, their in zip(texts, ours, theirs, strict=True) if our != their] == []


@given(TEXTS)
def test_texts_have_the_words_that_sqlite_finds(text):
    """Whatever stands between the letters."""
    assert [[word.text for word in words(text)]] == as_sqlite_has_them([text])


@pytest.mark.parametrize("sign", "🙂🤔🫠🀄👩‍💻")
def test_pictograph_parts_words(sign):
    """It may stand at a word without a space, as people write it."""
    text = f"great{sign}"
    assert [word.text for word in words(text)] == ["great"]
    assert as_sqlite_has_them([text]) == [["great"]]


@given(TEXTS)
def test_word_says_where_it_stands(text):
    """The places of words follow each other, and hold what was folded."""
    end = 0
    for word in words(text):
        assert end <= word.start < word.end
        assert fold(text[word.start : word.end]) == word.text
        end = word.end


@given(TEXTS)
def test_searchable_text_comes_back(text):
    """What the index keeps is the text, with a space for a separator, which is the same to every search."""
    assert unspaced(spaced(searchable(text))) == searchable(text)
    assert [word.text for word in words(searchable(text))] == [word.text for word in words(text)]


def test_ascii_is_kept_as_it_is():
    """Most texts cost nothing."""
    text = "plain text"
    assert spaced(searchable(text)) is text
    assert unspaced(text) is text
