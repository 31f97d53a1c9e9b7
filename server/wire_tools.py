"""Function tools on the wire, in our words: what is offered, what was called, what that gave. Pure.

Rule: calls that stand side by side, or behind an assistant's message, are that message's.
Source: PROTOCOL.md, "Function tools".
"""

from typing import Any

import orjson

from persistence.model import Message, new_id, now
from server.assistants.tool_calls import OUTPUT_ROLE, Tool, ToolCall, ToolUse
from server.errors import ApiError
from server.wire_parts import read_text
from server.wire_requests import CreateResponse, FunctionTool, InputItem


def tool_use(frame: CreateResponse) -> ToolUse | None:
    """What tools an answer may use; None where none is offered.

    Raises:
        ApiError: A tool is no function, or the choice is of none that is offered.
    """
    tools = tuple(_tool(tool, f"tools[{position}]") for position, tool in enumerate(frame.tools or ()))
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise ApiError(400, "invalid_value", "expected each name once", "tools")
    choice = frame.tool_choice or "auto"
    if not isinstance(choice, str):
        if choice.type != "function":
            message = f"got {choice.type!r:.100}, expected auto, none, required or a function"
            raise ApiError(400, "unsupported_parameter", message, "tool_choice.type")
        if choice.name not in names:
            raise ApiError(400, "invalid_value", "expected the name of one of the tools", "tool_choice.name")
        return ToolUse(tools, choice.name or "", True, frame.parallel_tool_calls)
    if not tools:
        if choice == "required":
            raise ApiError(400, "invalid_value", "expected tools, since one is required", "tool_choice")
        return None
    return ToolUse(tools, choice, False, frame.parallel_tool_calls)


def add_call(messages: list[Message], item: InputItem, where: str) -> None:
    """Puts a call into the assistant's message that is the last one, or into one of its own.

    Raises:
        ApiError: Something is missing of it.
    """
    for name in ("call_id", "name", "arguments"):
        _check_there(item, name, where)
    call = ToolCall(item.call_id or "", item.name or "", item.arguments or "")
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": "", "id": new_id("msg_"), "created_at": now()})
    messages[-1].setdefault("tool_calls", []).append(call.fields())


def output_message(item: InputItem, where: str) -> Message:
    """What a call gave, as a message.

    Raises:
        ApiError: Something is missing of it, or it is no text.
    """
    for name in ("call_id", "output"):
        _check_there(item, name, where)
    output = item.output if isinstance(item.output, str) else read_text(item.output or (), f"{where}.output")
    named = {"call_id": item.call_id or "", "id": new_id("msg_"), "created_at": now()}
    return {"role": OUTPUT_ROLE, "content": output, **named}  # type: ignore[typeddict-item]


def check_depth(value: Any, field: str) -> None:
    """Whether a schema can stand in events.

    Raises:
        ApiError: It nests too deep.
    """
    try:
        orjson.dumps([[[[[[[[value]]]]]]]])
    except orjson.JSONEncodeError as error:
        raise ApiError(400, "invalid_value", "expected a schema that nests less deep", field) from error


def _tool(tool: FunctionTool, where: str) -> Tool:
    if tool.type != "function":
        raise ApiError(400, "unsupported_parameter", f"got {tool.type!r:.100}, expected function", f"{where}.type")
    if tool.name is None:
        raise ApiError(400, "missing_required_parameter", "expected name", f"{where}.name")
    check_depth(tool.parameters, f"{where}.parameters")
    return Tool(tool.name, tool.description, tool.parameters, tool.strict)


def _check_there(item: InputItem, name: str, where: str) -> None:
    if getattr(item, name) is None:
        raise ApiError(400, "missing_required_parameter", f"expected {name}", f"{where}.{name}")
