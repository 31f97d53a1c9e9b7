"""A fact as JSON, and back. Pure.

Rule: what is as it would be anyway is not written, so a fact that was told once looks as it always did; names that are
not ours are kept. An entry that is no fact costs itself only, and so does a source or a former text.
Source: FORMAT.md, "A memory file".
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from persistence.facts import Fact, Former, Source
from persistence.model import now

T = TypeVar("T")

_NAMES = {"id", "text", "learned_at", "session_id", "sources", "history"}


def fact_value(fact: Fact) -> dict[str, Any]:
    """The fact as a JSON value."""
    value: dict[str, Any] = {
        **fact.other,
        "id": fact.id,
        "text": fact.text,
        "learned_at": fact.learned_at,
        "session_id": fact.session_id,
    }
    if fact.sources:
        value["sources"] = source_values(fact.sources)
    if fact.history:
        value["history"] = history_values(fact.history)
    return value


def source_values(sources: Iterable[Source]) -> list[dict[str, Any]]:
    return [
        {"session_id": one.session_id, "message_id": one.message_id, "at": one.at, "times": one.times}
        for one in sources
    ]


def history_values(history: Iterable[Former]) -> list[dict[str, Any]]:
    return [
        {
            "text": former.text,
            "learned_at": former.learned_at,
            "replaced_at": former.replaced_at,
            "sources": source_values(former.sources),
        }
        for former in history
    ]


def decode_facts(entries: Sequence[Any]) -> tuple[tuple[Fact, ...], bool]:
    """The facts among the entries, and whether each of them, and of what is in them, was one."""
    facts, whole = [], True
    for position, entry in enumerate(entries):
        fact, is_whole = _decode_fact(entry, position)
        whole = whole and is_whole
        facts += [fact] if fact else []
    return tuple(facts), whole


def _decode_fact(entry: Any, position: int) -> tuple[Fact | None, bool]:
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
        return None, False
    sources, all_sources = _decode_each(entry.get("sources", []), _decode_source)
    history, all_history = _decode_each(entry.get("history", []), _decode_former)
    learned_at = entry.get("learned_at")
    fact = Fact(
        id=str(entry.get("id") or f"fact_{position}"),
        text=entry["text"],
        learned_at=learned_at if isinstance(learned_at, str) else now(),
        session_id=sources[0].session_id if sources else _text(entry.get("session_id")),
        sources=sources,
        history=history,
        other={name: value for name, value in entry.items() if name not in _NAMES},
    )
    return fact, all_sources and all_history


def _decode_each(entries: Any, decode: Callable[[Any], tuple[T | None, bool]]) -> tuple[tuple[T, ...], bool]:
    """What is there, and whether that is all of it."""
    if not isinstance(entries, list):
        return (), False
    found = [decode(entry) for entry in entries]
    return tuple(one for one, _ in found if one is not None), all(whole for _, whole in found)


def _decode_source(entry: Any) -> tuple[Source | None, bool]:
    match entry:
        case {"session_id": str() | None as session_id, "at": str() as at}:
            times = entry.get("times")
            is_count = isinstance(times, int) and not isinstance(times, bool) and times > 0
            return Source(session_id, _text(entry.get("message_id")), at, times if is_count else 1), True
    return None, False


def _decode_former(entry: Any) -> tuple[Former | None, bool]:
    match entry:
        case {"text": str() as text, "learned_at": str() as learned_at, "replaced_at": str() as at, "sources": list()}:
            sources, whole = _decode_each(entry["sources"], _decode_source)
            return (Former(text, learned_at, at, sources), whole) if sources else (None, False)
    return None, False


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
