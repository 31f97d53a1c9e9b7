"""What the limit on an answer's tokens is called."""

import pytest

from server.assistants.limit_names import LimitNames, LimitRefused, limit_refused
from server.errors import AssistantFailed

REFUSED = LimitRefused("upstream_error", "no")


def test_other_name_counts_for_its_model():
    """From the refusal on, also where several had asked by the first name; who had asked by the other has failed."""
    names = LimitNames()
    assert names.of("m") == "max_tokens"
    for _ in range(2):
        names.refused("m", "max_tokens", REFUSED)
    assert (names.of("m"), names.of("n")) == ("max_completion_tokens", "max_tokens")
    with pytest.raises(LimitRefused):
        names.refused("m", "max_completion_tokens", REFUSED)


@pytest.mark.parametrize(
    ("detail", "is_one"),
    [
        ("'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", True),
        ("max_tokens is too large: 9000", False),
        ("no memory", False),
        ("", False),
    ],
)
def test_refusal_is_known_by_its_words(detail, is_one):
    """It has both names in it; any other refusal stays what it is."""
    failure = AssistantFailed("upstream_error", "no")
    assert isinstance(limit_refused(failure, detail), LimitRefused) == is_one
    assert limit_refused(failure, detail).message == "no"
