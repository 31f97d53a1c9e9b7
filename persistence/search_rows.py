"""How messages stand in the search index. Pure.

Rule: messages lie in volumes, FTS5 tables of a bounded size, each session in one of them. What has to be written anew
so that a deleted word leaves FTS5's segments is one volume; and a search passes over those with nothing of the user's.
A message's row number is its time and ten more bits, so FTS5 gives the newest first without sorting.
Source: FORMAT.md, "The search index".
"""

from collections.abc import Iterator
from zlib import crc32

from persistence.search_hits import Place
from persistence.search_words import TOKENIZER

SEARCH_FILES = ("search.sqlite", "search.sqlite-wal", "search.sqlite-shm")
"""The database, and what SQLite puts beside it while it is in use."""
VERSION = 3
"""Of what stands in the database: one of another version is made anew."""
FULL_VOLUME = 16_384
"""So many messages make a volume full, fewer where they are long: to write it anew takes a tenth of a second."""
_CHARS = 1024
"""A message counts once more for each so many characters."""
NEWEST_ROW = (1 << 63) - 1

SCHEMA = """
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, volume INTEGER NOT NULL, stamp TEXT NOT NULL,
    tail INTEGER, count INTEGER NOT NULL, last_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX volumes_of_users ON sessions (user_id, volume);
CREATE TABLE volumes (number INTEGER PRIMARY KEY, weight INTEGER NOT NULL);
"""
"""Of a session: whose it is, in which volume it lies, and the state of its file that the volume has: the file's stamp,
where an append begins, how many messages the history has, and the time of the last."""

_VOLUME = f"""
CREATE VIRTUAL TABLE volume_{{0}} USING fts5(
    text, place, session_id UNINDEXED, message_id UNINDEXED, role UNINDEXED,
    tokenize="{TOKENIZER}", prefix='2', columnsize=0
)
"""
"""Two letters of a word have an index of their own. Three have not: they are few words, and an index of them would cost
a quarter of all work."""
_MERGING = "INSERT INTO volume_{0} (volume_{0}, rank) VALUES ('automerge', 8)"
"""FTS5 merges its segments by eights instead of fours: a fifth less work, and a word is looked up in a few more."""
_SLOT_BITS = 10
_SLOTS = 1 << _SLOT_BITS


def weight(text: str) -> int:
    """How much a message makes of a volume's fullness."""
    return 1 + len(text) // _CHARS


def volume_schema(number: int) -> tuple[str, str]:
    """The statements that make a volume."""
    return _VOLUME.format(number), _MERGING.format(number)


def volume_table(number: int) -> str:
    """The table that is a volume."""
    return f"volume_{number}"


def row_numbers(place: Place) -> Iterator[int]:
    """The rows at which a message may stand: those of its moment, then those of the next. It takes the first free one.

    Each session begins at another, so that few meet.
    """
    at_us, first = place.at_us, crc32(place.session_id.encode())
    while True:
        for step in range(_SLOTS):
            yield (at_us << _SLOT_BITS) + (first + step) % _SLOTS
        at_us += 1


def moment(row: int) -> int:
    """The time of a row, in microseconds."""
    return row >> _SLOT_BITS


def first_row(at_us: int) -> int:
    """The first row of a moment."""
    return at_us << _SLOT_BITS


def last_row(at_us: int) -> int:
    """The last row of a moment."""
    return first_row(at_us) + _SLOTS - 1
