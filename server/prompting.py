"""What an assistant is asked, as far as the turn says it. Pure.

Rule: what is known of the user comes from memory (`memories.py`).
"""

from collections.abc import Sequence

from persistence import Message
from server.assistants.base import Prompt
from server.turn import Turn


def make_prompt(turn: Turn, history: Sequence[Message]) -> Prompt:
    """The prompt of a turn whose question is the last message of the history."""
    request = turn.request
    return Prompt(
        model=turn.model,
        session_id=turn.session_id,
        history=history,
        prefix=turn.text,
        instructions=request.instructions,
        temperature=request.temperature,
        top_p=request.top_p,
        max_output_tokens=request.max_output_tokens,
        effort=request.effort,
        output_format=request.output_format,
        tool_use=request.tool_use,
    )
