"""The messages of a session as a tree. Pure.

Rule: every message has its place behind one other message, or at the beginning. `history` is the path that is shown;
all other messages stand in `branches`, in runs that leave the tree behind a message of the path or of another run, and
go on until the tree forks or ends. No step loses a message, or has it twice.

Alternatives, the messages behind one and the same, are in the order of their time.
Source: FORMAT.md, "Branches".
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from persistence.errors import MessageNotFound
from persistence.model import Message, client_ids, message_id, new_id


@dataclass(frozen=True, slots=True)
class Branch:
    """A run of messages behind the message `after`; None: at the beginning."""

    after: str | None
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Tree:
    """All messages of a session.

    Attributes:
        shown_as: Finds the first message of the history by what a client has called it, without a look at all of them.
    """

    history: Sequence[Message] = ()
    branches: Sequence[Branch] = ()
    shown_as: Callable[[str], Message | None] | None = field(default=None, compare=False, repr=False)

    def messages(self) -> Iterator[Message]:
        """All of them: those that are shown, then the others."""
        yield from self.history
        for branch in self.branches:
            yield from branch.messages

    def sent(self, client_id: str) -> Message | None:
        """The first message that a client has called this, among those that are shown, then among the others."""
        if self.shown_as and (message := self.shown_as(client_id)):
            return message
        others = Tree((), self.branches) if self.shown_as else self
        return next((message for message in others.messages() if client_id in client_ids(message)), None)

    def ids(self) -> set[str]:
        """What its messages are called, those that have ids."""
        found: Iterator[Any] = (message.get("id") for message in self.messages())
        return {id for id in found if isinstance(id, str)}


def fork(tree: Tree, after: str | None) -> Tree:
    """The tree with the path shown that ends at a message (None: an empty one); what stood behind it is a branch.

    Raises:
        MessageNotFound: There is no such message.
    """
    tree = with_ids(tree)
    if after == _last(tree.history):
        return tree
    nodes = _Nodes(tree)
    nodes.check(after)
    return nodes.shown(after)


def show(tree: Tree, wanted: str) -> Tree:
    """The tree with the path shown that goes through a message and on to the newest that hangs on it.

    A path that goes through it already stays as it is.

    Raises:
        MessageNotFound: There is no such message.
    """
    if wanted in (message_id(message, at) for at, message in enumerate(tree.history)):
        return tree
    nodes = _Nodes(with_ids(tree))
    nodes.check(wanted)
    return nodes.shown(nodes.newest_leaf(wanted))


def drop(tree: Tree, wanted: str) -> Tree:
    """The tree without a message; what hung on it hangs on the one before it.

    Raises:
        MessageNotFound: There is no such message.
    """
    nodes = _Nodes(with_ids(tree))
    nodes.check(wanted)
    before, end = nodes.parent[wanted], _last(tree.history)
    at = nodes.children[before].index(wanted)
    nodes.children[before][at : at + 1] = nodes.children.pop(wanted, [])
    for child in nodes.children[before]:
        nodes.parent[child] = before
    del nodes.parent[wanted], nodes.message[wanted]
    return nodes.shown(before if end == wanted else end)


def siblings(tree: Tree, wanted: str) -> Sequence[str]:
    """The messages that stand behind the same one as this one, itself included, the oldest first.

    Raises:
        MessageNotFound: There is no such message.
    """
    nodes = _Nodes(with_ids(tree))
    nodes.check(wanted)
    return nodes.children[nodes.parent[wanted]]


def alternatives(branches: Iterable[Branch], shown: Mapping[str | None, Message]) -> dict[str, Sequence[str]]:
    """By id, the alternatives of messages of the path that have any, without a look at the rest of the path.

    Args:
        shown: The messages, each by the id of the one before it (None: it is the first). All have ids; one that a
            person wrote may be no text, and is called by its text.
    """
    others: dict[str | None, list[Message]] = {}
    for branch in branches:
        if branch.after in shown and branch.messages:
            others.setdefault(branch.after, []).append(branch.messages[0])
    return {
        str(shown[after]["id"]): [str(one["id"]) for one in sorted([shown[after], *found], key=_age)]
        for after, found in others.items()
    }


def replaced(tree: Tree, old: Message, new: Message) -> Tree:
    """The tree with a message in the place of another; what hung on that hangs on it."""
    old_id = old.get("id")
    if tree.branches and not new.get("id"):
        new = {**new, "id": old.get("id", new_id("msg_"))}
    branches = [
        Branch(new["id"] if branch.after == old_id and old_id else branch.after, _with(branch.messages, old, new))
        for branch in tree.branches
    ]
    return Tree(_with(tree.history, old, new), branches)


def with_history(tree: Tree, history: Sequence[Message]) -> Tree:
    """The tree with another path in the place of the one that is shown.

    A branch behind a message that is gone hangs on the last one before it that is still there.
    """
    if not tree.branches:
        return Tree(history)
    before = with_ids(tree)
    after = with_ids(Tree(history))
    kept = {message["id"] for message in [*after.history, *(m for branch in before.branches for m in branch.messages)]}
    stands_for: dict[str | None, str | None] = {None: None}
    last = None
    for message in before.history:
        last = message["id"] if message["id"] in kept else last
        stands_for[message["id"]] = last
    branches = [replace(branch, after=stands_for.get(branch.after, branch.after)) for branch in before.branches]
    return with_ids(Tree(after.history, branches))


def still_owing(tree: Tree, settled: Tree, after: Tree) -> Tree:
    """What becomes of a tree that owes an answer: it goes on owing it, if nothing has come behind the question.

    Args:
        settled: The tree, with the answer as far as it is at the end of the path; the same, if none is owed.
        after: What a change has made of that.
    """
    owes = len(settled.history) > len(tree.history)
    is_last = owes and bool(after.history) and after.history[-1] == settled.history[-1]
    return Tree(after.history[:-1], after.branches) if is_last else after


def with_ids(tree: Tree) -> Tree:
    """The same tree, every message with an id of its own, and every branch behind a message that there is.

    A message of the path that has none keeps the name of its place, so that who knows it by that still finds it.
    """
    said, taken = tree.ids(), set[str]()
    history = [_with_id(message, at, said, taken) for at, message in enumerate(tree.history)]
    runs = [
        [_with_id(message, at, said, taken) for at, message in enumerate(branch.messages)] for branch in tree.branches
    ]
    branches = [Branch(branch.after, run) for branch, run in zip(tree.branches, runs, strict=True) if run]
    return Tree(history, _rooted(history, branches))


class _Nodes:
    """A tree by the ids of its messages."""

    def __init__(self, tree: Tree) -> None:
        self.message: dict[str, Message] = {message["id"]: message for message in tree.messages()}
        self.parent: dict[str, str | None] = {}
        self.children: dict[str | None, list[str]] = {}
        for branch in [Branch(None, tree.history), *tree.branches]:
            before = branch.after
            for message in branch.messages:
                self.parent[message["id"]] = before
                self.children.setdefault(before, []).append(message["id"])
                before = message["id"]
        for alike in self.children.values():
            if len(alike) > 1:
                alike.sort(key=self._age)

    def check(self, wanted: str | None) -> None:
        """Whether there is such a message, or it is the beginning."""
        if wanted is not None and wanted not in self.message:
            raise MessageNotFound(wanted)

    def shown(self, end: str | None) -> Tree:
        """The tree with the path that ends at a message."""
        path = self._path(end)
        on_path = {None, *path}
        branches = []
        for before, alike in self.children.items():
            for first in alike:
                if first not in on_path and (before in on_path or len(alike) > 1):
                    branches.append(Branch(before, [self.message[id] for id in self._run(first)]))
        branches.sort(key=lambda branch: _age(branch.messages[0]))
        return Tree([self.message[id] for id in path], branches)

    def newest_leaf(self, start: str) -> str:
        """The newest of the ends that hang on a message."""
        leaves, rest = [], [start]
        while rest:
            at = rest.pop()
            rest += self.children.get(at, ())
            if not self.children.get(at):
                leaves.append(at)
        return max(leaves, key=self._age)

    def _path(self, end: str | None) -> list[str]:
        path = []
        while end is not None:
            path.append(end)
            end = self.parent[end]
        return path[::-1]

    def _run(self, first: str) -> Iterator[str]:
        """The messages from one on until the tree forks or ends."""
        yield first
        while len(behind := self.children.get(first, [])) == 1:
            first = behind[0]
            yield first

    def _age(self, id: str) -> tuple[str, str]:
        return _age(self.message[id])


def _age(message: Message) -> tuple[str, str]:
    """Sorts older messages ahead of newer ones; the id tells those of one moment apart."""
    at: Any = message.get("created_at")
    return at if isinstance(at, str) else "", str(message["id"])


def _with(messages: Sequence[Message], old: Message, new: Message) -> list[Message]:
    return [new if message is old else message for message in messages]


def _last(history: Sequence[Message]) -> str | None:
    return message_id(history[-1], len(history) - 1) if history else None


def _with_id(message: Message, position: int, said: Container[Any], taken: set[str]) -> Message:
    """The message with an id that none of those before it has; a second one's name is neither said nor taken."""
    name = found = str(message_id(message, position))
    copy = 1
    while name in taken or (copy > 1 and name in said):
        copy += 1
        name = f"{found}_{copy}"
    taken.add(name)
    return message if message.get("id") == name else {**message, "id": name}


def _rooted(history: Sequence[Message], branches: Sequence[Branch]) -> Sequence[Branch]:
    """The branches; one that hangs on nothing, or on itself, begins at the beginning."""
    known = {None, *(message["id"] for message in Tree(history, branches).messages())}
    found = [branch if branch.after in known else replace(branch, after=None) for branch in branches]
    behind: dict[str | None, list[int]] = {}
    for at, branch in enumerate(found):
        behind.setdefault(branch.after, []).append(at)
    rooted = set(_reached(found, behind, [None, *(message["id"] for message in history)]))
    for at in range(len(found)):
        if at not in rooted:
            found[at] = replace(found[at], after=None)
            rooted |= {at, *_reached(found, behind, [message["id"] for message in found[at].messages])}
    return found


def _reached(found: Sequence[Branch], behind: dict[str | None, list[int]], ids: list[str | None]) -> Iterator[int]:
    """The branches that hang on these messages, and on those in turn; each is found once."""
    while ids:
        for at in behind.pop(ids.pop(), ()):
            yield at
            ids += [message["id"] for message in found[at].messages]
