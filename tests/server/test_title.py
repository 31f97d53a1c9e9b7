"""What a conversation is called."""

import pytest

from server.title import MODEL, WORDS, named, title_from, title_said


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello\n  there ", "Hello there"),
        ("# A heading\nand more", "A heading and more"),
        ("- [x] buy **milk** and `eggs`", "buy milk and eggs"),
        ("[the page](https://example.org) please", "the page please"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("```", "```"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("word " * 30, "word word word word word word word word word…"),
        ("x" * 60, "x" * 48 + "…"),
        ("   ", ""),
    ],
)
def test_title_is_the_first_words(text, title):
    """One line, no marks, no longer than a list has room for."""
    assert title_from(text) == title


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Tea without milk", "Tea without milk"),
        ('\n\n"Tea without milk."\n', "Tea without milk"),
        ("Title: **Tee ohne Milch**\nBecause …", "Tee ohne Milch"),
        ("„Tee“", "Tee"),
        ("a " * 40, "a a a a a a a a a a a a a a a a a a a a a a a a…"),
        ("  \n ", ""),
    ],
)
def test_title_is_what_the_model_says(answer, title):
    """Its first line, without what models put around it."""
    assert title_said(answer) == title


@pytest.mark.parametrize(
    ("metadata", "source", "is_named"),
    [
        ({}, WORDS, True),
        ({}, MODEL, True),
        ({"title": "old", "title_source": "words"}, MODEL, True),
        ({"title": "old", "title_source": "words"}, WORDS, False),
        ({"title": "old", "title_source": "model"}, MODEL, False),
        ({"title": "a person's"}, MODEL, False),
        ({"title": ""}, WORDS, False),
        ({str(key): "" for key in range(15)}, WORDS, False),
        ({str(key): "" for key in range(14)}, WORDS, True),
    ],
)
def test_title_of_a_person_is_not_touched(metadata, source, is_named):
    """Only one that came from the words is bettered, and metadata never outgrows what the wire takes."""
    changed = {**metadata, "title": "new", "title_source": source}
    assert named(metadata, "new", source) == (changed if is_named else None)
    assert named(metadata, "", source) is None
