"""What is remembered of a user, in the wire's words. Pure.

Source: PROTOCOL.md, "Objects".
"""

from persistence.facts import Fact, Former, Source
from server.wire_objects import Json, seconds


def fact_object(fact: Fact) -> Json:
    return {
        "id": fact.id,
        "object": "memory.fact",
        "text": fact.text,
        "learned_at": seconds(fact.learned_at),
        "conversation": fact.session_id,
        "confirmations": fact.times,
        "confirmed_at": seconds(fact.confirmed_at),
        "sources": [_source(source) for source in fact.told],
        "history": [_former(former) for former in fact.history],
    }


def _source(source: Source) -> Json:
    where = {"conversation": source.session_id, "message": source.message_id}
    return {**where, "at": seconds(source.at), "times": source.times}


def _former(former: Former) -> Json:
    return {
        "text": former.text,
        "learned_at": seconds(former.learned_at),
        "replaced_at": seconds(former.replaced_at),
        "sources": [_source(source) for source in former.sources],
    }
