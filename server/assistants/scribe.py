"""The built-in assistant: it needs no model, and never claims to be one.

Rules: it answers from what the user wrote, in the user's sessions and the facts kept for the user, and from nothing
else; it forgets a fact only where the words leave no doubt which one, and everything only when told so twice. Who asks
what it remembers is shown that while memory is switched off, too: it is theirs to see. It obeys the user, and no tool.
"""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress

from persistence import Fact, FactNotFound, How, Learned, LongTermMemory, MemoryUnreadable, PersistenceError
from persistence.fact_text import key

from . import scribe_answers as answers
from .base import Delta, Finish, Parameter, Prompt
from .scribe_intents import Intent, Kind, read_intent
from .word_search import find_words

_Answer = tuple[str, Sequence[Fact]]
"""What it says, and the facts that it was made from."""

_PIECE = re.compile(r"\S+\s*|^\s+")


class Scribe:
    """Answers by rule. Keeps nothing between replies.

    It goes on with no answer: what it was to remember or forget would be done twice.

    **Cancellation**: what was to be forgotten is done before the first piece of the answer.
    """

    name = "scribe"
    continues = False
    honours = frozenset[Parameter]()
    is_model = False

    async def models(self) -> Sequence[str]:
        """Its one name."""
        return ("scribe",)

    def takes_images(self, model: str) -> bool:
        """It sees nothing."""
        return False

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | Finish, None]:
        """Answers word by word, a word being a token for `max_output_tokens`."""
        text, facts = await _answer(prompt)
        pieces = _PIECE.findall(text)
        limit = len(pieces) if prompt.max_output_tokens is None else prompt.max_output_tokens
        for piece in pieces[:limit]:
            yield Delta(piece)
        yield Finish("stop" if len(pieces) <= limit else "length", facts=facts)

    async def close(self) -> None:
        """Nothing to give back."""


async def _answer(prompt: Prompt) -> _Answer:
    last = prompt.history[-1]
    intent = read_intent(last["content"]) if last["role"] == "user" else Intent(Kind.UNKNOWN)
    is_first = not any(message["role"] in {"user", "assistant"} for message in prompt.history[:-1])
    introduction = f"{answers.INTRODUCTION} {answers.CONNECT}"
    if intent.kind is Kind.HELP or (is_first and intent.kind is Kind.UNKNOWN):
        return f"{introduction}\n\n{answers.ABILITIES}", ()
    if intent.kind is Kind.CONNECT:
        return introduction, ()
    answer, facts = await _answer_intent(intent.kind, intent.words, prompt)
    return f"{introduction}\n\n{answer}" if is_first else answer, facts


async def _answer_intent(kind: Kind, words: str, prompt: Prompt) -> _Answer:
    before = prompt.history[:-1]
    if kind is Kind.RECAP:
        return answers.recap(before), ()
    if kind is Kind.QUOTE:
        return await _quoted(words, prompt) if words else answers.QUOTE_WHAT, ()
    if kind is Kind.UNKNOWN:
        return answers.not_understood(kept=prompt.memory is not None), ()
    if prompt.memory is None:
        return answers.NOTHING_KEPT, ()
    if kind is Kind.REMEMBER:
        return _remembered(prompt.learned)
    try:
        return await _WITH_MEMORY[kind](words, prompt.memory)
    except MemoryUnreadable:
        return answers.UNREADABLE, ()


async def _quoted(words: str, prompt: Prompt) -> str:
    """What the user wrote about something: here, and in other sessions, where that can be searched."""
    here = answers.quoted(words, prompt.history[:-1])
    found = await prompt.search(words) if prompt.search else ()
    others = [hit for hit in found if hit.role == "user" and hit.place.session_id != prompt.session_id]
    return f"{here}\n\n{answers.quoted_elsewhere(others)}" if others else here


def _remembered(learned: Learned | PersistenceError | None) -> _Answer:
    """What became of what was to be remembered: it is learned before the scribe is asked."""
    match learned:
        case None:
            return answers.REMEMBER_WHAT, ()
        case Learned(fact, How.NEW):
            return answers.remembered(fact), [fact]
        case Learned(fact, How.REPLACED):
            return answers.remembered_instead(fact), [fact]
        case Learned(fact):
            return answers.known_already(fact), [fact]
        case MemoryUnreadable():
            return answers.UNREADABLE, ()
        case refusal:
            return answers.not_remembered(refusal), ()


async def _list(words: str, memory: LongTermMemory) -> _Answer:
    facts = await memory.facts()
    if not facts:
        return answers.NOTHING_REMEMBERED, ()
    if words:
        fitting = [fact for fact in facts if find_words(words, fact.text, loose=True) is not None]
        return answers.listed_about(words, fitting), fitting
    return answers.listed(facts), facts


async def _forget(words: str, memory: LongTermMemory) -> _Answer:
    if not words:
        return answers.FORGET_WHAT, ()
    facts = await memory.facts()
    fitting = [fact for fact in facts if key(words) == key(fact.text)]
    if not fitting:
        fitting = [fact for fact in facts if find_words(words, fact.text) is not None]
        if len(fitting) > 1:
            return answers.which_one(words, fitting), fitting
    if not fitting:
        return answers.none_fits(words), ()
    for fact in fitting:
        with suppress(FactNotFound):  # Forgotten elsewhere in the meantime, which is what was asked for.
            await memory.forget(fact.id)
    return answers.forgotten(fitting), ()


async def _ask_whether_all(words: str, memory: LongTermMemory) -> _Answer:
    facts = await memory.facts()
    return answers.surely_all(len(facts)) if facts else answers.NOTHING_REMEMBERED, ()


async def _forget_all(words: str, memory: LongTermMemory) -> _Answer:
    gone = await memory.forget_all()
    return answers.forgotten_all(len(gone)) if gone else answers.NOTHING_REMEMBERED, ()


_WITH_MEMORY: dict[Kind, Callable[[str, LongTermMemory], Awaitable[_Answer]]] = {
    Kind.LIST: _list,
    Kind.FORGET: _forget,
    Kind.FORGET_ALL: _ask_whether_all,
    Kind.FORGET_ALL_SURELY: _forget_all,
}
