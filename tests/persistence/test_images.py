"""Images: what is one, what it is called, and what of a message counts as one."""

import pytest

from persistence.images import Image, image_name, image_names, images_of, is_image_name, media_type_of
from tests.persistence.places import said

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "image/gif": b"GIF87a\1\0",
    "image/webp": b"RIFF\n\0\0\0WEBPVP8 ",
}


@pytest.mark.parametrize("media_type", BEGINNINGS)
def test_image_is_known_by_its_first_bytes(media_type):
    """Each kind of image is known by how it begins, and has a name from which the kind can be told again."""
    data = BEGINNINGS[media_type]
    assert media_type_of(data) == media_type
    name = image_name(data, media_type)
    assert is_image_name(name)
    assert Image(name).media_type == media_type
    assert image_name(data + b"x", media_type) != name


@pytest.mark.parametrize("data", [b"", b"<svg", b"<html>", b"RIFF\0\0\0\0WAVE", b"\x89PNG", b" GIF89a", b"BM\0\0"])
def test_other_bytes_are_no_image(data):
    """What begins otherwise is none."""
    assert media_type_of(data) is None


@pytest.mark.parametrize("name", ["", "a.png", "A" * 64 + ".png", "a" * 64 + ".svg", "../" + "a" * 61 + ".png"])
def test_other_names_are_none(name):
    """What we would not have made names no file."""
    assert not is_image_name(name)


def test_images_of_a_message():
    """Entries that could be ours count, in their order; whatever else stands there is passed over."""
    name = image_name(b"GIF89a", "image/gif")
    entry = Image(name, 6, "low").fields()
    assert entry == {"file": name, "media_type": "image/gif", "bytes": 6, "detail": "low"}
    odd = [7, {}, {"file": 7}, {"file": "../x.png"}, {"file": name, "bytes": "many", "detail": "all"}, entry]
    assert images_of(said("a", images=odd)) == [Image(name), Image(name, 6, "low")]
    assert image_names([said("a", images=odd), said("b"), said("c", images="none")]) == {name}
    assert images_of(said("a")) == images_of(said("a", images={"file": name})) == []
