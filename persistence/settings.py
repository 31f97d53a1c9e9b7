"""What a user has chosen for answers, in one session or for all of them. Pure.

Rule: what is not chosen is not written. A value that is none of ours, or more than is kept, counts as not chosen; names
that are not ours are kept.
Source: FORMAT.md, "Settings".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

MAX_INSTRUCTIONS_CHARS = 4000
"""Of what each answer is asked to keep to. It stands in the session's record, which each append writes."""
MAX_MODEL_CHARS = 256
MAX_TEMPERATURE = 2.0
MAX_OUTPUT_TOKENS = 2**53 - 1
"""The largest whole number that every JSON reader gets right."""

_NAMES = ("instructions", "model", "temperature", "max_output_tokens")


@dataclass(frozen=True, slots=True)
class Settings:
    """How answers are to be; None leaves it open.

    Attributes:
        other: What the file says under names that are not ours.
    """

    instructions: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    other: Mapping[str, Any] = field(default_factory=dict)

    def value(self) -> dict[str, Any]:
        """What is chosen, as a JSON value; empty where nothing is."""
        chosen = {name: there for name in _NAMES if (there := getattr(self, name)) is not None}
        return {**self.other, **chosen}

    def over(self, default: "Settings") -> "Settings":
        """These, and where they leave something open the default."""
        left_open: dict[str, Any] = {name: getattr(default, name) for name in _NAMES if getattr(self, name) is None}
        return replace(self, **left_open)

    def texts(self) -> set[str]:
        """What a person wrote of it."""
        return {self.instructions} if self.instructions else set()

    def without(self, *names: str) -> "Settings":
        """These, with some left open."""
        left_open: dict[str, Any] = dict.fromkeys(names)
        return replace(self, **left_open)


NO_SETTINGS = Settings()


def decode_settings(value: Any) -> Settings:
    """The settings in a JSON value."""
    if not isinstance(value, dict):
        return NO_SETTINGS
    chosen = {name: value[name] for name in _NAMES if _is_ours(name, value.get(name))}
    other = {name: there for name, there in value.items() if name not in _NAMES}
    return Settings(**chosen, other=other) if chosen or other else NO_SETTINGS


def are_settings(value: Any) -> bool:
    """Whether a JSON value is what we write as settings: an object with something chosen, and nothing odd."""
    if not isinstance(value, dict):
        return False
    named = [name for name in _NAMES if name in value]
    return bool(named) and all(_is_ours(name, value[name]) for name in named)


def _is_ours(name: str, value: Any) -> bool:
    match name, value:
        case "instructions", str():
            return len(value) <= MAX_INSTRUCTIONS_CHARS  # Empty: none, also where there are some for all.
        case "model", str():
            return 0 < len(value) <= MAX_MODEL_CHARS
        case "temperature", bool():
            return False
        case "temperature", int() | float():
            return isfinite(value) and 0 <= value <= MAX_TEMPERATURE
    return name == "max_output_tokens" and type(value) is int and 0 < value <= MAX_OUTPUT_TOKENS
