"""A mapping that grows in small steps.

Rule: what is in it lies in many small dictionaries, by the hash of its key. A large one would be copied whole each time
that it has to grow: at 100,000 keys that takes 4 MB at once, which holds the event loop for 2 ms, and for more than 10
where the system has to find the memory first.
"""

from collections.abc import Iterator, MutableMapping
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")

_PARTS = 128
_MASK = _PARTS - 1


class SplitDict(MutableMapping[str, T]):
    """A dictionary whose keys come in no particular order."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[dict[str, T]] = [{} for _ in range(_PARTS)]

    def __getitem__(self, key: str) -> T:
        return self._parts[hash(key) & _MASK][key]

    def __setitem__(self, key: str, value: T) -> None:
        self._parts[hash(key) & _MASK][key] = value

    def __delitem__(self, key: str) -> None:
        del self._parts[hash(key) & _MASK][key]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __contains__(self, key: object) -> bool:
        return key in self._parts[hash(key) & _MASK]

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default where there is none. (`MutableMapping` has slow ones.)"""
        return self._parts[hash(key) & _MASK].get(key, default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value, which is the default from now on where there was none."""
        return self._parts[hash(key) & _MASK].setdefault(key, default)
