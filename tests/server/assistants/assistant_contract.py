"""What every assistant has to do, whatever it is made of: the contract of `server/assistants/base.py` as tests.

An implementation's test subclasses `AssistantContract` and gives the fixtures `assistant` and `long_prompt`.
"""

import asyncio
import copy
from contextlib import aclosing
from dataclasses import replace

import pytest

from server.assistants.base import Assistant, Delta, Finish, Prompt
from tests.server.assistants.prompts import collect, first_piece, prompt_of


class AssistantContract:
    """Run on each implementation."""

    @pytest.fixture
    def assistant(self) -> Assistant:
        raise NotImplementedError

    @pytest.fixture
    def long_prompt(self) -> Prompt:
        """A prompt whose answer has several pieces at the least."""
        raise NotImplementedError

    async def test_models_are_names(self, assistant):
        """An assistant has at least one name, and none twice."""
        names = await assistant.models()
        assert names
        assert all(isinstance(name, str) and name for name in names)
        assert len(set(names)) == len(names)

    async def test_answer_is_pieces_and_one_finish(self, assistant, long_prompt):
        """An answer is pieces that are not empty and then one end, behind which nothing comes."""
        pieces = [piece async for piece in assistant.reply(long_prompt)]
        assert isinstance(pieces[-1], Finish)
        assert len(pieces) > 2
        assert all(isinstance(piece, Delta) and piece.text for piece in pieces[:-1])

    async def test_prompt_is_left_alone(self, assistant, long_prompt):
        """An answer changes nothing in the history that it was given."""
        before = copy.deepcopy(list(long_prompt.history))
        await collect(assistant, long_prompt)
        assert list(long_prompt.history) == before

    async def test_unknown_words_are_answered(self, assistant):
        """Words that mean nothing to an assistant still get an answer with an end."""
        pieces, _ = await collect(assistant, prompt_of("\u0000 <b>&amp; \\ ` 日本 😀"))
        assert pieces

    async def test_answer_goes_on_behind_its_prefix(self, assistant, long_prompt):
        """Whatever was said already, what comes then makes it the whole answer, character by character."""
        whole = "".join((await collect(assistant, long_prompt))[0])
        for cut in (0, 1, 2, len(whole) // 2, len(whole) - 1, len(whole)) if assistant.continues else (0,):
            rest, end = await collect(assistant, replace(long_prompt, prefix=whole[:cut]))
            assert whole[:cut] + "".join(rest) == whole
            assert end.reason == "stop"

    async def test_replies_at_once_do_not_mix(self, assistant, long_prompt):
        """Answers that run at the same time are the same as one that runs alone."""
        alone = await collect(assistant, long_prompt)
        together = await asyncio.gather(*(collect(assistant, long_prompt) for _ in range(8)))
        assert {"".join(pieces) for pieces, _ in together} == {"".join(alone[0])}

    async def test_closed_reply_ends(self, assistant, long_prompt):
        """A reply that is closed after its first piece gives no more, and the next one is whole."""
        replies = assistant.reply(long_prompt)
        await first_piece(replies)
        await replies.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(replies)
        assert (await collect(assistant, long_prompt))[1].reason == "stop"

    async def test_cancelled_reply_ends(self, assistant, long_prompt):
        """Cancelling the task that reads an answer ends it, and the next one is whole."""
        begun = asyncio.Event()

        async def read():
            async with aclosing(assistant.reply(long_prompt)) as replies:
                async for _ in replies:
                    begun.set()
                    await asyncio.Event().wait()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await collect(assistant, long_prompt))[1].reason == "stop"

    async def test_close_twice_is_harmless(self, assistant):
        """Closing an assistant that has never answered, and closing it again, does nothing."""
        await assistant.close()
        await assistant.close()
