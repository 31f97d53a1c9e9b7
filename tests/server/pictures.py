"""Small images as clients send them."""

import base64
from typing import Any

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One pixel."""
GIF = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")


def url_of(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def picture(data: bytes = PNG, media_type: str = "image/png", **more: Any) -> dict[str, Any]:
    """A part with an image."""
    return {"type": "input_image", "image_url": url_of(data, media_type), **more}


def question(*parts: str | dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The input of a message with these parts."""
    said = [{"type": "input_text", "text": part} if isinstance(part, str) else part for part in parts]
    return [{"type": "message", "role": "user", "content": said, **more}]
