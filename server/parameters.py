"""Whether an assistant can do what a turn asks of it. Pure.

Rule: what would change the answer and cannot be honoured is refused before anything happens, never passed over.
"""

from collections.abc import Sequence

from persistence.model import Message
from server.assistants.base import Assistant, Parameter
from server.assistants.tool_calls import OUTPUT_ROLE, calls_of
from server.errors import ApiError
from server.turn import TurnRequest


def check_parameters(request: TurnRequest, assistant: Assistant, model: str) -> None:
    """Whether the assistant honours all that the request says.

    Raises:
        ApiError: `unsupported_parameter`.
    """
    asked = (
        (Parameter.EFFORT, request.effort),
        (Parameter.FORMAT, request.output_format),
        (Parameter.TOOLS, request.tool_use),
    )
    for parameter, value in asked:
        if value is not None and parameter not in assistant.honours:
            message = f"the model {model} cannot honour it; leave it out, or choose another model"
            raise ApiError(400, "unsupported_parameter", message, parameter.value)
    if request.image_field and not assistant.takes_images(model):
        message = f"the model {model} takes no images; leave it out, or choose a model with verbatim:images"
        raise ApiError(400, "unsupported_parameter", message, request.image_field)


def check_outputs(request: TurnRequest, history: Sequence[Message]) -> None:
    """Whether what tools gave belongs to calls that are in the history.

    Raises:
        ApiError: `invalid_value`.
    """
    given = [message.get("call_id") for message in request.messages if message["role"] == OUTPUT_ROLE]
    if not given:
        return
    called = {call.call_id for message in history for call in calls_of(message)}
    for call_id in given:
        if call_id not in called:
            message = f"no function call {call_id!r:.100} in this conversation; expected the call ahead of its output"
            raise ApiError(400, "invalid_value", message, "input")
