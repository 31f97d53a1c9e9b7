"""What models are not told any more is summarised behind everybody's back."""

import asyncio
from dataclasses import replace

import pytest

from persistence import Summary
from persistence.branches import drop
from server.assistants.base import Finish, LeftOut
from server.errors import AssistantFailed
from server.live import SessionChanged
from server.models import Models
from server.summaries import Summaries
from tests.server.doubles import ScriptedAssistant, until
from tests.server.stage import Stage, read


class Forgetful(ScriptedAssistant):
    """A model that is told the latest turns only, and summarises the others with what it is told to say then."""

    def __init__(self, *says: object) -> None:
        super().__init__()
        self.says = says or ("They greeted.", Finish())

    async def reply(self, prompt):
        left_out = len(prompt.history) - 3
        ahead = (LeftOut(left_out),) if left_out > 0 else ()
        self.script = self.says if prompt.instructions else (*ahead, "Hm.", Finish())
        async for piece in super().reply(prompt):
            yield piece


class Summarising(Stage):
    """A stage whose conversations are summarised."""

    def __init__(self, *says: object) -> None:
        self.model = Forgetful(*says)
        super().__init__(assistant=self.model)
        self.summaries = Summaries(self.store, Models([self.model]), self.conductor.tell_changed)
        self.conductor.on_ended.append(self.summaries.turn_ended)

    async def turn(self, text: str = "hi") -> None:
        """A turn, and the summary that follows from it."""
        await read(await self.ask(text))
        while tasks := [task for task in asyncio.all_tasks() if task.get_name().startswith(("summary", "resp"))]:
            await asyncio.wait(tasks)

    async def summary(self) -> Summary | None:
        return (await self.store.record("abc")).summary

    @property
    def asked(self) -> list[str]:
        """What the model was to summarise."""
        return [prompt.history[-1]["content"] for prompt in self.model.prompts if prompt.instructions]


async def test_what_was_left_out_is_summarised_and_goes_on():
    """Nothing is, as long as all is told; then each turn adds to it, its prompt has it, and sockets hear of it."""
    stage = Summarising()
    await stage.session()
    for number in range(2):
        await stage.turn(f"q{number}")
    assert (stage.asked, await stage.summary()) == ([], None)
    await stage.turn("q2")
    path = await stage.store.history("abc")
    assert await stage.summary() == Summary("They greeted.", path[1]["id"], 2)
    assert stage.asked == ["user: q0\n\nassistant: Hm."]
    told = [news.record.summary for news in stage.heard if isinstance(news, SessionChanged)]
    assert told[-1] == await stage.summary()
    await stage.turn("q3")
    assert stage.asked[1] == "Summary of what was said before: They greeted.\n\nuser: q1\n\nassistant: Hm."
    summary = await stage.summary()
    assert summary
    assert summary.count == 4
    prompts = [prompt.summary for prompt in stage.model.prompts if not prompt.instructions]
    assert prompts == ["", "", "", "They greeted."]
    assert len(await stage.store.history("abc")) == 8


async def test_summary_goes_with_an_answer_that_is_deleted():
    """The next prompt has none of it."""
    stage = Summarising()
    await stage.session()
    for number in range(3):
        await stage.turn(f"q{number}")
    gone = (await stage.store.history("abc"))[1]["response_id"]
    await stage.removal.response("user", gone)
    assert await stage.summary() is None
    await read(await stage.ask("q3"))
    assert [prompt.summary for prompt in stage.model.prompts if not prompt.instructions][-1] == ""


@pytest.mark.parametrize("said", [AssistantFailed("upstream_error", "no"), ValueError("a bug"), Finish(), " "])
async def test_failing_model_leaves_it_as_it_was(said):
    """What goes wrong there is nobody's trouble, and it is tried again behind the next turn."""
    stage = Summarising(said)
    await stage.session()
    for number in range(4):
        await stage.turn(f"q{number}")
    assert await stage.summary() is None
    assert len(stage.asked) == 2


async def test_what_is_deleted_meanwhile_is_not_kept_in_short():
    """The model has read it, and what it says of it is not kept."""
    thinks = asyncio.Event()
    stage = Summarising(thinks, "A secret.", Finish())
    await stage.session()
    for number in range(3):
        await read(await stage.ask(f"q{number}"))
    await until(lambda: stage.asked)
    await stage.store.edit_tree("abc", lambda tree: drop(tree, "msg_q0"))
    thinks.set()
    await asyncio.gather(*stage.summaries._tasks.values())
    assert await stage.summary() is None


async def test_another_summary_meanwhile_stays():
    """Whoever began with what is not there any more comes too late."""
    thinks = asyncio.Event()
    stage = Summarising(thinks, "Too late.", Finish())
    await stage.session()
    for number in range(3):
        await read(await stage.ask(f"q{number}"))
    await until(lambda: stage.asked)
    other = Summary("In time.", "msg_q0", 1)
    await stage.store.update("abc", lambda record: replace(record, summary=other))
    thinks.set()
    await asyncio.gather(*stage.summaries._tasks.values())
    assert await stage.summary() == other


async def test_one_at_a_time_in_each_session():
    """A turn that ends meanwhile begins no second one."""
    stage = Summarising(asyncio.Event())
    await stage.session()
    for number in range(5):
        await read(await stage.ask(f"q{number}"))
    await until(lambda: stage.asked)
    assert len(stage.summaries._tasks) == len(stage.asked) == 1
    await stage.summaries.close()
    assert stage.model.released == 6
    assert stage.summaries._tasks == {}


async def test_session_deleted_meanwhile_is_no_fault(caplog):
    """Nobody hears of it."""
    thinks = asyncio.Event()
    stage = Summarising(thinks, "They greeted.", Finish())
    await stage.session()
    for number in range(3):
        await read(await stage.ask(f"q{number}"))
    await until(lambda: stage.asked)
    await stage.store.delete("abc")
    thinks.set()
    await asyncio.gather(*stage.summaries._tasks.values())
    assert not [entry for entry in caplog.records if entry.levelname == "ERROR"]
