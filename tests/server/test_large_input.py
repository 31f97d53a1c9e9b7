"""Where requests with images are read."""

import threading

import pytest

from persistence import images
from server import wire_images
from server.errors import ApiError
from server.image_limits import ImageLimits
from server.large_input import read_items, read_turn
from server.wire_images import Attachments
from server.wire_requests import CreateResponse, InputItem, decode_body
from tests.server.pictures import PNG, picture, question

LARGE = PNG + bytes(256 << 10)


@pytest.fixture
def named_in(monkeypatch):
    """The threads in which images are named."""
    threads: list[threading.Thread] = []

    def image_name(data, media_type):
        threads.append(threading.current_thread())
        return images.image_name(data, media_type)

    monkeypatch.setattr(wire_images, "image_name", image_name)
    return threads


@pytest.mark.parametrize(("data", "is_apart"), [(PNG, False), (LARGE, True)])
async def test_large_images_are_read_in_a_thread(named_in, data, is_apart):
    """A large image leaves the loop free, a small one takes no thread; what comes of them is the same."""
    frame = decode_body({"input": question("Look", picture(data))}, CreateResponse)
    request = await read_turn(frame, ImageLimits())
    attachments = Attachments()
    assert not isinstance(frame.input, str)
    [message] = await read_items(frame.input, attachments)
    assert request.messages[0]["images"] == message["images"]
    assert list(request.images.values()) == list(attachments.data.values()) == [data]
    assert [thread is not threading.main_thread() for thread in named_in] == [is_apart] * 2


async def test_refusal_in_a_thread_is_the_same():
    """What is wrong with a large image is said as it is of a small one."""
    with pytest.raises(ApiError) as refused:
        await read_items([decode_body(one, InputItem) for one in question(picture(b"x" + LARGE))], Attachments())
    assert (refused.value.code, refused.value.param) == ("invalid_value", "items[0].content[0].image_url")
