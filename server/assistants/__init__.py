"""What produces replies: the seam (`base`), and what stands behind it.

| module | answers |
|---|---|
| `scribe` | without a model, from what the user wrote |
| `chat_completions` | through any OpenAI-compatible model server |
| `metronome` | with numbered words at a given pace, for tests and measurements |

Rule: only the seam is exported here. The composition root alone names an implementation, by its module.
"""

from .base import Assistant, Delta, Finish, Prompt, Usage

__all__ = ["Assistant", "Delta", "Finish", "Prompt", "Usage"]
