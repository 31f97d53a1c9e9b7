"""Contents that are texts, lists of parts, or neither."""

import pytest

from server.assistants.content_parts import read_content
from server.errors import AssistantFailed

SAID = {"type": "text", "text": "Hello"}
THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}]}


@pytest.mark.parametrize(
    ("content", "text", "reasoning"),
    [
        ("Hello", "Hello", ""),
        (None, "", ""),
        ([], "", ""),
        ([SAID, SAID], "HelloHello", ""),
        ([SAID, THOUGHT, SAID], "HelloHello", "Hm."),
        ([{"type": "thinking", "thinking": "Hm."}], "", "Hm."),
        ([{"type": "refusal", "refusal": "No."}], "No.", ""),
        ([SAID, {"type": "reference", "reference_ids": [1]}], "Hello", ""),
    ],
)
def test_content_is_read(content, text, reasoning):
    """Words are read in their order, thoughts apart from them."""
    assert read_content(content) == (text, reasoning)


@pytest.mark.parametrize("content", [1, {}, ["Hello"], [{}], [{"type": 1}], [{"type": "text", "text": None}]])
def test_content_of_no_known_form_is_refused(content):
    """What is neither a text nor parts with their words is no content."""
    with pytest.raises(TypeError):
        read_content(content)


@pytest.mark.parametrize("kind", ["image_url", "input_audio"])
def test_part_that_is_no_text_fails_the_answer(kind):
    """An answer without one of its parts would not be the one that was given."""
    with pytest.raises(AssistantFailed, match=kind):
        read_content([SAID, {"type": kind}])
