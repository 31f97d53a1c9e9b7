"""Which facts go into a prompt. Pure.

Rule: all of them, where they fit; else those that fit best, by BM25, to the last messages, then those that were told
most often, then those that were told last. Whatever is chosen stands in the order in which it was learned.

The ranking is SQLite's (FTS5), in a table in memory that lives as long as the call: it comes with Python, while the
packages for BM25 alone need numpy for what is a few hundred lines of text. What a word is, is the same as in the
search: each character of Chinese, Japanese and Korean is one.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from persistence import Fact
from persistence.search_words import searchable, spaced, words

MAX_WORDS = 200
"""Of the last messages, that facts are looked up by; the latest ones."""
_AROUND = 3
"""Characters that a fact takes in a prompt beside its text."""


def fit(facts: Sequence[Fact], max_chars: int) -> bool:
    """Whether all of them go into a prompt."""
    return sum(len(fact.text) + _AROUND for fact in facts) <= max_chars


def choose(facts: Sequence[Fact], messages: Sequence[str], max_chars: int) -> Sequence[Fact]:
    """The facts that go into a prompt. (Ranking 2000 facts takes some 40 ms: not on the event loop.)

    Args:
        messages: The last ones, the latest at the end.
        max_chars: What they may take in all.
    """
    if fit(facts, max_chars):
        return facts
    relevance = _relevance(facts, messages)
    order = sorted(
        range(len(facts)),
        key=lambda at: (relevance.get(at, 0.0), facts[at].times, facts[at].confirmed_at),
        reverse=True,
    )
    chosen, left = set(), max_chars
    for at in order:
        if (takes := len(facts[at].text) + _AROUND) <= left:
            chosen.add(at)
            left -= takes
    return [fact for at, fact in enumerate(facts) if at in chosen]


def _relevance(facts: Sequence[Fact], messages: Sequence[str]) -> dict[int, float]:
    """By place, how well a fact fits; those that share no word with the messages are missing."""
    if not (latest := list(_latest_words(messages))):
        return {}
    texts = (spaced(searchable(fact.text)) for fact in facts)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE fact USING fts5(text, tokenize = 'porter unicode61')")
        database.executemany("INSERT INTO fact (rowid, text) VALUES (?, ?)", enumerate(texts))
        wanted = " OR ".join(f'"{word}"' for word in latest)
        return {at: -rank for at, rank in database.execute("SELECT rowid, rank FROM fact WHERE fact MATCH ?", [wanted])}


def _latest_words(messages: Sequence[str]) -> Iterator[str]:
    """The distinct words of the messages, the latest first."""
    seen: set[str] = set()
    for message in reversed(messages):
        for word in reversed(list(words(message[-MAX_WORDS * 20 :]))):
            if word.text not in seen:
                seen.add(word.text)
                yield word.text
                if len(seen) == MAX_WORDS:
                    return
