"""What the scribe understands."""

import pytest

from server.assistants.scribe_intents import Intent, Kind, read_intent

UNDERSTOOD = [
    ("", Kind.HELP, ""),
    ("  \n", Kind.HELP, ""),
    ("Hello!", Kind.HELP, ""),
    ("hi", Kind.HELP, ""),
    ("Hey Scribe", Kind.HELP, ""),
    ("help", Kind.HELP, ""),
    ("What can you do?", Kind.HELP, ""),
    ("who are you", Kind.HELP, ""),
    ("Are you an AI model?", Kind.HELP, ""),
    ("How do I connect a model?", Kind.CONNECT, ""),
    ("how can I use a local model with this", Kind.CONNECT, ""),
    ("connect a model", Kind.CONNECT, ""),
    ("remember that I like tea", Kind.REMEMBER, "I like tea"),
    ("Remember I like *tea*!", Kind.REMEMBER, "I like *tea*!"),
    ("Please remember: the code is 12, please.", Kind.REMEMBER, "the code is 12, please."),
    ("Scribe, could you please remember that it's\nFriday", Kind.REMEMBER, "it's\nFriday"),
    ("remember that that is fine", Kind.REMEMBER, "that is fine"),
    ("remember to buy milk", Kind.REMEMBER, "to buy milk"),
    ("don't forget that I am Ada", Kind.REMEMBER, "I am Ada"),
    ("don’t forget the milk", Kind.REMEMBER, "the milk"),
    ("Keep in mind that I am left-handed.", Kind.REMEMBER, "I am left-handed."),
    ("note that it rains", Kind.REMEMBER, "it rains"),
    ("remember that", Kind.REMEMBER, ""),
    ("remember", Kind.REMEMBER, ""),
    ("What do you remember?", Kind.LIST, ""),
    ("what do you know about me", Kind.LIST, ""),
    ("what do you know about tea?", Kind.LIST, "tea"),
    ("do you remember my name?", Kind.LIST, "my name"),
    ("What have you learned about me?", Kind.LIST, ""),
    ("show me your memory", Kind.LIST, ""),
    ("list facts", Kind.LIST, ""),
    ("who am I?", Kind.LIST, ""),
    ("forget that I like tea", Kind.FORGET, "I like tea"),
    ("Forget about tea.", Kind.FORGET, "tea"),
    ("forget my dog, please", Kind.FORGET, "my dog"),
    ("forget everything I said about tea", Kind.FORGET, "everything I said about tea"),
    ("forget it", Kind.FORGET, ""),
    ("forget", Kind.FORGET, ""),
    ("Forget everything", Kind.FORGET_ALL, ""),
    ("please forget everything you know about me", Kind.FORGET_ALL, ""),
    ("clear your memory!", Kind.FORGET_ALL, ""),
    ("Yes, forget everything.", Kind.FORGET_ALL_SURELY, ""),
    ("recap", Kind.RECAP, ""),
    ("Can you summarize this conversation?", Kind.RECAP, ""),
    ("Summarise", Kind.RECAP, ""),
    ("give me a short summary of our chat so far please", Kind.RECAP, ""),
    ("recap what we talked about", Kind.RECAP, ""),
    ("what did I say?", Kind.RECAP, ""),
    ("What did I say about the cat?", Kind.QUOTE, "the cat"),
    ("what have I told you about “tea”?", Kind.QUOTE, "“tea”"),
    ("Do you remember what I said about tea?", Kind.QUOTE, "tea"),
    ("remember what I said about tea", Kind.QUOTE, "tea"),
    ("when did I mention Friday?", Kind.QUOTE, "Friday"),
    ("did I mention Friday", Kind.QUOTE, "Friday"),
    ("quote Friday", Kind.QUOTE, "Friday"),
    ("quote", Kind.QUOTE, ""),
    ("search for C++", Kind.QUOTE, "C++"),
    ("What is the capital of France?", Kind.UNKNOWN, ""),
    ("I forgot my keys", Kind.UNKNOWN, ""),
    ("yes", Kind.UNKNOWN, ""),
    ("remember when we met?", Kind.UNKNOWN, ""),
    ("summarise this article: it was a dark night", Kind.UNKNOWN, ""),
    ("remembering is hard", Kind.UNKNOWN, ""),
    ("deletes everything", Kind.UNKNOWN, ""),
]


@pytest.mark.parametrize(("text", "kind", "words"), UNDERSTOOD)
def test_intent_of_words(text, kind, words):
    """Each way to say something means one thing."""
    assert read_intent(text) == Intent(kind, words)


def test_intent_every_kind_is_in_the_table():
    """No kind is without words that mean it."""
    assert {kind for _, kind, _ in UNDERSTOOD} == set(Kind)


@pytest.mark.parametrize(
    "piece", ["!", " ", "a ", "remember ", "what did i say about ", "recap of ", "all ", "please,"]
)
def test_intent_of_a_megabyte_is_read(piece):
    """Reading is linear in the length of the message: were it quadratic, this would not end."""
    assert read_intent(piece * (1_000_000 // len(piece)) + "\x00").kind in set(Kind)
