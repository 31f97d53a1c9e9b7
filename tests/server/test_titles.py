"""Conversations get their names behind everybody's back."""

import asyncio
from dataclasses import replace

import pytest

from server.assistants.base import Finish
from server.errors import AssistantFailed
from server.live import SessionChanged
from server.models import Models
from server.titles import Titles
from tests.server.doubles import READ_ONLY, RecordingStore, ScriptedAssistant, until
from tests.server.stage import Stage, read


class Namer(ScriptedAssistant):
    """A model that answers, and names conversations with what it is told to say then."""

    def __init__(self, *says: object) -> None:
        super().__init__()
        self.says = says

    async def reply(self, prompt):
        self.script = self.says if prompt.instructions else ()
        async for piece in super().reply(prompt):
            yield piece


class Naming(Stage):
    """A stage whose conversations are named."""

    def __init__(self, *says: object, asks_models: bool = True, store: RecordingStore | None = None) -> None:
        namer = Namer(*(says or ("A better name", Finish())))
        super().__init__(store, assistant=namer)
        self.namer = namer
        self.titles = Titles(self.store, Models([namer]), self.conductor.tell_changed, asks_models=asks_models)
        self.conductor.on_ended.append(self.titles.turn_ended)

    async def turn(self, text: str = "What is tea?") -> None:
        """A turn, and the naming that follows from it."""
        await read(await self.ask(text))
        while tasks := [task for task in asyncio.all_tasks() if task.get_name().startswith(("title", "resp"))]:
            await asyncio.wait(tasks)

    async def metadata(self) -> dict[str, object]:
        return (await self.store.record("abc")).metadata


async def test_first_words_are_the_title():
    """A session without a title has one when its first turn has ended; whoever listens is told."""
    stage = Naming(asks_models=False)
    await stage.session()
    await stage.turn("What is *tea*?")
    assert await stage.metadata() == {"title": "What is tea?", "title_source": "words"}
    told = [news.record.metadata for news in stage.heard if isinstance(news, SessionChanged)]
    assert told[-1]["title"] == "What is tea?"
    assert [prompt.instructions for prompt in stage.namer.prompts] == [None]


async def test_model_names_it_after_the_first_turn_only():
    """The model is shown the first turn, and is not asked again behind the second."""
    stage = Naming()
    await stage.session()
    await stage.turn()
    await stage.turn("And coffee?")
    assert await stage.metadata() == {"title": "A better name", "title_source": "model"}
    asked = [prompt for prompt in stage.namer.prompts if prompt.instructions]
    assert [prompt.history[-1]["content"] for prompt in asked] == [
        "user: What is tea?\n\nassistant: You said: What is tea?"
    ]


async def test_model_that_thinks_before_it_names_has_room_for_it():
    """Some think at length, and are cut at the limit before they have said a word."""

    class Thinker(Namer):
        async def reply(self, prompt):
            self.says = ("Tea at length", Finish()) if (prompt.max_output_tokens or 0) > 900 else (Finish("length"),)
            async for piece in super().reply(prompt):
                yield piece

    stage = Naming()
    stage.namer.reply = Thinker().reply  # type: ignore[method-assign]
    await stage.session()
    await stage.turn()
    assert await stage.metadata() == {"title": "Tea at length", "title_source": "model"}


@pytest.mark.parametrize("said", [AssistantFailed("upstream_error", "no"), ValueError("a bug"), Finish()])
async def test_failing_model_leaves_the_words(said):
    """What goes wrong there is nobody's trouble, and it is not tried behind each later turn."""
    stage = Naming(said)
    await stage.session()
    await stage.turn()
    await stage.turn("again")
    assert await stage.metadata() == {"title": "What is tea?", "title_source": "words"}
    assert len([prompt for prompt in stage.namer.prompts if prompt.instructions]) == 1


async def test_name_given_meanwhile_stays():
    """A person who names the session while the model thinks has the last word."""
    thinks = asyncio.Event()
    stage = Naming(thinks, "Too late", Finish())
    await stage.session()
    await read(await stage.ask("What is tea?"))
    await until(lambda: stage.namer.prompts[-1].instructions)
    await stage.store.update("abc", lambda record: replace(record, metadata={"title": "Mine"}))
    thinks.set()
    await stage.turn("more")
    assert await stage.metadata() == {"title": "Mine"}


@pytest.mark.parametrize("asks_models", [False, True])
async def test_session_deleted_meanwhile_and_a_disk_that_refuses_are_no_faults(asks_models, caplog):
    """Nobody hears of it but the log."""
    caplog.set_level("INFO")
    stage = Naming(asks_models=asks_models, store=RecordingStore())
    await stage.session()
    await stage.turn()
    turn = (await stage.ask("x")).turn
    record = replace(await stage.store.record("abc"), metadata={})
    await stage.store.delete("abc")
    stage.titles.turn_ended(turn, record)
    await asyncio.gather(*stage.titles._tasks)
    await stage.session()
    await stage.store.append("abc", [{"role": "user", "content": "hi"}])

    async def refuses(*_):
        raise READ_ONLY

    stage.store.update = refuses  # type: ignore[method-assign]
    stage.titles.turn_ended(turn, record)
    await asyncio.gather(*stage.titles._tasks)
    assert "keeps its title" in caplog.text
    assert not [entry for entry in caplog.records if entry.levelname == "ERROR"]


async def test_close_names_nothing_any_more():
    """A model that still thinks is let go."""
    stage = Naming(asyncio.Event())
    await stage.session()
    await read(await stage.ask("What is tea?"))
    await until(lambda: stage.namer.prompts[-1].instructions)
    await stage.titles.close()
    assert stage.namer.released == 2
