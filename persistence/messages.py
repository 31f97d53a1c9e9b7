"""A history's messages as they were at a moment. Pure.

Rule: to take them, and to add a few behind them, costs the same however long the history is.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import overload

from persistence.model import Message


class Messages(Sequence[Message]):
    """The first messages of a list that only ever grows, and some behind them.

    Args:
        grown: The list. It has its present messages for good; what it gets later is not among these.
    """

    __slots__ = ("_behind", "_count", "_grown")

    def __init__(self, grown: list[Message], behind: Sequence[Message] = ()) -> None:
        self._grown = grown
        self._count = len(grown)
        self._behind = tuple(behind)

    def __len__(self) -> int:
        return self._count + len(self._behind)

    def __iter__(self) -> Iterator[Message]:
        return chain(islice(self._grown, self._count), self._behind)

    @overload
    def __getitem__(self, at: int) -> Message: ...

    @overload
    def __getitem__(self, at: slice) -> list[Message]: ...

    def __getitem__(self, at: int | slice) -> Message | list[Message]:
        if isinstance(at, slice):
            return list(self)[at]
        count = self._count
        if -len(self) <= at < 0:
            at += len(self)
        return self._grown[at] if 0 <= at < count else self._behind[at - count]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def followed_by(self, more: Sequence[Message]) -> "Messages":
        """These, and more behind them."""
        longer = Messages.__new__(Messages)
        longer._grown, longer._count, longer._behind = self._grown, self._count, (*self._behind, *more)
        return longer


def followed(messages: Sequence[Message], more: Sequence[Message]) -> Sequence[Message]:
    """Messages, and more behind them."""
    return messages.followed_by(more) if isinstance(messages, Messages) else [*messages, *more]
