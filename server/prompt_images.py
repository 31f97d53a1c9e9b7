"""Where the images of a prompt come from.

Rule: a turn holds the bytes of its images until they are kept, and no longer; from then on they are read, one by one,
when a prompt is made. What is not kept has only what came with it.
"""

from dataclasses import replace
from functools import partial

from persistence import ImageNotFound, Store
from persistence.images import NO_IMAGES
from server.assistants.base import ImageReader
from server.turn import Turn


def image_reader(store: Store, turn: Turn) -> ImageReader:
    """Reads images for a turn whose question is kept, if it is to be; it lets go of their bytes."""
    came_along, turn.request = turn.request.images, replace(turn.request, images=NO_IMAGES)
    if turn.request.kept:
        return partial(store.image, turn.session_id)

    async def read(name: str) -> bytes:
        if name not in came_along:
            raise ImageNotFound(name)
        return came_along[name]

    return read
