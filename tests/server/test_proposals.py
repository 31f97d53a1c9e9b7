"""What a model is asked about a user, and which of its answers count."""

import json

import pytest

from persistence import Fact
from server.proposals import MAX_CHARS, MAX_MESSAGE_CHARS, NotProposals, Proposal, decode_proposals, question

KNOWN = [Fact("fact_1", "I live in\nRome", "t"), Fact("fact_2", "tea", "t")]


def entry(text="I live in Lyon", **rest):
    return {"text": text, **rest}


def test_question_shows_notes_and_message():
    """The model sees each note with its id on one line, and the message, cut where it is very long."""
    asked = question("I moved" + "x" * MAX_MESSAGE_CHARS, KNOWN)
    assert "[fact_1] I live in Rome\n[fact_2] tea\n" in asked
    assert asked.count("x") == MAX_MESSAGE_CHARS - len("I moved")
    assert "(none yet)" in question("hi", [])


@pytest.mark.parametrize(
    ("answer", "proposals"),
    [
        ('{"facts":[]}', []),
        ('{"facts":[{"text":" I live in Lyon "}]}', [Proposal("I live in Lyon", None)]),
        ('{"facts":[{"text":"a","replaces":"fact_1"},{"text":"é","replaces":null}]}', [("a", "fact_1"), ("é", None)]),
        ('```json\n{"facts":[]}\n```', []),
        ('\n```\n{"facts":[{"text":"a"}]}\n```\n', [("a", None)]),
    ],
)
def test_answer_of_the_form_counts(answer, proposals):
    """Facts come with what they replace; a fence around them does no harm."""
    assert decode_proposals(answer, KNOWN) == [Proposal(*one) if isinstance(one, tuple) else one for one in proposals]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I found no facts.",
        "[]",
        "null",
        '{"facts":null}',
        '{"facts":["I live in Lyon"]}',
        '{"facts":[{"text":5}]}',
        '{"facts":[{}]}',
        '{"facts":[],"note":"none"}',
        '{"facts":[{"text":"a","sure":true}]}',
        '{"facts":[]} Done!',
        'Sure: {"facts":[]}',
        '{"facts":[{"text":"a"}',
        "```json\n```",
        '{"facts":[{"text":"\\ud800"}]}',
        json.dumps({"facts": [entry(" ")]}),
        json.dumps({"facts": [entry("a\nb")]}),
        json.dumps({"facts": [entry("a\u202eb")]}),
        json.dumps({"facts": [entry("x" * (MAX_CHARS + 1))]}),
        json.dumps({"facts": [entry()] * 6}),
        json.dumps({"facts": [entry(), entry(replaces="fact_9")]}),
        json.dumps({"facts": [entry(replaces=1)]}),
    ],
)
def test_any_other_answer_counts_for_nothing(answer):
    """Whatever is not exactly what was asked for is refused whole."""
    with pytest.raises(NotProposals):
        decode_proposals(answer, KNOWN)
