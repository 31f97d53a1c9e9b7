"""What is known about a user. Pure data, no I/O.

Rule: a fact says where it was told, and what it said before; what may become of it stands in `learning.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from persistence.settings import NO_SETTINGS, Settings


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was told: in a session (None: outside of one) and there in which message last, when, how often."""

    session_id: str | None
    message_id: str | None
    at: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Former:
    """What a fact said before, from when until when, and where that was told."""

    text: str
    learned_at: str
    replaced_at: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known about a user. What may become of it stands in `learning.py`.

    Attributes:
        learned_at: Since when it says this.
        session_id: The session that it was told in first; None: outside of one.
        sources: Where this was told, each session once; empty: there, once, when it was learned.
        history: What it said before, the oldest first.
        other: What its file says of it under names that are not ours.
    """

    id: str
    text: str
    learned_at: str
    session_id: str | None = None
    sources: tuple[Source, ...] = ()
    history: tuple[Former, ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def told(self) -> tuple[Source, ...]:
        """Where this was told; never empty."""
        return self.sources or (Source(self.session_id, None, self.learned_at),)

    @property
    def times(self) -> int:
        """How often it was told."""
        return sum(source.times for source in self.told)

    @property
    def confirmed_at(self) -> str:
        """When it was told last."""
        return max(source.at for source in self.told)


class Facts(tuple[Fact, ...]):
    """All that is known about a user, in the order in which it was learned.

    Attributes:
        is_on: Whether anything is learned, and used in answers; the user says so.
        settings: What the user has chosen for the answers in all sessions.
        other: What the user's file says under names that are not ours.
    """

    is_on: bool = True
    settings: Settings = NO_SETTINGS
    other: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def of(
        cls,
        facts: Iterable[Fact],
        *,
        is_on: bool = True,
        settings: Settings = NO_SETTINGS,
        other: Mapping[str, Any] | None = None,
    ) -> "Facts":
        made = cls(facts)
        made.is_on = is_on
        made.settings = settings
        made.other = other or {}
        return made

    def but(self, facts: Iterable[Fact]) -> "Facts":
        """Other facts of the same user; `Facts` are taken as they are."""
        return facts if isinstance(facts, Facts) else self._with(facts)

    def switched(self, is_on: bool) -> "Facts":
        return self._with(self, is_on=is_on)

    def choosing(self, settings: Settings) -> "Facts":
        """The same facts beside other settings."""
        return self._with(self, settings=settings)

    def same_as(self, after: "Facts") -> bool:
        """Whether a file would say the same."""
        return self == after and self.is_on == after.is_on and self.settings == after.settings

    def _with(self, facts: Iterable[Fact], **changed: Any) -> "Facts":
        """Other facts, and what is said beside them, but for what has changed."""
        return Facts.of(facts, **{"is_on": self.is_on, "settings": self.settings, "other": self.other, **changed})

    def texts(self) -> set[str]:
        """All that the facts say, and said before, and the user's instructions."""
        told = {text for fact in self for text in (fact.text, *(former.text for former in fact.history))}
        return told | self.settings.texts()
