"""The body of a model server's answer, from its bytes to its end. Pure.

Rules:
- An answer is whole when it has a finish reason. Without one it was cut, whatever else the stream says.
- Calls of tools come in pieces and are handed out whole, with the end; one that cannot be read spoils the answer.
- After the finish reason only the usage is still awaited; nothing that follows can spoil the answer.
- Text that came before a fault is handed out before the fault is raised: `feed` returns it, `failure` holds the rest.
- An answer that grows past its limit has failed, with the text that is there: models exist that never end.
- A body that is no event stream is known by its first character: `{` is JSON, `<` is some web page.
"""

from collections.abc import Sequence

import orjson

from persistence import new_id

from ..errors import AssistantFailed
from .base import Finish, Usage
from .completion_chunk import CallPiece, Chunk, decode_chunk
from .sse import SseReader
from .tool_calls import ToolCall

_WHOLE = {"stop", "eos", "eos_token", "end_turn", "stop_sequence"}
_AT_LIMIT = {"length", "max_tokens", "model_length"}
_CALLING = {"tool_calls", "function_call"}
_TOO_LONG = "The model server sent a piece that is too long."
_ENDLESS = "The model did not come to an end; its answer was cut off after {:,} characters."
_WEB_PAGE = "The model server answered with a web page. Is the configured URL that of its API?"


class CompletionStream:
    """Reads one answer.

    Args:
        max_answer_chars: Of text, of what is thought and of what tools are called with, together.

    Attributes:
        done: Nothing more has to be read: the stream said so, ended, or failed.
        alive: The model has begun to answer or to reason.
        events: How many events were read; comments are none.
        failure: Why the answer failed; set with `done`.
    """

    def __init__(self, max_event_bytes: int, max_answer_chars: int = 1 << 22, *, with_tools: bool = False) -> None:
        self.done = False
        self.alive = False
        self.events = 0
        self.failure: AssistantFailed | None = None
        self._max_event_bytes = max_event_bytes
        self._max_answer_chars = max_answer_chars
        self._answer_chars = 0
        self._sse = SseReader(max_event_bytes)
        self._json = bytearray()
        self._is_json = False
        self._first_seen = False
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._with_tools = with_tools
        self._calls: dict[int, list[CallPiece]] = {}
        self._thoughts: list[str] = []

    @property
    def has_thought(self) -> bool:
        """Whether something was thought that nobody has taken yet."""
        return bool(self._thoughts)

    def take_thought(self) -> str:
        """What was thought since it was last taken. Within what is read at once it goes ahead of the text."""
        thought = "".join(self._thoughts)
        self._thoughts.clear()
        return thought

    @property
    def finished(self) -> bool:
        """Whether the answer is whole."""
        return self._finish_reason is not None

    def feed(self, data: bytes) -> str:
        """The text that these bytes add to the answer."""
        if not self._first_seen:
            self._look(data)
        if self.done:
            return ""
        if self._is_json:
            return self._keep_json(data)
        text = self._take(self._sse.feed(data))
        if self._sse.too_long and not self.done:
            self._fail(AssistantFailed("upstream_malformed", _TOO_LONG))
        return text

    def end(self) -> str:
        """The text that was still held back when the body ended. Half an event means a cut, not a malformed one."""
        if self.done:
            return ""
        text = self._take([bytes(self._json)] if self._is_json else self._sse.end())
        self.done = True
        if self.failure and self.failure.code == "upstream_malformed" and not self._is_json:
            self.failure = None
        return text

    def outcome(self) -> Finish:
        """How the answer ended.

        Raises:
            AssistantFailed: It was cut, it failed, or it ended for a reason that makes it no answer.
        """
        if self.failure:
            raise self.failure
        if self._finish_reason is None:
            raise AssistantFailed("upstream_cut", "The model server stopped in the middle of the answer.")
        if self._calls and not self._with_tools:
            raise AssistantFailed("upstream_error", "The model asked for a tool, and it was offered none.")
        if self._finish_reason in _AT_LIMIT:
            return Finish("length", self._usage)
        if self._finish_reason in _WHOLE or (self._calls and self._finish_reason in _CALLING):
            return Finish("stop", self._usage, tuple(_whole_call(pieces) for _, pieces in sorted(self._calls.items())))
        raise _no_answer(self._finish_reason)

    def _look(self, data: bytes) -> None:
        first = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        self._first_seen = bool(first)
        if first == b"{":
            self._is_json = True
        elif first == b"<":
            self._fail(AssistantFailed("upstream_malformed", _WEB_PAGE))

    def _keep_json(self, data: bytes) -> str:
        self._json += data
        if len(self._json) > self._max_event_bytes:
            self._fail(AssistantFailed("upstream_malformed", _TOO_LONG))
        return ""

    def _take(self, payloads: list[bytes]) -> str:
        texts: list[str] = []
        for payload in payloads:
            if self.done:
                break
            self.events += 1
            if payload.strip() == b"[DONE]":
                self.done = True
                break
            try:
                chunk = decode_chunk(payload)
            except AssistantFailed as failure:
                self._fail(failure)
                break
            texts.append(chunk.text)
            self._add(chunk)
        return texts[0] if len(texts) == 1 else "".join(texts)

    def _add(self, chunk: Chunk) -> None:
        self.alive = self.alive or chunk.alive
        if chunk.reasoning:
            self._thoughts.append(chunk.reasoning)
        for piece in chunk.calls:
            self._calls.setdefault(piece.place, []).append(piece)
            self._answer_chars += len(piece.arguments)
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._usage = chunk.usage or self._usage
        self._answer_chars += len(chunk.text) + len(chunk.reasoning)
        if self._answer_chars > self._max_answer_chars:
            self._fail(AssistantFailed("upstream_error", _ENDLESS.format(self._max_answer_chars)))

    def _fail(self, failure: AssistantFailed) -> None:
        self.done = True
        if not self.finished:
            self.failure = failure


def _whole_call(pieces: Sequence[CallPiece]) -> ToolCall:
    """A call from its pieces. Servers that give it no id, and leave out empty arguments, are known."""
    arguments = "".join(piece.arguments for piece in pieces) or "{}"
    name = next((piece.name for piece in pieces if piece.name), "")
    call_id = next((piece.call_id for piece in pieces if piece.call_id), "") or new_id("call_")
    try:
        is_object = isinstance(orjson.loads(arguments), dict)
    except orjson.JSONDecodeError:
        is_object = False
    if not name or not is_object:
        raise AssistantFailed("upstream_malformed", "The model server sent a call of a tool that cannot be read.")
    return ToolCall(call_id, name, arguments)


def _no_answer(reason: str) -> AssistantFailed:
    if reason == "content_filter":
        return AssistantFailed("upstream_error", "The model server's content filter stopped the answer.")
    if reason in _CALLING:
        return AssistantFailed("upstream_malformed", "The model server announced a call of a tool that did not come.")
    return AssistantFailed("upstream_error", f"The model server ended the answer for an unknown reason: {reason}")
