"""What an assistant is asked, as far as the turn says it. Pure.

Rule: what is known of the user comes from memory (`memories.py`).
"""

from collections.abc import Sequence

from persistence import Message, Record
from server.assistants.base import ImageReader, Prompt, Searcher
from server.turn import Turn


def make_prompt(
    turn: Turn,
    history: Sequence[Message],
    record: Record | None = None,
    images: ImageReader | None = None,
    search: Searcher | None = None,
) -> Prompt:
    """The prompt of a turn whose question is the last message of the history.

    Args:
        record: The session's; None where nothing is kept.
        images: Reads the images of the history.
        search: Looks something up in the user's sessions.
    """
    request = turn.request
    return Prompt(
        model=turn.model,
        session_id=turn.session_id,
        history=history,
        images=images,
        search=search,
        summary=summary_of(record, history),
        may_leave_out=request.may_leave_out,
        prefix=turn.text,
        instructions=request.instructions,
        temperature=request.temperature,
        top_p=request.top_p,
        max_output_tokens=request.max_output_tokens,
        effort=request.effort,
        output_format=request.output_format,
        tool_use=request.tool_use,
    )


def summary_of(record: Record | None, history: Sequence[Message]) -> str:
    """The text of the summary that stands for the beginning of this path; empty where there is none."""
    summary = record.of(history).summary if record else None
    return summary.text if summary else ""
