"""Images on the wire: what is taken, what is refused, and what an item shows."""

from typing import Any

import pytest

from persistence.images import image_name
from server.errors import ApiError
from server.image_limits import ImageLimits
from server.wire_input import turn_request
from server.wire_objects import item_object
from server.wire_requests import CreateResponse, decode_body
from tests.server.pictures import GIF, PNG, picture, question, url_of

PIXEL = image_name(PNG, "image/png")
HERE = "input[0].content[0]"


def asked(items, limits=None):
    return turn_request(decode_body({"input": items}, CreateResponse), limits)


def test_message_with_images():
    """Text and images of a message come in their order; their bytes go beside it, each once."""
    parts: list[Any] = ["a", picture(), picture(GIF, "image/gif", detail="low"), "b", picture(detail="auto")]
    request = asked(question(*parts))
    [message] = request.messages
    assert message["content"] == "ab"
    assert [image["file"] for image in message["images"]] == [PIXEL, image_name(GIF, "image/gif"), PIXEL]
    assert [image.get("detail") for image in message["images"]] == [None, "low", None]
    assert request.images == {PIXEL: PNG, image_name(GIF, "image/gif"): GIF}
    assert request.image_field == "input[0].content[1]"


def test_message_without_text():
    """An image alone is a question; nothing at all is none."""
    assert asked(question(picture())).messages[0]["content"] == ""
    with pytest.raises(ApiError):
        asked(question(" "))


REFUSED = {
    "an address": (picture() | {"image_url": "https://example.org/a.png"}, "invalid_value", "image_url"),
    "a plain one": (picture() | {"image_url": "http://127.0.0.1/a.png"}, "invalid_value", "image_url"),
    "no address": ({"type": "input_image"}, "missing_required_parameter", "image_url"),
    "a file": ({"type": "input_image", "file_id": "file_1"}, "unsupported_parameter", "file_id"),
    "an svg": (picture(b"<svg/>", "image/svg+xml"), "invalid_value", "image_url"),
    "a page": (picture(b"<html>", "text/html"), "invalid_value", "image_url"),
    "a page that says it is one": (picture(b"<html>"), "invalid_value", "image_url"),
    "another kind": (picture(GIF), "invalid_value", "image_url"),
    "no base64": ({"type": "input_image", "image_url": "data:image/png;base64,é*"}, "invalid_value", "image_url"),
    "half of it": ({"type": "input_image", "image_url": url_of(PNG)[:-3]}, "invalid_value", "image_url"),
    "nothing": ({"type": "input_image", "image_url": url_of(b"")}, "invalid_value", "image_url"),
    "plain text": ({"type": "input_image", "image_url": "data:image/png,abc"}, "invalid_value", "image_url"),
    "another detail": (picture(detail="most"), "invalid_value", "detail"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_images_are_refused(name):
    """What is no image with its bytes is refused, by its field; no address is ever fetched."""
    part, code, field = REFUSED[name]
    with pytest.raises(ApiError) as refused:
        asked(question(part))
    assert (refused.value.status, refused.value.code) == (400, code)
    assert (refused.value.param or "").endswith(field)
    if code != "invalid_value" or field != "detail":
        assert refused.value.param == f"{HERE}.{field}"


def test_limits_of_images():
    """As much as the limits say is taken, one byte or one image more is refused and the limit named."""
    limits = ImageLimits(image_bytes=len(PNG), images=2)
    assert len(asked(question(picture(), picture()), limits).messages[0]["images"]) == 2
    with pytest.raises(ApiError, match="at most 2 images") as refused:
        asked(question(picture(), picture(), picture()), limits)
    assert refused.value.param == "input[0].content[2]"
    for more in (b"x", b"x" * 100):
        with pytest.raises(ApiError, match=f"at most {len(PNG)} bytes"):
            asked(question(picture(PNG + more)), limits)


@pytest.mark.parametrize("more", [0, 1, 2, 3, (64 << 10) * 3 // 4 - len(PNG), 200_000])
def test_image_of_any_length(more):
    """Decoded in pieces, an image is what it was, wherever the last piece ends."""
    data = PNG + bytes(at % 251 for at in range(more))
    assert list(asked(question(picture(data))).images.values()) == [data]


def test_image_that_is_padded_in_its_middle():
    """Two texts of base64 behind each other are none, even where a piece ends with the first of them."""
    first = url_of(PNG + bytes((64 << 10) // 4 * 3 - len(PNG) - 1))
    assert len(first.partition(",")[2]) == 64 << 10
    with pytest.raises(ApiError, match="padded before its end"):
        asked(question(picture() | {"image_url": first + "AAAA"}))


@pytest.mark.parametrize("role", ["assistant", "system", "developer"])
def test_images_are_the_users(role):
    """Nobody else's message takes an image."""
    items = question(picture())
    items[0]["role"] = role
    with pytest.raises(ApiError) as refused:
        asked([*items, *question("a")])
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", f"{HERE}.type")


def test_item_shows_images():
    """An item has a part for each image, behind its text, with the address where it is to be had."""
    [message] = asked(question("a", picture(detail="high"))).messages
    text, image = item_object(message, 0, "abc")["content"]
    assert text == {"type": "input_text", "text": "a"}
    assert image == {
        "type": "input_image",
        "image_url": f"/v1/conversations/abc/images/{PIXEL}",
        "detail": "high",
    }
