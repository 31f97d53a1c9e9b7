"""What hypothesis makes of our words."""

from dataclasses import replace
from typing import Any, cast

from hypothesis import strategies as st

from persistence import Fact, Former, Message, Record, Settings, Source, Spent, Summary

texts = st.text(st.characters(codec="utf-8"), max_size=30)
times = st.datetimes().map(lambda at: at.isoformat(timespec="microseconds") + "Z")
ids = st.text("abcXYZ019_-", min_size=1, max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(texts, values, max_size=3)
messages: st.SearchStrategy[Message] = st.builds(
    lambda more, role, content: cast(Message, {**more, "role": role, "content": content}),
    objects,
    st.sampled_from(["user", "assistant", "system"]) | texts,
    texts,
)
histories = st.lists(messages, max_size=5)
tokens = st.integers(0, 10**7)
usages: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"input_tokens": tokens, "output_tokens": tokens},
    optional={
        "cached_tokens": tokens,
        "reasoning_tokens": tokens,
        "estimated": st.just(True),
        "cost": st.fixed_dictionaries({"micros": tokens, "currency": st.sampled_from(["USD", "EUR"])}),
    },
)
counts = st.integers(0, 2**63 - 1)
spendings = st.just(Spent()) | st.builds(
    Spent,
    *[counts] * 4,
    responses=st.integers(1, 2**63 - 1),
    estimated=counts,
    costs=st.dictionaries(st.sampled_from(["USD", "EUR"]) | texts, counts, max_size=2),
)
chosen: st.SearchStrategy[Settings] = st.builds(
    Settings,
    st.none() | texts,
    st.none() | texts.filter(bool),
    st.none() | st.floats(0, 2),
    st.none() | st.integers(1, 2**53 - 1),
)
records = st.builds(
    Record,
    ids,
    texts.filter(bool),
    created_at=times,
    last_activity=times,
    is_active=st.booleans(),
    metadata=objects,
    summary=st.none() | st.builds(Summary, texts.filter(bool), texts, st.integers(1, 9)),
    spent=spendings,
    spent_beside=spendings,
    is_pinned=st.booleans(),
    settings=chosen,
)
sources = st.builds(Source, st.none() | ids, st.none() | texts, texts, st.integers(1, 99))
formers = st.builds(Former, texts, texts, texts, st.lists(sources, min_size=1, max_size=2).map(tuple))
plain_facts = st.builds(Fact, texts.filter(bool), texts, learned_at=texts, session_id=st.none() | ids)
facts = plain_facts | st.builds(
    lambda fact, told, history: replace(fact, session_id=told[0].session_id, sources=told, history=history),
    plain_facts,
    st.lists(sources, min_size=1, max_size=3).map(tuple),
    st.lists(formers, max_size=2).map(tuple),
)
