"""The parts of a content, which have to be text. Pure."""

from collections.abc import Sequence

from server.errors import ApiError
from server.wire_requests import Part

_TEXT_PARTS = ("input_text", "output_text", "text")


def read_text(parts: Sequence[Part], field: str) -> str:
    """Their text.

    Raises:
        ApiError: A part is no text.
    """
    for position, part in enumerate(parts):
        if part.type not in _TEXT_PARTS:
            raise ApiError(
                400,
                "unsupported_parameter",
                f"got {part.type!r:.100}, expected input_text",
                f"{field}[{position}].type",
            )
        if part.text is None:
            raise ApiError(400, "missing_required_parameter", "expected a string", f"{field}[{position}].text")
    return "".join(part.text or "" for part in parts)
