"""How much a server's models take in at once, in tokens. Pure.

Rule: of what is configured, what the server's list of models says, and what it said when a request was too long, the
smallest counts; where nothing is known, nothing is left out. A model of which the list says something new is taken at
its word: what was learned of it before is forgotten.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

_FIELDS = (
    ("max_model_len",),  # vLLM, SGLang
    ("loaded_context_length",),  # LM Studio: as it is loaded, ahead of what the model could do
    ("max_context_length",),  # LM Studio, Mistral
    ("top_provider", "context_length"),  # OpenRouter: of who answers, ahead of what the model could do
    ("context_length",),  # OpenRouter, Together, Fireworks
    ("context_window",),  # Groq
    ("meta", "n_ctx"),  # llama.cpp, as it was started
    ("meta", "n_ctx_train"),  # llama.cpp, as the model was made: it may have been started with less
    ("max_input_tokens",),  # Anthropic
)
"""Where servers say it in an entry of `/v1/models`; the first that is there counts. Ollama does not say it."""


class ContextSizes:
    """What is known of one server's models.

    Args:
        configured: Tokens by names and patterns of models; the first that fits counts.
    """

    def __init__(self, configured: Mapping[str, int]) -> None:
        self._configured = configured
        self._reported: Mapping[str, int | None] = {}
        self._learned: dict[str, int] = {}

    def of(self, model: str) -> int | None:
        """The tokens that a model takes in, its answer included; None where nobody says."""
        known = (self.configured(model), self._reported.get(model), self._learned.get(model))
        return min((tokens for tokens in known if tokens), default=None)

    def configured(self, model: str) -> int | None:
        """What the configuration says."""
        return next((tokens for name, tokens in self._configured.items() if fnmatchcase(model, name)), None)

    def report(self, reported: Mapping[str, int | None]) -> None:
        """Takes what the server's list says, by model."""
        self._learned = {
            model: tokens for model, tokens in self._learned.items() if reported.get(model) == self._reported.get(model)
        }
        self._reported = reported

    def learn(self, model: str, tokens: int) -> None:
        """Takes what a refused request has shown."""
        self._learned[model] = min(tokens, self._learned.get(model, tokens))


def reported_tokens(model: Mapping[str, Any]) -> int | None:
    """What an entry of the list of models says; None where it says nothing that can be read."""
    for path in _FIELDS:
        value: Any = model
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None
