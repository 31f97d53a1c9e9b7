"""What the text of a fact says, as far as that can be told without a model. Pure.

Rules: two texts with the same `key` are the same fact. Two with the same `subject` and different keys contradict each
other: they say of a thing that has one value only that it has another (`ONE_VALUE`, in English), or they say something
of the user and the contrary ("I like tea", "I don't like tea"). All else stands side by side: what is not understood
replaces nothing.
"""

import re
import unicodedata
from functools import lru_cache

_AROUND = " .,;:!?…。！？、،؟\"'`“”‘’«»„"
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})

_SAID = (
    (r"\bi'm\b", "i am"),
    (r"\bi've\b", "i have"),
    (r"\b(do|does|did|is|are|was|would|have|has)n't\b", r"\1 not"),
    (r"\bcan't\b", "can not"),
    (r"\bcannot\b", "can not"),
    (r"(\w)'s (?=name|birthday|favou?rite|age)", r"\1 's "),
)
"""Short forms, in full."""

ONE_VALUE = (
    r"(?:my name is|i am called|people call me|call me)() .+",
    r"(?:i (?:now |currently )?live in|i (?:have )?moved to|my home is in|i am based in)() .+",
    r"i am() \d+(?: years old)?",
    r"(?:my birthday is|i was born on)() .+",
    r"my (favou?rite (?:\w+ ){0,3}\w+) (?:is|are) .+",
    r"my ((?:\w+ ){1,3}'s (?:name|birthday|age)) is .+",
    r"my ((?:e-?mail|home|postal|work)? ?address|e-?mail|(?:phone|mobile)(?: number)?|age|job|profession|employer"
    r"|time ?zone|native language|mother tongue|pronouns|nationality|home ?town) (?:is|are) .+",
)
"""Of what there is one at a time; the group, where it holds something, says of what."""

_ROWS = tuple((number, re.compile(row)) for number, row in enumerate(ONE_VALUE))
_DENIED = re.compile(r"i (?:(?:do|did) not|no longer|never|do not ever)(?: really)? (.+?)(?: any ?more)?")
_DENIED_BEING = re.compile(
    r"(i (?:am|have|can|would)|my [\w ']+ (?:is|are)) (?:not|no longer)(?: really)? (.+?)(?: any ?more)?"
)
_MINE = re.compile(r"(?:i|my) .+")

_LONGEST_STATEMENT = 300
"""Characters; what is longer says too much to contradict anything."""


@lru_cache(maxsize=2048)
def key(text: str) -> str:
    """The text without what makes no difference: case, white space, stops around it, ways to write one character."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_STRAIGHT)
    return " ".join(folded.split()).strip(_AROUND)


@lru_cache(maxsize=2048)
def subject(text: str) -> str | None:
    """What the text says something of, so that another text of the same subject is a contradiction; None: nothing."""
    if len(text) > _LONGEST_STATEMENT:
        return None
    said = key(text)
    for short, full in _SAID:
        said = re.sub(short, full, said)
    for number, row in _ROWS:
        if found := row.fullmatch(said):
            return f"{number} {found[1]}".replace("favorite", "favourite")
    if denied := _DENIED.fullmatch(said):
        return f"i {denied[1]}"
    if denied := _DENIED_BEING.fullmatch(said):
        return f"{denied[1]} {denied[2]}"
    return said if _MINE.fullmatch(said) else None
