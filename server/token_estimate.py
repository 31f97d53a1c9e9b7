"""How many tokens a text may be, where nobody has counted them. Pure."""

_BYTES_PER_TOKEN = 4


def estimate_tokens(text: str) -> int:
    """A guess that needs no model's dictionary.

    Rule: a token for each 4 bytes of UTF-8, begun ones too. That is about right for English prose and source code, and
    not far off for Cyrillic (2 letters a token) and Chinese (3 tokens for 4 characters).
    """
    return -(-utf8_length(text) // _BYTES_PER_TOKEN)


def utf8_length(text: str) -> int:
    """How many bytes the text takes; half a surrogate pair counts as what is sent for it."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
