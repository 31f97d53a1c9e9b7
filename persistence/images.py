"""Images that stand beside a session's file: what they are, what they are called, what messages say of them. Pure.

Rule: an image is named by its bytes, so a session keeps it once, however often it is shown there. What a message says
of its images is believed as far as it could have been written here: a file may come from elsewhere.
Source: FORMAT.md, "Images".
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from persistence.model import Message

IMAGES = "images"
"""The folder in a data directory that has a folder for each session with images."""

NO_IMAGES: Mapping[str, bytes] = {}

_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_MEDIA_TYPES = {suffix: media_type for media_type, suffix in _SUFFIXES.items()}
MEDIA_TYPES = tuple(_SUFFIXES)
"""What can be kept."""

_NAME = re.compile(rf"[0-9a-f]{{64}}\.(?:{'|'.join(_MEDIA_TYPES)})")
_BEGINNINGS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a message.

    Attributes:
        file: Its name in the session's folder of images.
        size: How many bytes it has, as far as the message says so.
        detail: How closely a model is to look at it, `low` or `high`; None leaves it to the model.
    """

    file: str
    size: int = 0
    detail: str | None = None

    @property
    def media_type(self) -> str:
        return media_type_of_name(self.file)

    def fields(self) -> dict[str, Any]:
        """What a message says of it."""
        said: dict[str, Any] = {"file": self.file, "media_type": self.media_type, "bytes": self.size}
        return {**said, "detail": self.detail} if self.detail else said


def media_type_of(data: bytes) -> str | None:
    """What kind of image the bytes begin as; None: none that can be kept."""
    return next((media_type for beginning, media_type in _BEGINNINGS if beginning.match(data)), None)


def image_name(data: bytes, media_type: str) -> str:
    """The name of the image that has these bytes."""
    return f"{hashlib.sha256(data).hexdigest()}.{_SUFFIXES[media_type]}"


def is_image_name(name: str) -> bool:
    """Whether the text may name an image, and so a file."""
    return _NAME.fullmatch(name) is not None


def media_type_of_name(name: str) -> str:
    """The media type of the image with this name."""
    return _MEDIA_TYPES[name.rpartition(".")[2]]


def images_of(message: Message) -> list[Image]:
    """The images of a message, in their order."""
    said: Any = message.get("images")
    entries = (entry for entry in said if isinstance(entry, dict)) if isinstance(said, list) else ()
    return [_image(entry) for entry in entries if isinstance(entry.get("file"), str) and is_image_name(entry["file"])]


def image_names(messages: Iterable[Message]) -> set[str]:
    """The names of all images that messages have."""
    return {image.file for message in messages if "images" in message for image in images_of(message)}


def _image(entry: dict[str, Any]) -> Image:
    size, detail = entry.get("bytes"), entry.get("detail")
    return Image(entry["file"], size if type(size) is int else 0, detail if detail in ("low", "high") else None)
