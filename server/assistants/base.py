"""The `Assistant` seam: what produces replies.

The contract, which `tests/server/assistants/assistant_contract.py` checks for each implementation:

- `reply` yields any number of `Delta`s, and of `Thought`s where the model shows them, and then exactly one `Finish`;
  ahead of them all a `LeftOut`, where the model was not told all of the history, and another one where it was then told
  still less. An
  answer that ends without `Finish` was cut and is not a success; an implementation that notices raises
  `AssistantFailed` itself.
- Every fault of the model server is raised as `AssistantFailed` with a code of PROTOCOL.md and a sentence for a person.
- **Cancellation**: cancelling the task that iterates, or closing the generator, releases everything it holds (the
  upstream connection first of all) before the cancellation is done.
- **Prefix**: an assistant that says so (`continues`) goes on at the exact character behind the prompt's prefix, as if
  it had said that itself; the others are never given one.
- **Parameters**: it does what the prompt asks for, or has the model server do it; a prompt asks for nothing that the
  assistant does not say it `honours`.
- **Concurrency**: any number of replies at once; an implementation keeps no state between replies but connections.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol

from persistence import Fact, Hit, Learned, LongTermMemory, Message, PersistenceError

from .tool_calls import ToolCall, ToolUse

ImageReader = Callable[[str], Awaitable[bytes]]
"""Raises what the store raises."""
Searcher = Callable[[str], Awaitable[Sequence[Hit]]]
"""Finds messages with some words in all of a user's sessions, the newest first; raises nothing."""

UNNAMED = "default"
"""A prompt's model where the assistant could not be asked for its names: it takes its own first one."""


class Parameter(Enum):
    """What not each assistant can honour, by its name on the wire."""

    INSTRUCTIONS = "instructions"
    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    EFFORT = "reasoning.effort"
    FORMAT = "text.format"
    TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """The answer is to be JSON: an object, of this schema if there is one.

    Attributes:
        strict: Whether the schema is to be kept to the letter; None leaves it to the model server.
    """

    schema: Mapping[str, Any] | None = None
    name: str = ""
    description: str | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that an assistant may know for one reply.

    Attributes:
        history: The session's messages, oldest first; the last one is the user's, and is what to answer.
        images: Reads the images that these name, by name; None where none can be read.
        search: Finds what was said elsewhere, for assistants that show it; None where nothing is to be looked up.
        summary: What the oldest messages say, in short, for assistants that are not told all of them.
        may_leave_out: Whether the model may be told less than all of the history, where that is too long.
        prefix: What there is of the answer already; the reply goes on behind it and repeats nothing of it.
        facts: What is known of the user from all sessions, as far as it matters here.
        memory: The user's long-term memory, for assistants that show it and forget; None where nothing may be kept.
        learned: What became of what the last message asks to have remembered, or why nothing did; None where it asks
            for nothing such.
        effort: How hard to think, in the model server's words.
        output_format: None is text.
        tool_use: None is no tool.
    """

    model: str
    session_id: str
    history: Sequence[Message]
    images: ImageReader | None = None
    search: Searcher | None = None
    prefix: str = ""
    summary: str = ""
    may_leave_out: bool = True
    facts: Sequence[Fact] = ()
    memory: LongTermMemory | None = None
    learned: Learned | PersistenceError | None = None
    instructions: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    effort: str | None = None
    output_format: JsonFormat | None = None
    tool_use: ToolUse | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in whole millionths of a currency."""

    micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model server counts them; `metering.py` has the rest.

    Attributes:
        cached_tokens, reasoning_tokens: How many of the input's and of the output's.
        estimated: The model server has not counted them.
        cost: None where no price is known.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    cost: Cost | None = None


@dataclass(slots=True)
class Delta:
    """A piece of the answer's text, never empty. (Not frozen: there are many, and that makes them twice as dear.)"""

    text: str


@dataclass(slots=True)
class Thought:
    """A piece of what the model thinks, never empty; no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many messages of the history, of the older ones, the model is not told; more than none."""

    messages: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer's end: whole (`stop`), or at the limit of tokens (`length`).

    Attributes:
        calls: The tools that are to be called; none where none was offered, and none at the limit.
        facts: What of the user's memory the answer was made from, where the assistant has looked into it by itself.
    """

    reason: Literal["stop", "length"] = "stop"
    usage: Usage | None = None
    calls: tuple[ToolCall, ...] = ()
    facts: Sequence[Fact] = ()


class Assistant(Protocol):
    """What replies. See the module's docstring for the contract.

    Attributes:
        name: What its operator calls it.
        continues: Whether a prompt may have a prefix.
        honours: What a prompt may ask for, of what not each assistant can do.
        is_model: Whether it does what it is told in words, whatever that is: it reads facts in its
            prompt, and can be asked for titles and the like.
    """

    @property
    def name(self) -> str: ...

    @property
    def continues(self) -> bool: ...

    @property
    def honours(self) -> frozenset[Parameter]: ...

    @property
    def is_model(self) -> bool: ...

    async def models(self) -> Sequence[str]:
        """The names under which it answers, the default first; never empty.

        Raises:
            AssistantFailed: The model server could not be asked.
        """

    def takes_images(self, model: str) -> bool:
        """Whether it passes images on to this model of its own; to others a prompt's images are nothing."""

    def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | Thought | LeftOut | Finish, None]:
        """Answers the last message of the prompt's history."""

    async def close(self) -> None:
        """Gives back connections. No reply is running when this is called."""
