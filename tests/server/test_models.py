"""Which assistant answers under which name."""

import pytest

from server.errors import ApiError, AssistantFailed
from server.models import UNNAMED, Models
from tests.server.doubles import ScriptedAssistant


class Silent(ScriptedAssistant):
    """A model server that cannot be asked."""

    async def models(self):
        raise AssistantFailed("upstream_unreachable", "Nobody answers.")


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


async def test_closing_closes_all():
    """Every assistant gives back what it holds."""
    assistants = [ScriptedAssistant(), ScriptedAssistant()]
    await Models(assistants).close()
    assert [assistant.closed for assistant in assistants] == [True, True]
