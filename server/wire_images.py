"""Images on the wire: those that come in a message's parts, and those that are shown in an item. Pure.

Rule: an image comes with its bytes, and is what it says that it is; nothing is fetched for anybody.
Source: PROTOCOL.md, "Images".
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from persistence.images import MEDIA_TYPES, Image, image_name, images_of, media_type_of
from persistence.model import Message
from server.errors import ApiError
from server.image_limits import ImageLimits
from server.wire_requests import Part

_DATA_URL = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,", re.IGNORECASE)
_PIECE_CHARS = 64 << 10
"""Four characters are three bytes, so it has to be a multiple of four."""
_EXPECTED = f"a URL such as data:image/png;base64,…, of one of {', '.join(MEDIA_TYPES)}"


@dataclass(slots=True)
class Attachments:
    """The images of one request, as they are read.

    Attributes:
        data: Their bytes by name.
        first: The field that has the first one; None: there is none.
    """

    limits: ImageLimits = field(default_factory=ImageLimits)
    data: dict[str, bytes] = field(default_factory=dict)
    first: str | None = None

    def take(self, part: Part, where: str) -> Image:
        """The image that a part brings.

        Raises:
            ApiError: It brings none that can be kept.
        """
        if part.file_id is not None:
            message = "files are not on offer; send the image itself as image_url"
            raise ApiError(400, "unsupported_parameter", message, f"{where}.file_id")
        if part.image_url is None:
            raise ApiError(400, "missing_required_parameter", f"expected {_EXPECTED}", f"{where}.image_url")
        data, media_type = self._decode(part.image_url, f"{where}.image_url")
        name = image_name(data, media_type)
        self.data[name] = data
        self.first = self.first or where
        return Image(name, len(data), None if part.detail == "auto" else part.detail)

    def _decode(self, url: str, where: str) -> tuple[bytes, str]:
        match = _DATA_URL.match(url)
        if not match:
            got = "got an address, and the server fetches nothing; " if url.startswith(("http:", "https:")) else ""
            raise ApiError(400, "invalid_value", f"{got}expected {_EXPECTED}", where)
        media_type, most = match[1].lower(), self.limits.image_bytes
        if media_type not in MEDIA_TYPES:
            raise ApiError(400, "invalid_value", f"got {media_type:.100}, expected {_EXPECTED}", where)
        if (len(url) - match.end()) // 4 * 3 > most + 2:
            raise ApiError(400, "invalid_value", f"expected an image of at most {most:,} bytes", where)
        try:
            data = _decoded(url, match.end())
        except (binascii.Error, ValueError) as error:
            raise ApiError(400, "invalid_value", f"expected base64: {error}", where) from error
        if len(data) > most:
            raise ApiError(400, "invalid_value", f"expected an image of at most {most:,} bytes", where)
        if (found := media_type_of(data)) != media_type:
            message = f"expected the bytes of {media_type}, got those of {found or 'something else'}"
            raise ApiError(400, "invalid_value", message, where)
        return data, media_type


def _decoded(url: str, start: int) -> bytes:
    """The bytes that stand in an address, decoded piece by piece: between two of them other threads have their turn."""
    starts = range(start, len(url), _PIECE_CHARS)
    pieces = [base64.b64decode(url[at : at + _PIECE_CHARS], validate=True) for at in starts]
    if any(len(piece) < _PIECE_CHARS // 4 * 3 for piece in pieces[:-1]):
        raise ValueError("it is padded before its end")
    return b"".join(pieces)


def image_path(session_id: str, name: str) -> str:
    """Where an image is to be had."""
    return f"/v1/conversations/{session_id}/images/{name}"


def image_parts(message: Message, session_id: str) -> list[dict[str, Any]]:
    """The parts of a message's item that show its images."""
    return [
        {"type": "input_image", "image_url": image_path(session_id, image.file), "detail": image.detail or "auto"}
        for image in images_of(message)
    ]
