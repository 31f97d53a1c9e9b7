"""How much models take in, of all who say something about it."""

import json

import pytest

from server.assistants.context_sizes import ContextSizes, reported_tokens
from server.assistants.model_list import decode_models

ENTRIES = {
    "vLLM": ({"id": "m", "object": "model", "max_model_len": 32768}, 32768),
    "LM Studio": ({"id": "m", "max_context_length": 131072, "loaded_context_length": 4096}, 4096),
    "LM Studio, not loaded": ({"id": "m", "max_context_length": 131072}, 131072),
    "OpenRouter": ({"id": "m", "context_length": 200000, "top_provider": {"context_length": 131072}}, 131072),
    "OpenRouter, nobody": ({"id": "m", "context_length": 200000, "top_provider": {"context_length": None}}, 200000),
    "Groq": ({"id": "m", "context_window": 8192}, 8192),
    "llama.cpp": ({"id": "m", "meta": {"n_vocab": 32000, "n_ctx_train": 131072}}, 131072),
    "llama.cpp, as started": ({"id": "m", "meta": {"n_ctx": 4096, "n_ctx_train": 131072}}, 4096),
    "Anthropic": ({"id": "m", "max_input_tokens": 200000}, 200000),
    "Ollama": ({"id": "m", "object": "model", "owned_by": "library"}, None),
    "nothing that can be read": ({"id": "m", "max_model_len": "8192", "meta": 5, "context_window": True}, None),
    "nothing at all": ({"id": "m", "context_length": 0}, None),
}


@pytest.mark.parametrize(("entry", "tokens"), ENTRIES.values(), ids=ENTRIES)
def test_list_says_what_a_model_takes_in(entry, tokens):
    """Each server says it in its own way, or not at all."""
    assert reported_tokens(entry) == tokens
    assert decode_models(json.dumps({"data": [entry]}).encode()) == {"m": tokens}


@pytest.mark.parametrize(
    ("configured", "reported", "learned", "tokens"),
    [
        (None, None, None, None),
        (4096, None, None, 4096),
        (4096, 8192, None, 4096),
        (8192, 4096, None, 4096),
        (8192, 4096, 2048, 2048),
        (None, 4096, 8192, 4096),
    ],
)
def test_smallest_counts(configured, reported, learned, tokens):
    """Nobody is believed who says more than another."""
    sizes = ContextSizes({"m": configured} if configured else {})
    sizes.report({"m": reported})
    if learned:
        sizes.learn("m", learned)
    assert sizes.of("m") == tokens
    assert sizes.of("other") is None


def test_first_pattern_that_fits_counts():
    """Names and patterns, in the order of the configuration."""
    sizes = ContextSizes({"gpt-small": 1, "gpt-*": 2, "*": 3})
    assert [sizes.of(name) for name in ("gpt-small", "gpt-big", "o3")] == [1, 2, 3]


def test_what_was_learned_is_forgotten_with_what_was_said():
    """A server that was started anew with another size is believed; one that says the same again is not."""
    sizes = ContextSizes({})
    sizes.report({"m": 8192, "n": 8192})
    sizes.learn("m", 2048)
    sizes.learn("m", 4096)
    sizes.report({"m": 8192, "n": 4096})
    assert (sizes.of("m"), sizes.of("n")) == (2048, 4096)
    sizes.report({"m": 16384})
    assert sizes.of("m") == 16384
