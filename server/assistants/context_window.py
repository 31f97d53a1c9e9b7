"""What of a conversation goes to a model that takes in only so much. Pure.

Rules:
- A turn is a user's message and all that follows it up to the next one; system messages right ahead of a user's message
  belong to its turn. Turns are left out whole, the oldest first, until the rest has room; so calls of tools stay with
  what they gave. The latest turn always goes, and so does what leads: the system messages at the beginning, the
  instructions, what is remembered, tools, and what there is of an answer that is gone on with.
- Tokens are estimated: one for each three bytes of UTF-8, a few for each message, a thousand for each image. English
  takes about one for four, Chinese about one for each character, which is three; so it is seldom too little, and needs
  nobody's tokenizer.
- The answer has room of its own: `max_output_tokens`, else a quarter of what the model takes in.
- A summary goes where something is left out, in its place.
- What is not left out is looked at once; of what is, the newest turn only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import orjson

from persistence import Message
from persistence.images import images_of

from .base import Prompt
from .completion_request import encode_format, encode_tools, is_system
from .seen_images import TOKENS_PER_IMAGE
from .tool_calls import calls_of

_BYTES_PER_TOKEN = 3
_TOKENS_PER_MESSAGE = 6
"""What a template puts around each, and the ids of calls."""
_ANSWERS_SHARE = 4
"""A quarter."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes.

    Attributes:
        prompt: With the messages that go.
        left_out: How many do not.
    """

    prompt: Prompt
    left_out: int = 0


def fit(prompt: Prompt, room: int | None) -> Fitted:
    """The prompt with as many of the latest turns as there is room for.

    Args:
        room: The tokens that all of it may take; None: any number.
    """
    whole = replace(prompt, summary="") if prompt.summary else prompt
    if room is None:
        return Fitted(whole)
    history, leading = prompt.history, count_leading(prompt.history)
    first = first_kept(history, leading, room - _tokens_around(whole, leading))
    if first == leading:
        return Fitted(whole)
    if prompt.summary:
        first = first_kept(history, leading, room - _tokens_around(prompt, leading))
    kept = [history[at] for at in (*range(leading), *range(first, len(history)))]
    return Fitted(replace(prompt, history=kept), first - leading)


def room_for_input(context_tokens: int, max_output_tokens: int | None) -> int:
    """What a model that takes in so much, its answer included, has left for what it is told."""
    answer = context_tokens // _ANSWERS_SHARE if max_output_tokens is None else max_output_tokens
    return max(0, context_tokens - answer)


def context_with_room(room: int, max_output_tokens: int | None) -> int:
    """What a model takes in that has so much room for what it is told."""
    if max_output_tokens is None:
        return room * _ANSWERS_SHARE // (_ANSWERS_SHARE - 1)
    return room + max_output_tokens


def first_kept(history: Sequence[Message], leading: int, room: int) -> int:
    """Where the oldest turn begins that has room; where the messages behind the leading ones begin, if all have."""
    first, used = len(history), 0
    for start in _turns(history, leading):
        used += sum(message_tokens(history[at]) for at in range(start, first))
        if used > room and first < len(history):
            break
        first = start
    return first


def prompt_tokens(prompt: Prompt) -> int:
    """About how many tokens a prompt takes."""
    leading = count_leading(prompt.history)
    turns = sum(message_tokens(prompt.history[at]) for at in range(leading, len(prompt.history)))
    return _tokens_around(prompt, leading) + turns


def message_tokens(message: Message) -> int:
    """About how many tokens a message takes."""
    tokens = _TOKENS_PER_MESSAGE + text_tokens(message["content"])
    if "tool_calls" in message:
        tokens += sum(text_tokens(call.name) + text_tokens(call.arguments) for call in calls_of(message))
    if "images" in message:
        tokens += TOKENS_PER_IMAGE * len(images_of(message))
    return tokens


def text_tokens(text: str) -> int:
    """About how many tokens a text takes."""
    count = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-count // _BYTES_PER_TOKEN)


def count_leading(history: Sequence[Message]) -> int:
    """How many system messages there are at the beginning."""
    return sum(1 for _ in takewhile(is_system, history))


def _turns(history: Sequence[Message], leading: int) -> Iterator[int]:
    """Where turns begin, the latest first; what stands ahead of the first of them is one too."""
    start = len(history)
    for at in range(len(history) - 1, leading - 1, -1):
        if at < start and history[at]["role"] == "user":
            start = at
            while start > leading and is_system(history[start - 1]):
                start -= 1
            yield start
    if start > leading:
        yield leading


def _tokens_around(prompt: Prompt, leading: int) -> int:
    """What all but the turns takes."""
    told = sum(message_tokens(prompt.history[at]) for at in range(leading))
    texts = [prompt.instructions or "", prompt.summary, prompt.prefix, *(fact.text for fact in prompt.facts)]
    declared = [encode_tools(prompt.tool_use)] if prompt.tool_use else []
    declared += [encode_format(prompt.output_format)] if prompt.output_format else []
    written = sum(text_tokens(text) + _TOKENS_PER_MESSAGE for text in texts if text)
    return told + written + sum(len(orjson.dumps(value)) // _BYTES_PER_TOKEN + 1 for value in declared)
