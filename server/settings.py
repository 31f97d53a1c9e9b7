"""What a turn takes from what its user has chosen. Pure.

Rule: what a request says goes before what is chosen for its session, and that before what is chosen for all. What is
only chosen, and not said, never makes a request fail: where the assistant does not honour it, it is left out.
Source: PROTOCOL.md, "Settings".
"""

from dataclasses import replace

from persistence.settings import Settings
from server.assistants.base import Assistant, Parameter
from server.turn_request import TurnRequest

_HONOURED_BY_SOME = {parameter.value: parameter for parameter in Parameter}


def with_settings(request: TurnRequest, chosen: Settings, assistant: Assistant) -> TurnRequest:
    """The request, with what is chosen where it says nothing."""
    said = Settings(request.instructions, None, request.temperature, request.max_output_tokens)
    taken = said.over(fitting(chosen, assistant))
    if taken == said:
        return request
    return replace(
        request,
        instructions=taken.instructions,
        temperature=taken.temperature,
        max_output_tokens=taken.max_output_tokens,
    )


def fitting(chosen: Settings, assistant: Assistant) -> Settings:
    """What the assistant honours of it; of models and of names that are not ours it says nothing."""
    refused = [
        name
        for name in ("instructions", "temperature", "max_output_tokens")
        if (parameter := _HONOURED_BY_SOME.get(name)) and parameter not in assistant.honours
    ]
    return Settings(chosen.instructions, None, chosen.temperature, chosen.max_output_tokens).without(*refused)
