"""What an assistant is told of a turn.

Rule: it is all that an assistant may know for one reply. Where nothing may be kept it gets no memory to write into.
"""

from collections.abc import Sequence

from persistence import LongTermMemory, Message, Record
from server.assistants.base import Prompt
from server.turn import Turn


async def make_prompt(
    turn: Turn, history: Sequence[Message], memory: LongTermMemory, record: Record | None = None
) -> Prompt:
    """The prompt of a turn whose question is the last message of the history.

    Args:
        record: The session's; None where nothing is kept.

    Raises:
        PersistenceError: What is known of the user cannot be read.
    """
    request = turn.request
    return Prompt(
        model=turn.model,
        session_id=turn.session_id,
        history=history,
        summary=summary_of(record, history),
        may_leave_out=request.may_leave_out,
        prefix=turn.text,
        facts=await memory.facts(),
        memory=memory if request.kept else None,
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
