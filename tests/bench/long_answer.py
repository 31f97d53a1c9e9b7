"""An answer of 50 KB in Markdown, with all that an answer may hold.

Rule: the same text each time, and none of its parts is short: a list, a table and a block of code make up most of it,
so that none of them can be cheap by being small.
"""

LENGTH = 50_000

_WORDS = (
    "the",
    "tide",
    "comes",
    "in",
    "slowly",
    "and",
    "boats",
    "turn",
    "round",
    "their",
    "anchors",
    "while",
    "nobody",
)


def long_answer() -> str:
    """As Markdown, `LENGTH` characters."""
    parts = [_opening(), _items(90), _code(220), _table(110), _maths(24), _nested(30), _prose(60)]
    text = "\n\n".join(parts)
    while len(text) < LENGTH:
        text += "\n\n" + _prose(4)
    return text[:LENGTH]


def _sentence(number: int, words: int = 14) -> str:
    chosen = [_WORDS[(number * 7 + at * 5) % len(_WORDS)] for at in range(words)]
    chosen[3] = f"**{chosen[3]}**"
    chosen[8] = f"`{chosen[8]}_{number}`"
    return " ".join(chosen).capitalize() + "."


def _opening() -> str:
    return "# A long answer\n\n" + _sentence(1) + " See [the notes](https://example.com/notes) and *what follows*."


def _items(count: int) -> str:
    return "## A list\n\n" + "\n".join(f"- {_sentence(number)}" for number in range(count))


def _code(lines: int) -> str:
    body = "\n".join(
        f'def step_{at}(x: int) -> int:  # {at}\n    return x * {at} + len("{at}")' for at in range(lines // 2)
    )
    return f"## Code\n\n```python\n{body}\n```"


def _table(rows: int) -> str:
    lines = [f"| {at} | {_sentence(at, 9)} | {at * at} | $x_{{{at}}}$ |" for at in range(rows)]
    return "\n".join(["## A table\n\n| n | what | square | term |", "|--:|:--|--:|:-:|", *lines])


def _maths(count: int) -> str:
    formula = r"$$\sum_{{k=1}}^{{{0}}} \frac{{x_k^2}}{{\sqrt{{k + {0}}}}} = \int_0^{{{0}}} f(t)\,dt$$"
    return "\n\n".join(f"{_sentence(at)} With $a_{{{at}}} < b$:\n\n{formula.format(at)}" for at in range(count))


def _nested(count: int) -> str:
    return "\n".join(
        f"{at + 1}. {_sentence(at)}\n   - {_sentence(at + 1, 10)}\n   - [ ] to do {at}" for at in range(count)
    )


def _prose(count: int) -> str:
    return "\n\n".join(f"{_sentence(at)} {_sentence(at + 3)} {_sentence(at + 5)}" for at in range(count))
