"""Function tools that a client runs: what is offered, what is called, and how that stands in a session. Pure.

Rule: a call is whole or not there. An assistant's message has its calls in `tool_calls`; what a call gave is a message
of the role `tool` that names it in `call_id`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from persistence import Message

OUTPUT_ROLE = "tool"


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a client offers.

    Attributes:
        strict: Whether the arguments are to keep to the parameters to the letter; None leaves it to the model server.
    """

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolUse:
    """What tools an answer may use.

    Attributes:
        choice: `auto`, `none`, `required`, or the name of the one that is to be called.
        is_named: Whether the choice is a name.
        parallel: Whether several may be called at once; None leaves it to the model server.
    """

    tools: tuple[Tool, ...] = ()
    choice: str = "auto"
    is_named: bool = False
    parallel: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called, with its arguments in JSON."""

    call_id: str
    name: str
    arguments: str

    def fields(self) -> dict[str, str]:
        """As it is stored."""
        return {"call_id": self.call_id, "name": self.name, "arguments": self.arguments}


def calls_of(message: Message) -> tuple[ToolCall, ...]:
    """The calls of an assistant's message. Files may come from elsewhere: what is none of ours counts as not there."""
    stored: Any = message.get("tool_calls")
    names = ("call_id", "name", "arguments")
    return tuple(
        ToolCall(*(call[name] for name in names))
        for call in (stored if isinstance(stored, list) else ())
        if isinstance(call, dict) and all(isinstance(call.get(name), str) for name in names)
    )


def answered_calls(message: Message, behind: Iterable[Message]) -> tuple[ToolCall, ...]:
    """Those calls of a message whose outputs stand right behind it: model servers refuse any others."""
    calls, given = calls_of(message), set()
    for output in behind if calls else ():
        if output["role"] != OUTPUT_ROLE:
            break
        given.add(output.get("call_id"))
    return tuple(call for call in calls if call.call_id in given)
