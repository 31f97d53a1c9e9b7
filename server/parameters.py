"""Whether an assistant can do what a turn asks of it. Pure.

Rule: what would change the answer and cannot be honoured is refused before anything happens, never passed over. Who
wants to know ahead what is honoured reads it with the model's name.
"""

from collections.abc import Sequence

from persistence.model import Message
from server.assistants.base import Assistant, Parameter
from server.assistants.tool_calls import OUTPUT_ROLE, calls_of
from server.errors import ApiError
from server.turn_request import TurnRequest


def check_parameters(request: TurnRequest, assistant: Assistant, model: str) -> None:
    """Whether the assistant honours all that the request says.

    Raises:
        ApiError: `unsupported_parameter`.
    """
    asked = (
        (Parameter.INSTRUCTIONS, request.instructions or None),
        (Parameter.TEMPERATURE, _changed(request.temperature)),
        (Parameter.TOP_P, _changed(request.top_p)),
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


def parameters_of(assistant: Assistant) -> list[str]:
    """What a turn may ask of an assistant, by its names on the wire; each of them keeps to a limit of tokens."""
    honoured = [parameter.value for parameter in Parameter if parameter in assistant.honours]
    return [*honoured, "max_output_tokens", *(["verbatim:continue"] if assistant.continues else [])]


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


def _changed(value: float | None) -> float | None:
    """What is asked of a number that is 1 where nobody says anything: to say just that changes nothing."""
    return None if value == 1 else value
