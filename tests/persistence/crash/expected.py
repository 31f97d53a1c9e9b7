"""What must be found after a crash.

Rule: each user's changes come one after the other, so what is found of a user is one of the versions that the user's
data have had: none older than what was acknowledged (or made durable by a later acknowledgement), none younger than
what was begun. What was only *written* counts as acknowledged where only the process has died.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import orjson

from persistence import Branch, Fact, Facts, Message, Tree
from persistence.branches import replaced, with_history
from persistence.learning import without_session

_TIMES = {"created_at", "completed_at"}


@dataclass(frozen=True, slots=True)
class Chat:
    """A session.

    Attributes:
        text: What is written of the answer that it owes.
        reasoning: What was thought before it, likewise.
        branches: What is not shown.
    """

    metadata: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    text: str = ""
    reasoning: str = ""
    branches: tuple[Branch, ...] = ()

    @property
    def owed(self) -> str | None:
        """The response that it owes; none whose answer stands elsewhere."""
        last = self.messages[-1] if self.messages else None
        owed = last.get("response_id") if last and last["role"] == "user" else None
        others = Tree(self.messages, self.branches).messages() if owed else ()
        return None if any(answers(message, str(owed)) for message in others) else owed

    def settled(self) -> tuple[Message, ...]:
        """The messages, and the answer that is owed, as it is settled after a crash."""
        return (*self.messages, interrupted(self.owed, self.text, self.reasoning)) if self.owed else self.messages

    def grown(self, *messages: Message) -> "Chat":
        """After an append: an answer that it passes over is settled first."""
        before = self.messages
        if self.owed and not answers(messages[0], self.owed):
            before = self.settled()
        return replace(self, messages=(*before, *messages), text="", reasoning="")

    def answered_late(self, answer: Message) -> "Chat":
        """After the answer that was settled as interrupted has come after all."""
        tree = Tree(self.messages, self.branches)
        [old] = [message for message in tree.messages() if answers(message, answer["response_id"])]
        return self.shown(replaced(tree, old, answer), self.text, self.reasoning)

    def edited(self, messages: Sequence[Message]) -> "Chat":
        """After another history has taken the place of its own."""
        after = self.shown(with_history(Tree(self.messages, self.branches), messages), self.text, self.reasoning)
        return after if after.owed == self.owed else replace(after, text="", reasoning="")

    @property
    def tree(self) -> Tree:
        """All messages, and the answer that is owed, as it is settled before another path is shown."""
        return Tree(self.settled(), self.branches)

    def shown(self, tree: Tree, text: str = "", reasoning: str = "") -> "Chat":
        """After another tree has taken the place of its own."""
        messages, branches = tuple(tree.history), tuple(tree.branches)
        return replace(self, messages=messages, branches=branches, text=text, reasoning=reasoning)


@dataclass(frozen=True, slots=True)
class Data:
    """All of a user's data."""

    chats: Mapping[str, Chat] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()

    def with_chat(self, session_id: str, chat: Chat) -> "Data":
        return replace(self, chats={**self.chats, session_id: chat})

    def without(self, session_id: str) -> "Data":
        """After the deletion of a session."""
        chats = {known: chat for known, chat in self.chats.items() if known != session_id}
        return Data(chats, tuple(without_session(Facts(self.facts), session_id)[0]))

    def fingerprint(self) -> bytes:
        """Equal where a start shows the same."""
        return fingerprint({key: (chat.metadata, chat.tree) for key, chat in self.chats.items()}, self.facts)

    def alive(self) -> set[bytes]:
        """The fingerprints of what a store may show that lives: an answer that is owed is settled, or still comes."""
        ways = ([chat.messages, chat.settled()] for chat in self.chats.values())
        chosen = (zip(self.chats.items(), messages, strict=True) for messages in product(*ways))
        return {
            fingerprint({key: (chat.metadata, Tree(shown, chat.branches)) for (key, chat), shown in each}, self.facts)
            for each in chosen
        }


