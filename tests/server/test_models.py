"""Which assistant answers under which name."""

import asyncio

import pytest

from server.assistants.base import UNNAMED
from server.errors import ApiError, AssistantFailed
from server.models import Models
from tests.server.doubles import ScriptedAssistant


class Silent(ScriptedAssistant):
    """A model server that cannot be asked."""

    async def models(self):
        raise AssistantFailed("upstream_unreachable", "Nobody answers.")


class Slow(ScriptedAssistant):
    """A model server that takes its time to say what it has."""

    def __init__(self, name):
        super().__init__(name=name)
        self.may_answer = asyncio.Event()
        self.asked = 0

    async def models(self):
        self.asked += 1
        await self.may_answer.wait()
        return await super().models()


async def test_default_is_the_first():
    """Without a name the first assistant answers under its first name."""
    first, second = ScriptedAssistant(name="a"), ScriptedAssistant(name="b")
    models = Models([first, second])
    assert await models.names() == ["a", "b"]
    assert await models.find(None) == (first, "a")


async def test_name_finds_its_assistant():
    """Each name finds the assistant that answers under it."""
    first, second = ScriptedAssistant(name="a"), ScriptedAssistant(name="b")
    assert await Models([first, second]).find("b") == (second, "b")


async def test_unknown_name_is_refused():
    """A name that nobody has is refused with those on offer."""
    with pytest.raises(ApiError) as caught:
        await Models([ScriptedAssistant(name="a")]).find("z")
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")
    assert "'z'" in caught.value.message
    assert caught.value.message.endswith("expected one of a")


async def test_silent_assistant_hides_nobody():
    """A model server that cannot be asked is the default without a name, takes unknown names, and hides no others."""
    silent, other = Silent(), ScriptedAssistant(name="b")
    models = Models([silent, other])
    assert await models.names() == ["b"]
    assert await models.find(None) == (silent, UNNAMED)
    assert await models.find("b") == (other, "b")
    assert await models.find("z") == (silent, "z")


async def test_slow_assistant_delays_nobody():
    """Who does not answer in time is asked once for all; its default has no name until it has answered."""
    slow, other = Slow("a"), ScriptedAssistant(name="b")
    models = Models([slow, other], patience_s=0.01)
    assert await models.names(patience_s=0.01) == ["b"]
    assert await models.find(None) == (slow, UNNAMED)
    assert await models.find("b") == (other, "b")
    assert slow.asked == 1
    slow.may_answer.set()
    assert await models.names() == ["a", "b"]
    assert await models.find(None) == (slow, "a")
    await models.close()


async def test_name_that_was_known_stays_known():
    """A model server that answered once is found under its names while it does not answer."""
    slow = Slow("a")
    models = Models([ScriptedAssistant(name="b"), slow], patience_s=0.01)
    slow.may_answer.set()
    await models.names()
    slow.may_answer.clear()
    assert await models.find("a") == (slow, "a")
    await models.close()


async def test_closing_closes_all():
    """Every assistant gives back what it holds."""
    assistants = [ScriptedAssistant(), ScriptedAssistant()]
    await Models(assistants).close()
    assert [assistant.closed for assistant in assistants] == [True, True]
