"""The parts of a content: text, and in a user's message images. Pure."""

from collections.abc import Sequence

from persistence.images import Image
from server.errors import ApiError
from server.wire_images import Attachments
from server.wire_requests import Part

_TEXT_PARTS = ("input_text", "output_text", "text")


def read_text(parts: Sequence[Part], field: str) -> str:
    """Their text.

    Raises:
        ApiError: A part is no text.
    """
    return "".join(_text(part, f"{field}[{position}]", "input_text") for position, part in enumerate(parts))


def read_parts(parts: Sequence[Part], field: str, attachments: Attachments) -> tuple[str, list[Image]]:
    """The text and the images of a user's message, each in their order.

    Raises:
        ApiError: A part is neither, or there are too many images.
    """
    texts: list[str] = []
    images: list[Image] = []
    for position, part in enumerate(parts):
        where = f"{field}[{position}]"
        if part.type != "input_image":
            texts.append(_text(part, where, "input_text or input_image"))
        elif len(images) == (most := attachments.limits.images):
            raise ApiError(400, "invalid_value", f"expected at most {most} images in a message", where)
        else:
            images.append(attachments.take(part, where))
    return "".join(texts), images


def _text(part: Part, where: str, expected: str) -> str:
    if part.type not in _TEXT_PARTS:
        message = f"got {part.type!r:.100}, expected {expected}"
        raise ApiError(400, "unsupported_parameter", message, f"{where}.type")
    if part.text is None:
        raise ApiError(400, "missing_required_parameter", "expected a string", f"{where}.text")
    return part.text
