"""An assistant behind any OpenAI-compatible `/chat/completions` server (Ollama, llama.cpp, vLLM, LM Studio, …).

Rules:
- Success needs a finish reason. `length` ends the answer at the limit of tokens; `content_filter` is a failure, because
  the text that is there is not what the model would have said, and the text so far is kept either way.
- Every fault of the server becomes `AssistantFailed` with a code of PROTOCOL.md and a sentence for a person.
- Requests are repeated only before the first piece of text; see `upstream`.
- Of a history that is longer than the model takes in, the oldest turns are left out (`context_window`). A request that
  is refused as too long is made once more with less, also only before the first piece; so is one that calls the limit
  on the answer's tokens by the wrong name (`limit_names`).
- Images are read when the request is made, for models that are configured to take them.
- Reasoning counts as a sign of life, and is handed on apart from the answer.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from persistence import PersistenceError

from ..errors import AssistantFailed
from .base import UNNAMED, Delta, Finish, LeftOut, Parameter, Prompt, Thought
from .completion_request import encode_request
from .completion_stream import CompletionStream
from .context_overflow import ContextExceeded
from .context_sizes import ContextSizes
from .limit_names import LimitNames, LimitRefused
from .model_list import ModelList
from .seen_images import DataUrls, data_url, latest_images
from .telling import Telling
from .timed_body import TimedBody
from .upstream import NETWORK_ERRORS, Upstream
from .upstream_faults import failure_of_reading, presentable
from .upstream_limits import UpstreamLimits

_log = logging.getLogger(__name__)

_NOT_OFFERED = "The model server is not configured to offer the model {}."


class ChatCompletions:
    """One model server.

    Args:
        url: The base that `/chat/completions` is under, such as `http://127.0.0.1:11434/v1`.
        key: Sent as a Bearer token; None where the server wants none.
        models: Names and patterns of the models on offer; none: all that the server has.
        name: What its operator calls it.
        continues: Whether the server goes on with an assistant's message that comes last.
        images: Names and patterns of the models that take images.
        context_tokens: How much a model takes in, its answer included, by names and patterns; where the server says
            less, that counts.
        sleep, clock, chance: See `Upstream`.

    **Concurrency**: any number of replies at once, each on a connection of its own.
    """

    honours = frozenset(Parameter)

    def __init__(
        self,
        url: str,
        key: str | None = None,
        models: Sequence[str] = (),
        *,
        name: str = "upstream",
        continues: bool = False,
        images: Sequence[str] = (),
        context_tokens: Mapping[str, int] | None = None,
        limits: UpstreamLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.continues = continues
        self.is_model = True
        self._seeing = tuple(images)
        self._key = key
        self._limits = limits or UpstreamLimits()
        self._upstream = Upstream(url, key, self._limits, sleep=sleep, clock=clock, chance=chance)
        self._sizes = ContextSizes(context_tokens or {})
        self._limit_names = LimitNames()
        self._list = ModelList(self._upstream, models, self._sizes)

    async def models(self) -> Sequence[str]:
        """What is configured, else what the server lists.

        Raises:
            AssistantFailed: The server could not be asked.
        """
        try:
            return await self._list.names()
        except AssistantFailed as failure:
            raise presentable(failure, self._key) from failure.__cause__

    def takes_images(self, model: str) -> bool:
        """Whether it is configured so."""
        return any(fnmatchcase(model, name) for name in self._seeing)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | Thought | LeftOut | Finish, None]:
        """Streams the model's answer.

        **Cancellation**: closes the connection, which is how model servers learn that nobody listens any more.
        """
        try:
            if prompt.model == UNNAMED:
                prompt = replace(prompt, model=(await self._list.names())[0])
            if not self._list.has(prompt.model):
                raise AssistantFailed("upstream_error", _NOT_OFFERED.format(prompt.model))
            telling = Telling(prompt, self._sizes)
            while not telling.told:
                if left_out := telling.fitted.left_out:
                    yield LeftOut(left_out)
                stream, limit_name = self._stream(prompt), self._limit_names.of(prompt.model)
                try:
                    images = await self._images(telling.fitted.prompt)
                    asked = encode_request(telling.fitted.prompt, images, limit_name)
                    opened = await self._upstream.open_completion(asked)
                    body = TimedBody(opened.response.content, opened.first_token_at)
                    try:
                        while not stream.done:
                            events, is_tail = stream.events, stream.finished
                            text = await _read(body, stream)
                            if stream.events > events and not is_tail:
                                self._move_limit(body, stream)
                            if stream.has_thought:
                                yield Thought(stream.take_thought())
                            if text:
                                yield Delta(text)
                        finish = stream.outcome()
                        await self._await_end(body)
                    finally:
                        body.close()
                        opened.response.close()
                    telling.succeeded()
                except ContextExceeded as failure:
                    telling.refused(failure, begun=stream.alive)
                except LimitRefused as failure:
                    self._limit_names.refused(prompt.model, limit_name, failure)
        except AssistantFailed as failure:
            raise presentable(failure, self._key) from failure.__cause__
        yield finish

    async def close(self) -> None:
        """Closes the pooled connections."""
        await self._list.close()
        await self._upstream.close()

    def _stream(self, prompt: Prompt) -> CompletionStream:
        limits = self._limits
        return CompletionStream(limits.max_event_bytes, limits.max_answer_chars, with_tools=bool(prompt.tool_use))

    async def _images(self, prompt: Prompt) -> DataUrls:
        """The images that go; one that cannot be read does not."""
        urls: dict[str, str] = {}
        if (read := prompt.images) and self.takes_images(prompt.model):
            for name in latest_images(prompt.history, self._limits.max_images, self._limits.max_images_bytes):
                try:
                    urls[name] = data_url(name, await read(name))
                except PersistenceError as error:
                    _log.error("a prompt goes without an image: %s", error)
        return urls

    def _move_limit(self, body: TimedBody, stream: CompletionStream) -> None:
        """After an event that is not behind the finish reason; what is no sign of life leaves the limit where it is."""
        if stream.finished:
            body.until(asyncio.get_running_loop().time() + self._limits.tail_timeout_s)
        elif stream.alive:
            body.until(asyncio.get_running_loop().time() + self._limits.token_timeout_s)

    async def _await_end(self, body: TimedBody) -> None:
        """Lets the body end in order, so that the connection can be used again."""
        body.until(asyncio.get_running_loop().time() + self._limits.end_timeout_s)
        try:
            while await body.read():
                pass
        except NETWORK_ERRORS:
            return


async def _read(body: TimedBody, stream: CompletionStream) -> str:
    """The text that comes next."""
    try:
        data = await body.read()
    except NETWORK_ERRORS as error:
        if stream.finished:
            return stream.end()
        raise failure_of_reading(error, stream.alive) from error
    return stream.feed(data) if data else stream.end()
