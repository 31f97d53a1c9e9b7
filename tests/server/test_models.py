"""Which assistant answers under which name."""

import asyncio

import pytest

from server.assistants.base import UNNAMED
from server.assistants.renamed import Renamed
from server.errors import ApiError, AssistantFailed
from server.models import Models
from tests.server.assistants.prompts import collect, prompt_of
from tests.server.doubles import PATIENCE_S, ScriptedAssistant

AGE_S = 10.0


class Listing(ScriptedAssistant):
    """A model server that lists these models; none: it cannot be asked.

    Attributes:
        asked: How often it was asked.
        may_answer: Until it is set, the list does not come.
    """

    def __init__(self, name, *models):
        super().__init__(name=name)
        self.listed = models
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def models(self):
        self.asked += 1
        await self.may_answer.wait()
        if not self.listed:
            raise AssistantFailed("upstream_unreachable", "Nobody answers.")
        return self.listed


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def offering(clock):
    """Puts assistants on offer, and closes them."""
    made = []

    def make(*assistants):
        made.append(Models(assistants, patience_s=0.05, age_s=AGE_S, clock=clock))
        return made[-1]

    yield make
    for models in made:
        await models.close()


async def test_default_is_the_first(offering):
    """Without a name the first assistant answers under its first name."""
    first, second = Listing("a", "a1", "a2"), Listing("b", "b1")
    models = offering(first, second)
    assert await models.find(None) == (first, "a1")
    assert await models.names() == ["a1", "a2", "b1"]
    assert await models.find(UNNAMED) == (first, "a1")


async def test_name_finds_its_assistant(offering):
    """Each name finds the assistant that answers under it."""
    first, second = Listing("a", "a1"), Listing("b", "b1")
    assert await offering(first, second).find("b1") == (second, "b1")


async def test_unknown_name_is_refused(offering):
    """A name that nobody has is refused with those on offer."""
    with pytest.raises(ApiError) as caught:
        await offering(Listing("a", "a1")).find("z")
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")
    assert "'z'" in caught.value.message
    assert caught.value.message.endswith("expected one of a1")


async def test_name_of_two_is_the_firsts(offering):
    """A model that two servers offer is the first's; the other's has its server's name ahead, and asked as itself."""
    first, second = Listing("a", "m", "n"), Listing("b", "m")
    models = offering(first, second)
    assert await models.names() == ["m", "n", "b/m"]
    assert await models.find("m") == (first, "m")
    found, name = await models.find("b/m")
    assert name == "b/m"
    await collect(found, prompt_of("hi", model=name))
    assert [prompt.model for prompt in second.prompts] == ["m"]
    assert first.prompts == []


async def test_server_and_name_find_any_model(offering):
    """A name with its server's is good for every model, and goes behind one that a server calls just so."""
    first, second = Listing("a", "m", "b/n"), Listing("b", "n", "o")
    models = offering(first, second)
    assert await models.find("b/n") == (first, "b/n")
    found, name = await models.find("b/o")
    assert isinstance(found, Renamed)
    assert (found.name, await found.models(), name) == ("b", ("o",), "b/o")
    assert await models.names() == ["m", "b/n", "n", "o"]


async def test_silent_assistant_hides_nobody(offering):
    """A model server that cannot be asked is the default without a name, takes unknown names, and hides no others."""
    silent, other = Listing("a"), Listing("b", "b1")
    models = offering(silent, other)
    assert await models.names() == ["b1"]
    assert models.silent() == ["a"]
    assert await models.find(None) == (silent, UNNAMED)
    assert await models.find("b1") == (other, "b1")
    assert await models.find("z") == (silent, "z")


async def test_unknown_name_goes_to_the_silent_server_that_it_names(offering):
    """Of two that do not answer the one that is named takes the name."""
    models = offering(Listing("a"), Listing("b"), Listing("c", "c1"))
    found, name = await models.find("b/z")
    assert (found.name, await found.models(), name) == ("b", ("z",), "b/z")


async def test_unknown_name_of_a_server_that_answers_is_refused(offering):
    """What a server is known not to have is given to nobody else."""
    with pytest.raises(ApiError, match="no model 'c/z'"):
        await offering(Listing("a"), Listing("c", "c1")).find("c/z")


async def test_slow_assistant_delays_nobody_twice(offering, clock):
    """Who does not answer in time is asked once for all, and not waited for again before it has answered."""
    slow, other = Listing("a", "a1"), Listing("b", "b1")
    slow.may_answer.clear()
    models = offering(slow, other)
    assert await models.names() == ["b1"]
    models._patience_s = 3600.0  # Who waited for it again would not come back.
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(5):
            assert await models.names() == ["b1"]
            assert await models.find(None) == (slow, UNNAMED)
    assert slow.asked == 1
    slow.may_answer.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await models.names() == ["a1", "b1"]
    assert await models.find(None) == (slow, "a1")


async def test_known_name_starts_no_task(offering, clock):
    """A turn for a known model asks nobody, however old the list is."""
    server = Listing("a", "a1")
    models = offering(server)
    await models.names()
    clock.now = 10 * AGE_S
    tasks = asyncio.all_tasks()
    assert await models.find("a1") == await models.find(None) == (server, "a1")
    assert asyncio.all_tasks() == tasks
    assert server.asked == 1


async def test_list_is_asked_for_again_when_it_is_old(offering, clock):
    """New models show, and those that are gone go, once the list has its age."""
    server = Listing("a", "a1", "a2")
    models = offering(server)
    await models.names()
    server.listed = ("a2", "a3")
    clock.now = AGE_S - 1
    assert await models.names() == ["a1", "a2"]
    assert await models.find("a1") == (server, "a1")
    clock.now = AGE_S
    assert await models.names() == ["a2", "a3"]
    assert await models.find(None) == (server, "a2")
    with pytest.raises(ApiError):
        await models.find("a1")
    assert server.asked == 2


async def test_server_that_is_down_is_asked_no_more_often(offering, clock):
    """That there was no answer is known for as long as an answer; names that were known stay known."""
    server = Listing("a", "a1")
    models = offering(server, Listing("b", "b1"))
    await models.names()
    server.listed = ()
    clock.now = AGE_S
    for _ in range(3):
        assert await models.names() == ["a1", "b1"]
        assert models.silent() == ["a"]
        assert await models.find("z") == (server, "z")
    assert server.asked == 2
    assert await models.find("a1") == (server, "a1")
    server.listed = ("a4",)
    clock.now = 2 * AGE_S
    assert await models.names() == ["a4", "b1"]
    assert models.silent() == []


async def test_broken_assistant_hides_nobody(offering, caplog):
    """An assistant with a fault of its own counts as one that does not answer, and its fault is in the log."""

    class Broken(Listing):
        async def models(self):
            raise ZeroDivisionError

    broken = Broken("a")
    assert await offering(broken, Listing("b", "b1")).names() == ["b1"]
    assert "models of a" in caplog.text


async def test_closing_closes_all():
    """Every assistant gives back what it holds, with a question open too."""
    slow = Listing("a", "a1")
    slow.may_answer.clear()
    assistants = [slow, ScriptedAssistant()]
    models = Models(assistants, patience_s=0.0)
    await models.names()
    await models.close()
    assert [assistant.closed for assistant in assistants] == [True, True]
