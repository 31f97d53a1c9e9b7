"""When two texts are the same fact, and when they contradict each other."""

import pytest

from persistence.fact_text import key, subject

SAME = [
    ("I like tea", "i LIKE  tea."),
    ("I like tea", "\tI like\n tea!!"),
    ("“I like tea”", "I like tea …"),
    ("Café", "Cafe\u0301"),
    ("Ｉ like ﬁsh", "i like fish"),
    ("STRASSE", "Straße"),
    ("I don’t drink", "I don't drink"),
    ("お茶が好きです。", "お茶が好きです"),
]
DIFFERENT = [
    ("I like tea", "I like teas"),
    ("I know C", "I know C++"),
    ("I know C", "I know C#"),
    ("I like tea", "I like tea and coffee"),
    ("résumé", "resume"),
    ("x < y", "x > y"),
]
CONTRADICTIONS = [
    ("My name is Ada", "my name is Grace."),
    ("Call me Ada", "I'm called Grace"),
    ("I live in Berlin", "I moved to Paris"),
    ("I now live in Rome", "I live in Berlin"),
    ("I am 41", "I'm 42 years old"),
    ("My birthday is in May", "my birthday is the 3rd of June"),
    ("My favourite colour is blue", "My favorite colour is deep red"),
    ("My cat's name is Minka", "My cat’s name is Tom"),
    ("my email is a@b.org", "My email is c@d.org"),
    ("My phone number is 1", "my phone number is 2"),
    ("My home address is here", "my home address is there"),
    ("I was born on 1 May", "My birthday is 2 May"),
    ("I've moved to Lyon", "I live in Rome"),
    ("I like tea", "I don't like tea"),
    ("I like tea", "I no longer like tea."),
    ("I don't like tea any more", "I like tea"),
    ("I can't swim", "I can swim")[::-1],
    ("I am a vegetarian", "I'm not a vegetarian any more"),
    ("my door is open", "My door is not open"),
]
SIDE_BY_SIDE = [
    ("I like tea", "I like coffee"),
    ("I like tea", "I don't like coffee"),
    ("My favourite colour is blue", "My favourite song is Blue"),
    ("My cat's name is Minka", "My dog's name is Rex"),
    ("My cat is black", "My cat is old"),
    ("My brother is called Tom", "My brother is called Jim"),
    ("I am 41", "I am tired"),
    ("I live in Berlin", "I was born in Berlin"),
    ("My name is Ada", "My nickname is Countess"),
    ("the sky is blue", "the sky is not blue"),
    ("", "I like tea"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_fact_is_known_again(one, other):
    """Case, white space, stops around it and the way a character is written make no difference."""
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [*DIFFERENT, *CONTRADICTIONS, *SIDE_BY_SIDE])
def test_different_facts_are_told_apart(one, other):
    """What says something else is another fact."""
    assert key(one) != key(other)


@pytest.mark.parametrize(("one", "other"), CONTRADICTIONS)
def test_contradiction_has_the_same_subject(one, other):
    """What can have one value only, and what is said and denied, is one subject."""
    assert subject(one) is not None
    assert subject(one) == subject(other)


@pytest.mark.parametrize(("one", "other"), SIDE_BY_SIDE)
def test_what_does_not_contradict_stands_side_by_side(one, other):
    """Two things that may both be true are two subjects, and so are those that are not understood."""
    assert subject(one) is None or subject(one) != subject(other)


@pytest.mark.parametrize("text", ["my " + "favourite " * 29, "my " + "a's " * 70, "i do not " * 30, "i am not" * 37])
def test_text_that_leads_astray_is_read_in_a_moment(text):
    """Text made to send the patterns astray costs what its length costs, and is of a subject of its own."""
    assert subject(text) not in (None, subject("my favourite song is Blue"), subject("i am 41"))


def test_long_text_contradicts_nothing():
    """What says very much is no statement about one thing."""
    assert subject("I like tea" + " and tea" * 40) is None
