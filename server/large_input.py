"""What a request with much in images asks for, read without holding up everybody else.

Rule: images of more than 256 KiB in all are decoded and named in a thread, piece by piece, while the loop goes on; what
is smaller takes less time than the way to a thread and back.

**Cancellation**: nothing has changed yet; the thread goes on to its end, for nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from persistence import Message
from server.image_limits import ImageLimits
from server.turn_request import TurnRequest
from server.wire_images import Attachments
from server.wire_input import input_messages, turn_request
from server.wire_requests import CreateResponse, InputItem

T = TypeVar("T")

_LARGE_CHARS = 256 << 10
"""Of all addresses of images together."""


async def read_turn(frame: CreateResponse, limits: ImageLimits) -> TurnRequest:
    """See `turn_request`."""
    items = [] if isinstance(frame.input, str) else frame.input
    return await _read(items, lambda: turn_request(frame, limits))


async def read_items(items: Sequence[InputItem], attachments: Attachments) -> Sequence[Message]:
    """See `input_messages`; the items of a conversation that is created."""
    return await _read(items, lambda: input_messages(items, "items", attachments))


async def _read(items: Sequence[InputItem], read: Callable[[], T]) -> T:
    return await asyncio.to_thread(read) if _image_chars(items) > _LARGE_CHARS else read()


def _image_chars(items: Sequence[InputItem]) -> int:
    parts = [part for item in items if isinstance(item.content, list) for part in item.content]
    return sum(len(part.image_url) for part in parts if part.image_url is not None)
