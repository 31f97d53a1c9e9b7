"""The images that go to a model. Pure.

Rule: the latest ones go, so many and so large at the most; in the place of every other one stands a short text, also
where the model takes none. What goes is known when it has been read: a file may be gone.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from persistence import Message
from persistence.images import Image, images_of

TOKENS_PER_IMAGE = 1_000
"""About as many as models take for one: some 85 to 1,600, by its size and theirs."""
NOT_SHOWN = "[An image that is not shown here.]"

DataUrls = Mapping[str, str]
"""By name, the images that go."""


def latest_images(history: Sequence[Message], most: int, most_bytes: int) -> Iterator[str]:
    """The names of the images that are to go, the latest first, each once."""
    seen: set[str] = set()
    for at in range(len(history) - 1, -1, -1):
        for image in reversed(images_of(history[at])) if "images" in history[at] else ():
            if image.file in seen:
                continue
            most_bytes -= image.size
            if len(seen) == most or most_bytes < 0:
                return
            seen.add(image.file)
            yield image.file


def data_url(name: str, data: bytes) -> str:
    """The image as a model server takes it."""
    return f"data:{Image(name).media_type};base64,{base64.b64encode(data).decode()}"


def content_of(message: Message, urls: DataUrls) -> str | list[dict[str, Any]]:
    """A message's content for a model: its text, or parts where an image goes with it."""
    images = images_of(message)
    shown = [_part(image, urls[image.file]) for image in images if image.file in urls]
    texts = [text for text in (message["content"], *([NOT_SHOWN] * (len(images) - len(shown)))) if text]
    text = "\n\n".join(texts)
    return [*_text_parts(text), *shown] if shown else text


def joined(first: str | list[dict[str, Any]], then: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Two contents as one."""
    if isinstance(first, str) and isinstance(then, str):
        return f"{first}\n\n{then}"
    return [*_as_parts(first), *_as_parts(then)]


def _as_parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return _text_parts(content) if isinstance(content, str) else content


def _text_parts(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _part(image: Image, url: str) -> dict[str, Any]:
    shown = {"url": url, "detail": image.detail} if image.detail else {"url": url}
    return {"type": "image_url", "image_url": shown}
