"""What is chosen, in the wire's words, and how it is changed. Pure.

Source: PROTOCOL.md, "Settings".
"""

from dataclasses import replace
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from persistence.settings import (
    MAX_INSTRUCTIONS_CHARS,
    MAX_MODEL_CHARS,
    MAX_OUTPUT_TOKENS,
    MAX_TEMPERATURE,
    Settings,
)

_NAMES = ("instructions", "model", "temperature", "max_output_tokens")


class ChangeSettings(Struct, forbid_unknown_fields=True):
    """The body of `PATCH …/settings`: null leaves something open, what is not there stays as it is."""

    instructions: Annotated[str, Meta(max_length=MAX_INSTRUCTIONS_CHARS)] | UnsetType | None = UNSET
    model: Annotated[str, Meta(min_length=1, max_length=MAX_MODEL_CHARS)] | UnsetType | None = UNSET
    temperature: Annotated[float, Meta(ge=0, le=MAX_TEMPERATURE)] | UnsetType | None = UNSET
    max_output_tokens: Annotated[int, Meta(ge=1, le=MAX_OUTPUT_TOKENS)] | UnsetType | None = UNSET

    def of(self, before: Settings) -> Settings:
        """The settings after the change."""
        return replace(before, **{name: value for name, value in structs.asdict(self).items() if value is not UNSET})


def settings_object(settings: Settings) -> dict[str, Any]:
    """All names, null where nothing is chosen."""
    return {"object": "settings", **{name: getattr(settings, name) for name in _NAMES}}


def chosen_object(settings: Settings) -> dict[str, Any]:
    """Only what is chosen, as a conversation says it."""
    return {name: there for name in _NAMES if (there := getattr(settings, name)) is not None}
