"""New messages behind what somebody else has made of a history meanwhile. Pure.

Rule: each of them is there once. One that is there already, in other words perhaps, is known by its id; but an id that
was in the session before says nothing of a new message.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from persistence.model import Message


def with_added(
    theirs: Sequence[Message],
    new: Iterable[Message],
    count: int,
    elsewhere: Iterable[Message] = (),
    earlier: Iterable[Message] = (),
) -> list[Message]:
    """What somebody else has made of a history, and behind it those of our new messages that are not in it yet.

    Args:
        count: How many messages there were before the new ones. Behind them one without an id is known by its equal.
        elsewhere: Messages that stand in the session, but not in its history.
        earlier: Those that were in the session before the new ones: what bears the id of one of them is none of these.
    """
    messages, behind = list(theirs), list(theirs[count:])
    known = _ids([*theirs, *elsewhere])
    known.subtract(_ids(earlier))
    for message in new:
        name = message.get("id")
        if message in behind:
            behind.remove(message)
        elif not isinstance(name, str) or known[name] <= 0:
            messages.append(message)
            continue
        known.subtract(_ids([message]))
    return messages


def _ids(messages: Iterable[Message]) -> Counter[str]:
    """How often each id is there. Files may come from elsewhere: what is no text is no id."""
    ids: Iterator[Any] = (message.get("id") for message in messages)
    return Counter(name for name in ids if isinstance(name, str))
