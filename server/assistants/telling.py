"""What a model is told for one reply, and what once more where that was too long. Pure.

Rule: a request that is refused as too long is made once more, with half of what it told at the most, if that leaves
more out, if the prompt may be cut at all, and if nothing of an answer has come. What is learned from it, the next
prompts are cut to.
"""

from .base import Prompt
from .context_overflow import ContextExceeded, still_exceeded
from .context_sizes import ContextSizes
from .context_window import context_with_room, fit, prompt_tokens, room_for_input


class Telling:
    """One reply's.

    Attributes:
        fitted: What is told.
        told: Whether the model has answered it.
    """

    def __init__(self, prompt: Prompt, sizes: ContextSizes) -> None:
        self._prompt = prompt
        self._sizes = sizes
        known = sizes.of(prompt.model) if prompt.may_leave_out else None
        self.fitted = fit(prompt, None if known is None else room_for_input(known, prompt.max_output_tokens))
        self.told = False
        self._is_again = False
        self._learned: int | None = None
        """What the model seems to take in, if the answer shows it to be so."""

    def succeeded(self) -> None:
        """The model has answered."""
        self.told = True
        if self._learned is not None:
            self._sizes.learn(self._prompt.model, self._learned)

    def refused(self, failure: ContextExceeded, *, begun: bool) -> None:
        """It was too long; `fitted` is now what to tell instead.

        Args:
            begun: Whether something of an answer has come.

        Raises:
            ContextExceeded: There is nothing more to be done.
        """
        said, known, most = failure.context_tokens, self._sizes.of(self._prompt.model), self._prompt.max_output_tokens
        if begun or not self._prompt.may_leave_out:
            raise failure
        if self._is_again:
            raise still_exceeded(failure)
        room = prompt_tokens(self.fitted.prompt) // 2
        if said is not None and (known is None or said < known):
            self._sizes.learn(self._prompt.model, said)
            room = min(room, room_for_input(said, most))
        else:
            self._learned = context_with_room(room, most)
        less = fit(self._prompt, room)
        if less.left_out == self.fitted.left_out:
            raise still_exceeded(failure)
        self.fitted, self._is_again = less, True
