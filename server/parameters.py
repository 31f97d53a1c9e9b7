"""Whether an assistant can do what a turn asks of it. Pure.

Rule: what would change the answer and cannot be honoured is refused before anything happens, never passed over.
"""

from server.assistants.base import Assistant, Parameter
from server.errors import ApiError
from server.turn import TurnRequest


def check_parameters(request: TurnRequest, assistant: Assistant, model: str) -> None:
    """Whether the assistant honours all that the request says.

    Raises:
        ApiError: `unsupported_parameter`.
    """
    asked = ((Parameter.EFFORT, request.effort), (Parameter.FORMAT, request.output_format))
    for parameter, value in asked:
        if value is not None and parameter not in assistant.honours:
            message = f"the model {model} cannot honour it; leave it out, or choose another model"
            raise ApiError(400, "unsupported_parameter", message, parameter.value)
