"""What may become of a user's facts: learned, confirmed, replaced, edited, left without a session. Pure.

Rules: a fact is told by sources, and is known as long as one of them is. What is told again confirms. What contradicts,
or says what it replaces, takes the place of what was known and keeps that in its history, with that one's own sources.
Without a session things are as if it had never been: what was told there only is gone, from the history too, and a fact
that was replaced there says again what it said before. What a file says of a fact under names that are not ours stays
as long as the fact says the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from persistence.errors import FactNotFound, FactTooLong, MemoryFull
from persistence.fact_text import key, subject
from persistence.facts import Fact, Facts, Former, Source

MAX_FACT_CHARS = 4096
"""Of one fact's text."""
MAX_FACTS = 2000
"""Of one user. Each change writes all of them."""
MAX_FORMER = 20
"""Former texts of one fact; the oldest goes first."""


class How(StrEnum):
    """What learning did."""

    NEW = "new"
    CONFIRMED = "confirmed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Learned:
    """A fact as it is after it was learned, and whether that was news."""

    fact: Fact
    how: How


def learn(facts: Facts, text: str, source: Source, fact_id: str, replaces: str | None = None) -> tuple[Facts, Learned]:
    """The facts after somebody has told one.

    Args:
        fact_id: For a fact that is new.
        replaces: The fact that this one replaces, whatever both say.

    Raises:
        FactNotFound: There is no fact `replaces`.
        FactTooLong, MemoryFull: It is more than is kept.
    """
    text = _checked(text)
    named = [_find(facts, replaces)] if replaces else []
    same = [fact for fact in facts if key(fact.text) == key(text)]
    old = [fact for fact in named or _contradicted(facts, text) if fact not in same]
    if same:
        before, how = same[0], How.REPLACED if old else How.CONFIRMED
        fact = _merged(_confirmed(before, source), same[1:], old, source.at)
    elif old:
        how = How.REPLACED
        fact = _fact(Fact(old[0].id, text, source.at), (source,), ())
        fact = _merged(fact, [], old, source.at)
    elif len(facts) >= MAX_FACTS:
        raise MemoryFull(MAX_FACTS)
    else:
        how, fact = How.NEW, _fact(Fact(fact_id, text, source.at), (source,), ())
    place = same[0] if same else None
    return _with(facts, fact, [*same, *old], place), Learned(fact, how)


def edited(facts: Facts, fact_id: str, text: str, at: str) -> tuple[Facts, Fact]:
    """The facts after the user has put a fact in other words, by hand; one that says the same already is merged in.

    Raises:
        FactNotFound: There is none with this id.
        FactTooLong: It is more than is kept.
    """
    text, before = _checked(text), _find(facts, fact_id)
    by_hand = Source(None, None, at)
    same = [fact for fact in facts if key(fact.text) == key(text) and fact != before]
    if key(text) == key(before.text):
        fact = _merged(_confirmed(replace(before, text=text), by_hand), same, [], at)
    else:
        fact = _fact(Fact(fact_id, text, at), (by_hand,), ())
        fact = _merged(fact, same, [before], at)
    return _with(facts, fact, [before, *same], before), fact


def without_session(facts: Facts, session_id: str) -> tuple[Facts, int]:
    """The facts as if a session had never been, and how many say something else now, or nothing."""
    left = [(fact, _without(fact, session_id)) for fact in facts]
    gone = sum(after is None or after.text != before.text for before, after in left)
    return facts.but([after for _, after in left if after]), gone


def _checked(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_FACT_CHARS:
        raise FactTooLong(len(text), MAX_FACT_CHARS)
    return text


def _find(facts: Iterable[Fact], fact_id: str) -> Fact:
    for fact in facts:
        if fact.id == fact_id:
            return fact
    raise FactNotFound(fact_id)


def _contradicted(facts: Iterable[Fact], text: str) -> list[Fact]:
    told_of = subject(text)
    return [fact for fact in facts if told_of is not None and subject(fact.text) == told_of]


def _with(facts: Facts, fact: Fact, gone: Sequence[Fact], place: Fact | None) -> Facts:
    """The facts with another one for those that are gone: at the place of one of them, or at the end."""
    left: list[Fact] = []
    for one in facts:
        if one is place:
            left.append(fact)
        elif all(one is not other for other in gone):
            left.append(one)
    return facts.but(left if place else [*left, fact])


def _merged(fact: Fact, same: Sequence[Fact], old: Sequence[Fact], at: str) -> Fact:
    """The fact with what others that say the same are known from, and with those that it replaces in its history."""
    sources = fact.told
    for one in same:
        sources = _joined(sources, one.told)
    history = [former for one in (fact, *same, *old) for former in one.history]
    history += [Former(one.text, one.learned_at, at, one.told) for one in old]
    history.sort(key=lambda former: former.replaced_at)
    return _fact(fact, sources, tuple(history[-MAX_FORMER:])) if same or old else fact


def _confirmed(fact: Fact, source: Source) -> Fact:
    return _fact(fact, _joined(fact.told, (source,)), fact.history)


def _joined(known: Sequence[Source], told: Iterable[Source]) -> tuple[Source, ...]:
    """Sources, each session once. The same message tells a thing once, however often it is answered."""
    by_session = {source.session_id: source for source in known}
    for source in told:
        before = by_session.get(source.session_id)
        if before is None:
            by_session[source.session_id] = source
        elif source.message_id is None or source.message_id != before.message_id:
            by_session[source.session_id] = Source(
                source.session_id,
                source.message_id or before.message_id,
                max(before.at, source.at),
                before.times + source.times,
            )
    return tuple(by_session.values())


def _without(fact: Fact, session_id: str) -> Fact | None:
    history = []
    for former in fact.history:
        if sources := _others(former.sources, session_id):
            history.append(former if len(sources) == len(former.sources) else replace(former, sources=sources))
    if sources := _others(fact.told, session_id):
        is_same = len(sources) == len(fact.told) and tuple(history) == fact.history
        return fact if is_same else _fact(fact, sources, tuple(history))
    if history:
        last = history.pop()
        return _fact(Fact(fact.id, last.text, last.learned_at), last.sources, tuple(history))
    return None


def _others(sources: Iterable[Source], session_id: str) -> tuple[Source, ...]:
    return tuple(source for source in sources if source.session_id != session_id)


def _fact(fact: Fact, sources: tuple[Source, ...], history: tuple[Former, ...]) -> Fact:
    """The fact with these sources, the first of which it names, and this history."""
    return replace(fact, session_id=sources[0].session_id, sources=sources, history=history)
