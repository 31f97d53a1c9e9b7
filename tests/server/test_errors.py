"""The errors' sentences and families."""

import pytest

from server.errors import ApiError, AssistantFailed, ConfigError


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (409, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (503, "server_error"),
        (507, "server_error"),
    ],
)
def test_error_family(status, family):
    """An error's type follows from its status, as PROTOCOL.md lists it."""
    assert ApiError(status, "c", "m").type == family


def test_error_sentences():
    """Each error composes its sentence from its data."""
    assert str(ApiError(400, "invalid_type", "expected a string", "input")) == (
        "400 invalid_type (input): expected a string"
    )
    assert str(ApiError(500, "internal_error", "ours")) == "500 internal_error: ours"
    assert str(AssistantFailed("upstream_cut", "It broke off.")) == "upstream_cut: It broke off."
    assert str(ConfigError("A", "b", "c")) == "A='b': expected c"