@dataclass(slots=True)
class Version:
    """What a user's data were after a change.

    Attributes:
        fingerprint: What is found then.
        steps: Of a change that happens in several steps, what may be found before it is acknowledged, by fingerprint.
        begun, acknowledged, refused: How long the disk's log was then; None: it has not been.
        is_durable: Whether it survives a power cut once it is acknowledged.
    """

    data: Data
    fingerprint: bytes
    begun: int
    acknowledged: int | None = None
    refused: int | None = None
    is_durable: bool = True
    steps: Mapping[bytes, Data] = field(default_factory=dict)

    def is_acknowledged(self, at: int) -> bool:
        """Whether it is at this point of the log."""
        return self.acknowledged is not None and self.acknowledged <= at

    def is_possible(self, at: int) -> bool:
        """Whether it may be found at this point of the log, so long as there is no later one."""
        return self.begun <= at and (self.refused is None or at < self.refused)


class Expected:
    """The versions of every user's data, from the first, in which there is nothing."""

    def __init__(self, users: Sequence[str]) -> None:
        self.versions = {user: [Version(Data(), Data().fingerprint(), 0, 0)] for user in users}

    def now(self, user: str) -> Data:
        return next(version.data for version in reversed(self.versions[user]) if version.refused is None)

    def begin(self, user: str, data: Data, at: int, *, is_durable: bool = True) -> Version:
        """A change begins that leads to these data."""
        version = Version(data, data.fingerprint(), at, is_durable=is_durable)
        self.versions[user].append(version)
        return version

    def refusals(self) -> set[int]:
        """The points of the log at which a change was refused."""
        return {version.refused for known in self.versions.values() for version in known if version.refused}

    def floor(self, at: int) -> int:
        """What was written when the log was so long is durable at this point of it."""
        return max(
            (
                version.begun
                for versions in self.versions.values()
                for version in versions
                if version.is_durable and version.is_acknowledged(at)
            ),
            default=0,
        )

    def possible(self, user: str, at: int, *, is_kill: bool) -> list[Version]:
        """The versions that may be found after a crash at this point of the log."""
        floor = at if is_kill else self.floor(at)
        oldest = 0
        candidates = [version for version in self.versions[user] if version.is_possible(at)]
        for position, version in enumerate(candidates):
            limit = at if version.is_durable else floor
            if version.is_acknowledged(limit):
                oldest = position
        return candidates[oldest:]

    def shown(self, user: str, at: int, *, is_kill: bool) -> set[bytes]:
        """The fingerprints of what may be found after a crash at this point of the log."""
        shown = set()
        for version in self.possible(user, at, is_kill=is_kill):
            shown.add(version.fingerprint)
            if not version.is_acknowledged(at):
                shown.update(version.steps)
        return shown


def interrupted(response_id: str | None, text: str, reasoning: str = "") -> Message:
    """The message that takes the place of an answer that did not come, but for its times."""
    message: Message = {
        "role": "assistant",
        "content": text,
        "id": f"msg_{response_id}",
        "response_id": str(response_id),
        "status": "incomplete",
        "reason": "interrupted",
    }
    if reasoning:
        message["reasoning"] = reasoning
    return message


def answers(message: Message, response_id: str) -> bool:
    """Whether a message is the answer of a response."""
    return message["role"] == "assistant" and message.get("response_id") == response_id


def fingerprint(chats: Mapping[str, tuple[Mapping[str, Any], Tree]], facts: Sequence[Fact]) -> bytes:
    """What a user's data say; of interrupted answers all but their times, and of branches all but their order."""
    shown = {key: [metadata, [*map(_timeless, tree.history)], _runs(tree)] for key, (metadata, tree) in chats.items()}
    return orjson.dumps([shown, list(facts)], option=orjson.OPT_SORT_KEYS)


def deletions(data: Data) -> Iterator[Data]:
    """What a deletion of all of a user's data may leave when it is cut short: any of the sessions, with their facts."""
    session_ids = list(data.chats)
    for mask in range(2 ** len(session_ids)):
        left = data
        for position, session_id in enumerate(session_ids):
            if mask >> position & 1:
                left = left.without(session_id)
        yield left


def _runs(tree: Tree) -> list[Any]:
    runs = ([branch.after, [*map(_timeless, branch.messages)]] for branch in tree.branches)
    return sorted(runs, key=lambda run: str(run[1][0].get("id")))


def _timeless(message: Message) -> Any:
    if message.get("reason") != "interrupted":
        return message
    return {key: value for key, value in message.items() if key not in _TIMES}
