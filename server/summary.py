"""What is said in short of messages that a model is not told any more. Pure.

Rule: a summary stands for the beginning of the shown path, up to one message; it is written from the one before and the
messages behind that, a portion of them at a time, each as much as fits into the smallest of models. It is never longer
than a record has room for.
Source: PROTOCOL.md, "Summaries".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from persistence.model import MAX_SUMMARY_CHARS, Message, Summary, message_id
from server.assistants.context_window import count_leading, text_tokens

INSTRUCTIONS = (
    "Summarise the conversation that follows, for an assistant that goes on with it and cannot see it any more. Where "
    "it begins with a summary of what was said before, put both into one. Keep names, numbers, decisions, what the "
    "user wants and what is still open; leave out greetings and what was settled on the way. At most 150 words, in the "
    "language of the conversation. Answer with the summary alone."
)

_PORTION_TOKENS = 1_500
_LONGEST_CHARS = 1_500
"""As much is read of one message."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What is summarised at once.

    Attributes:
        count: How many messages, from the history's beginning, the summary stands for then.
        text: What the model is to read; empty where nothing was said in them.
    """

    count: int
    text: str


def next_portion(history: Sequence[Message], before: Summary | None, count: int) -> Portion | None:
    """What is to be summarised next.

    Args:
        before: What is summarised already.
        count: How many messages, from the beginning, are to be in the end.

    Returns:
        None where nothing is left.
    """
    begun = max(before.count if before else 0, count_leading(history))
    if begun >= count:
        return None
    said = [f"Summary of what was said before: {before.text}"] if before else []
    used, at = 0, begun
    while at < count and used < _PORTION_TOKENS:
        message = history[at]
        if content := message["content"].strip():
            said.append(f"{message['role']}: {_shortened(content)}")
            used += text_tokens(said[-1])
        at += 1
    return Portion(at, "\n\n".join(said) if used else "")


def summary_said(answer: str, history: Sequence[Message], count: int) -> Summary | None:
    """The summary in a model's answer; None where there is none."""
    text = answer.strip()
    if len(text) > MAX_SUMMARY_CHARS:
        text = text[: MAX_SUMMARY_CHARS - 1].rstrip() + "…"
    return Summary(text, message_id(history[count - 1], count - 1), count) if text else None


def count_left_out(history: Sequence[Message], left_out: int) -> int:
    """How many messages from the beginning a model has not been told, with those that lead, which it was."""
    return min(count_leading(history) + left_out, len(history))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CHARS else text[:_LONGEST_CHARS] + "…"
