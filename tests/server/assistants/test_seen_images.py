"""Images in a prompt: which ones go, how, and what stands in the place of the others."""

from persistence.images import Image, image_name
from server.assistants.base import Prompt
from server.assistants.completion_request import encode_messages
from server.assistants.context_window import fit, message_tokens
from server.assistants.metronome import Metronome
from server.assistants.renamed import Renamed
from server.assistants.seen_images import NOT_SHOWN, TOKENS_PER_IMAGE, data_url, latest_images
from tests.server.doubles import ScriptedAssistant
from tests.server.pictures import GIF, PNG, url_of

PIXEL, DOT = image_name(PNG, "image/png"), image_name(GIF, "image/gif")
PIXEL_URL, DOT_URL = data_url(PIXEL, PNG), data_url(DOT, GIF)
PIXEL_PART = {"type": "image_url", "image_url": {"url": PIXEL_URL}}


def said(content, *images, role="user"):
    entries = [image if isinstance(image, dict) else Image(image, 10).fields() for image in images]
    return {"role": role, "content": content, **({"images": entries} if entries else {})}


def messages_of(*history, **urls):
    return [(one["role"], one["content"]) for one in encode_messages(Prompt("m", "s", list(history)), urls or None)]


def test_images_go_as_parts():
    """A message with images has its text first, then each image with its detail."""
    message = said("a", PIXEL, Image(DOT, 10, "low").fields())
    [(_, content)] = messages_of(message, **{PIXEL: PIXEL_URL, DOT: DOT_URL})
    assert content == [
        {"type": "text", "text": "a"},
        PIXEL_PART,
        {"type": "image_url", "image_url": {"url": DOT_URL, "detail": "low"}},
    ]
    assert url_of(PNG) == PIXEL_URL
    assert messages_of(said("", PIXEL), **{PIXEL: PIXEL_URL}) == [("user", [PIXEL_PART])]


def test_images_that_do_not_go_are_told_of():
    """Where the model takes none, or one is not there, a short text stands in its place."""
    assert messages_of(said("a", PIXEL)) == [("user", f"a\n\n{NOT_SHOWN}")]
    assert messages_of(said("", PIXEL)) == [("user", NOT_SHOWN)]
    [(_, content)] = messages_of(said("a", DOT, PIXEL), **{PIXEL: PIXEL_URL})
    assert content == [{"type": "text", "text": f"a\n\n{NOT_SHOWN}"}, PIXEL_PART]


def test_messages_side_by_side_are_joined():
    """The user's messages that come to stand together are one, with and without images."""
    parts = {PIXEL: PIXEL_URL}
    text = [{"type": "text", "text": "a"}]
    [(_, content)] = messages_of(said("a"), said("", role="assistant"), said("b", PIXEL), **parts)
    assert content == [*text, {"type": "text", "text": "b"}, PIXEL_PART]
    [(_, content)] = messages_of(said("a", PIXEL), said("b"), **parts)
    assert content == [*text, PIXEL_PART, {"type": "text", "text": "b"}]
    assert messages_of(said("a"), said("b"), **parts) == [("user", "a\n\nb")]


def test_latest_images_go():
    """The latest ones go, each once, so many and so large at the most."""
    history = [said("a", DOT), said("b", PIXEL), said("c"), said("d", PIXEL)]
    assert list(latest_images(history, 9, 99)) == [PIXEL, DOT]
    assert list(latest_images(history, 1, 99)) == [PIXEL]
    assert list(latest_images(history, 9, 19)) == [PIXEL]
    assert list(latest_images(history, 9, 9)) == list(latest_images([], 9, 9)) == []


def test_image_takes_room():
    """An image counts as so many tokens: a conversation with many of them is cut sooner."""
    assert message_tokens(said("a", PIXEL, DOT)) == message_tokens(said("a")) + 2 * TOKENS_PER_IMAGE
    history = [said("a", PIXEL), said("b", role="assistant"), said("c")]
    assert fit(Prompt("m", "s", history), TOKENS_PER_IMAGE).left_out == 2
    assert fit(Prompt("m", "s", history), TOKENS_PER_IMAGE + 100).left_out == 0


def test_who_takes_images():
    """An assistant without a model takes none; another name takes what the model does."""
    assert not Metronome().takes_images("metronome")
    seeing = ScriptedAssistant()
    assert not Renamed(seeing, "m").takes_images("a/m")
    seeing.sees = True
    assert Renamed(seeing, "m").takes_images("a/m")
