"""What the scribe says. Pure: from messages and facts to Markdown.

Rules: whole sentences; the user's words are quoted exactly, and what is left out of a quotation is said outside of it;
nothing here sounds as if a model had thought.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from persistence import Fact, Hit, Message, PersistenceError

from .quotation import blockquote, bullet, inline
from .word_search import find_words

MAX_QUOTED = 20
"""Messages in one recap or search; the latest ones."""
MAX_QUOTE_CHARS = 1_200
"""Of one message."""
MAX_ELSEWHERE = 5
"""Messages of other sessions; the latest ones. The search has them all."""

INTRODUCTION = (
    "I am **Scribe**, Verbatim's built-in assistant: no language model, only a few rules that work without one."
)
CONNECT = (
    "To talk with a model, start the server with the address of any OpenAI-compatible one, for example "
    "`VERBATIM_UPSTREAM_URL=http://127.0.0.1:11434/v1` for Ollama."
)
ABILITIES = """Here is what you can ask of me:

- “remember that …”, “what do you remember?”, and “forget that …”
- “recap”, for what you have written in this session
- “what did I say about …?”, for your own words about something, in other sessions too"""

NOTHING_KEPT = "Nothing can be kept in this chat, so there is nothing that I could remember or forget."
REMEMBER_WHAT = "Tell me what to remember, for example: “remember that the meeting is on Friday”."
FORGET_WHAT = "Tell me what to forget, for example: “forget that the meeting is on Friday”."
QUOTE_WHAT = "Tell me which words to look for, for example: “what did I say about the meeting?”"
UNREADABLE = (
    "I cannot read what I remember about you, so I have neither learned nor forgotten anything. It stays as it is; "
    "whoever runs this server finds the reason in its log."
)
NOTHING_REMEMBERED = "I remember nothing about you yet. Write “remember that …”, and I will."


def not_understood(kept: bool) -> str:
    """For a message that fits nothing."""
    words = "Your words are kept, exactly as you wrote them." if kept else "Nothing of this chat is kept."
    return f"I did not understand that as something that I can do. {words}\n\n{ABILITIES}"


def remembered(fact: Fact) -> str:
    return f"I will remember this, in every session of yours:\n\n{blockquote(fact.text)}"


def known_already(fact: Fact) -> str:
    return f"I remember this already:\n\n{blockquote(fact.text)}"


def remembered_instead(fact: Fact) -> str:
    return f"{remembered(fact)}\n\nIt takes the place of what I remembered until now; Memory shows that as its history."


def not_remembered(error: PersistenceError) -> str:
    return f"I have not remembered this: {error}."


def listed(facts: Sequence[Fact]) -> str:
    return f"I remember {_count(len(facts), 'thing')} about you:\n\n{_bullets(facts)}"


def listed_about(words: str, facts: Sequence[Fact]) -> str:
    if not facts:
        return f"I remember nothing about “{inline(words)}”. “What do you remember?” shows all that I do."
    return f"About “{inline(words)}” I remember {_count(len(facts), 'thing')}:\n\n{_bullets(facts)}"


def forgotten(facts: Sequence[Fact]) -> str:
    return f"I have forgotten this:\n\n{blockquote(facts[0].text)}"


def forgotten_all(count: int) -> str:
    return f"I have forgotten everything that I remembered about you: {_count(count, 'thing')}."


def surely_all(count: int) -> str:
    return (
        f"That would forget everything that I remember about you: {_count(count, 'thing')}. "
        "If you are sure, write “yes, forget everything”."
    )


def which_one(words: str, facts: Sequence[Fact]) -> str:
    question = "Which one shall I forget? Write “forget that …” with more of its words."
    return f"{_count(len(facts), 'thing')} that I remember fit “{inline(words)}”:\n\n{_bullets(facts)}\n\n{question}"


def none_fits(words: str) -> str:
    return f"Nothing that I remember fits “{inline(words)}”, so I have forgotten nothing."


def recap(history: Sequence[Message]) -> str:
    """What the user wrote in this session; the history ends before the question."""
    mine = _numbered(history)
    if not mine:
        return "This session has only just begun: you have written nothing before this."
    answers = sum(message["role"] == "assistant" and bool(message["content"]) for message in history)
    opening = f"So far you have written {_count(len(mine), 'message')} here and had {_count(answers, 'answer')}."
    return _quoted(f"{opening} These are your words", mine)


def quoted(words: str, history: Sequence[Message]) -> str:
    """What the user wrote about something in this session; the history ends before the question."""
    hits = [(number, text) for number, text in _numbered(history) if find_words(words, text, loose=True) is not None]
    if not hits:
        return f"In this session you have written nothing about “{inline(words)}” before."
    return _quoted(f"You wrote about “{inline(words)}” in {_count(len(hits), 'message')}", hits, words)


def quoted_elsewhere(hits: Sequence[Hit]) -> str:
    """What the user wrote in other sessions, as the search shows it, the newest first; there is at least one hit."""
    where = "In other sessions" if len(hits) > 1 else "In another session"
    left_out = f"; these are the latest {MAX_ELSEWHERE}" if len(hits) > MAX_ELSEWHERE else ""
    return "\n\n".join([f"{where} you wrote about it too{left_out}:", *map(_quote_hit, hits[:MAX_ELSEWHERE])])


def _quote_hit(hit: Hit) -> str:
    day = datetime.fromtimestamp(hit.place.at_us / 1_000_000, UTC).date()
    return f"On {day}:\n\n{blockquote(''.join(piece.text for piece in hit.snippet))}"


def _numbered(history: Sequence[Message]) -> list[tuple[int, str]]:
    mine = [message["content"] for message in history if message["role"] == "user" and message["content"]]
    return list(enumerate(mine, 1))


def _quoted(opening: str, messages: Sequence[tuple[int, str]], words: str = "") -> str:
    shown = messages[-MAX_QUOTED:]
    left_out = f", without the first {len(messages) - len(shown)}" if len(shown) < len(messages) else ""
    return "\n\n".join([f"{opening}{left_out}:", *(_quote(number, text, words) for number, text in shown)])


def _quote(number: int, text: str, words: str) -> str:
    if len(text) <= MAX_QUOTE_CHARS:
        return f"Message {number}:\n\n{blockquote(text)}"
    at = find_words(words, text, loose=True) or 0
    begin = max(0, min(at - MAX_QUOTE_CHARS // 2, len(text) - MAX_QUOTE_CHARS))
    part = text[begin : begin + MAX_QUOTE_CHARS]
    return f"Message {number}, {len(part)} of its {len(text)} characters:\n\n{blockquote(part)}"


def _bullets(facts: Sequence[Fact]) -> str:
    return "\n".join(bullet(fact.text) for fact in facts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
