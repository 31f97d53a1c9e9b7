"""Finding words in what somebody wrote. Pure.

Rule: whole words, side by side, whatever their case and the spaces between them: `tea` is in "Tea, please" and not in
"teacher". An edge that is no letter needs none beside it. Scripts that put no spaces between words need `loose`, which
takes parts of words too.
"""

import re

_AROUND = " \t\r\n.,;:!?\"'`“”‘’«»„"


def bare(text: str) -> str:
    """The text without spaces, stops and quotation marks around it."""
    return text.strip(_AROUND)


def find_words(words: str, text: str, *, loose: bool = False) -> int | None:
    """Where the words begin in the text; None where they are not in it.

    Args:
        loose: Parts of words count too, if the whole words are not there.
    """
    needle = r"\s+".join(map(re.escape, bare(words).split()))
    if not needle:
        return None
    found = re.search(rf"(?:\b|(?!\w)){needle}(?:\b|(?<!\w))", text, re.IGNORECASE)
    if found is None and loose:
        found = re.search(needle, text, re.IGNORECASE)
    return found.start() if found else None
