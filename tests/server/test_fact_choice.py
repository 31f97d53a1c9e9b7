"""Which facts go into a prompt."""

import pytest

from persistence import Fact, Source
from server import fact_choice
from server.fact_choice import MAX_WORDS, choose, fit


def fact(text, times=1, at="t0"):
    return Fact(text, text, "t0", sources=(Source(None, None, at, times),))


def chosen(facts, messages, max_chars):
    return [fact.text for fact in choose(facts, messages, max_chars)]


FILLER = [fact(f"filler number {number}") for number in range(20)]


def test_small_memory_goes_in_whole(monkeypatch):
    """What fits is not ranked at all."""
    monkeypatch.setattr(fact_choice, "_relevance", None)
    facts = [fact("aa"), fact("bbb")]
    assert fit(facts, 11)
    assert choose(facts, ["x"], 11) is facts
    assert not fit(facts, 10)


@pytest.mark.parametrize(
    ("messages", "first"),
    [
        (["What shall we cook? Something with tea?"], "I like green tea"),
        (["What about my TEAS"], "I like green tea"),
        (["my cat is ill", "Poor thing.", "what should I do?"], "The cat is called Ada"),
        (["où est le café?"], "Mon cafe est à Lyon"),
        (['"cat" OR NEAR(*) AND -tee:cat^'], "The cat is called Ada"),
        (["Пора в Москву"], "живу в Москву"),
    ],
)
def test_fact_that_fits_the_last_messages_goes_in(messages, first):
    """Words of the last messages bring in the facts that have them, whatever their case and ending."""
    facts = [*FILLER, fact("I like green tea"), fact("The cat is called Ada"), fact("Mon cafe est à Lyon")]
    facts += [fact("живу в Москву")]
    assert chosen(facts, messages, len(first) + 3) == [first]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("犬の名前はポチです", "猫の名前はミケです", "鳥の名前はピヨです"), "今日、猫は元気？"),
        (("我有一只鸟", "我有一只狗", "我有一只猫"), "我的狗呢？"),
        (("부산에 살아요", "서울에 살아요", "대구에 살아요"), "서울은 어때?"),
    ],
    ids=["Japanese", "Chinese", "Korean"],
)
def test_fact_of_a_script_without_spaces_goes_in(texts, message):
    """Each character is a word: what is asked about need not be a sentence of the fact."""
    assert chosen([*map(fact, texts)], [message], len(texts[1]) + 3) == [texts[1]]


def test_rare_words_weigh_more():
    """BM25: a word that all facts have says little."""
    facts = [fact(f"my friend {name}") for name in "abcdefgh"] + [fact("my saxophone and my friend")]
    assert chosen(facts, ["my friend, my friend, the saxophone"], 29) == ["my saxophone and my friend"]


def test_ties_go_to_the_confirmed_and_the_recent():
    """Where nothing fits better, what was told most often goes first, then what was told last."""
    facts = [fact("aaa", 1, "t3"), fact("bbb", 2, "t1"), fact("ccc", 1, "t4"), fact("ddd", 2, "t2")]
    assert chosen(facts, ["nothing"], 6) == ["ddd"]
    assert chosen(facts, [], 12) == ["bbb", "ddd"]
    assert chosen(facts, ["?!"], 18) == ["bbb", "ccc", "ddd"]


def test_what_is_too_long_leaves_room_for_others():
    """A fact that does not fit any more is passed over; the order is that of learning; nothing is over the budget."""
    facts = [fact("short tea"), fact("tea " * 20), fact("other")]
    assert chosen(facts, ["tea"], 20) == ["short tea", "other"]
    assert chosen(facts, ["tea"], 0) == []


def test_very_long_messages_are_looked_at_from_their_end():
    """Of very many words the latest ones count, and two thousand facts are no burden."""
    facts = [fact(f"fact number{number}") for number in range(2000)]
    long = " ".join(f"word{number}" for number in range(50_000))
    message = f"number7 {long} number1234"
    assert chosen(facts, [message], 18) == ["fact number1234"]
    assert len(list(fact_choice._latest_words([message, "a b A"]))) == MAX_WORDS
