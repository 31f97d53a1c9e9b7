"""The answers that are being written: which ones, and what is written of them.

Rule: an answer is here from the moment its question is stored, or its first piece is written, until it is in its
session. One that nobody is writing any more (a crash, a refused append) is abandoned; it stays until it is settled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from persistence.answer import Parts, answered_responses, new_draft, owed_by, owed_response
from persistence.branches import Tree
from persistence.model import Message

Key = tuple[str, str]
"""A session and a response."""


@dataclass(slots=True)
class _Answer:
    draft: Message | None = None
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    abandoned: bool = False

    def parts(self, key: Key) -> Parts:
        if len(self.pieces) > 1:
            self.pieces = ["".join(self.pieces)]
        draft = self.draft or new_draft(key[1])
        return Parts(key[0], draft, self.pieces[0] if self.pieces else "", "".join(self.thoughts))


class RunningAnswers:
    """What is written of each running answer. All plain calls."""

    def __init__(self) -> None:
        self._answers: dict[Key, _Answer] = {}

    def follow(self, session_id: str, new: Sequence[Message]) -> None:
        """What follows from new messages: a question's answer runs, an answer that has come does not any more."""
        for answered in answered_responses(new):
            self._answers.pop((session_id, answered), None)
        if owed := owed_response(new):
            self._answers.setdefault((session_id, owed), _Answer()).abandoned = False

    def follow_tree(self, session_id: str, tree: Tree) -> None:
        """What follows from other messages in the place of all that there were."""
        for answered in answered_responses(tree.messages()):
            self._answers.pop((session_id, answered), None)
        if owed_by(tree):
            self.follow(session_id, tree.history[-1:])

    def abandon(self, session_id: str, messages: Iterable[Message]) -> None:
        """Nobody writes the answers among these messages any more."""
        for response_id in answered_responses(messages):
            if answer := self._answers.get((session_id, response_id)):
                answer.abandoned = True

    def knows(self, session_id: str, response_id: str) -> bool:
        """Whether something was written of an answer."""
        answer = self._answers.get((session_id, response_id))
        return bool(answer and answer.draft)

    def write(self, session_id: str, draft: Message, text: str, reasoning: str = "") -> None:
        """Adds a piece."""
        key = session_id, draft["response_id"]
        if (answer := self._answers.get(key)) is None:
            answer = self._answers[key] = _Answer()
        answer.draft = answer.draft or draft
        answer.pieces.append(text)
        if reasoning:
            answer.thoughts.append(reasoning)

    def is_running(self, session_id: str, response_id: str) -> bool:
        """Whether somebody is writing an answer."""
        answer = self._answers.get((session_id, response_id))
        return bool(answer and not answer.abandoned)

    def parts(self, session_id: str, response_id: str) -> Parts | None:
        """What is written of an answer; None where nothing is known of it."""
        answer = self._answers.get((session_id, response_id))
        return answer.parts((session_id, response_id)) if answer else None

    def drop(self, session_id: str, response_id: str) -> None:
        """An answer is settled."""
        self._answers.pop((session_id, response_id), None)

    def drop_session(self, session_id: str) -> int:
        """A session is deleted; returns how many answers of it were here."""
        mine = [key for key in self._answers if key[0] == session_id]
        for key in mine:
            del self._answers[key]
        return len(mine)

    def all(self) -> list[Parts]:
        """What is written of every answer, those first that were begun first."""
        return sorted((answer.parts(key) for key, answer in self._answers.items()), key=lambda parts: parts.age)

    def take_over(self, left: Iterable[Parts]) -> None:
        """What a crash left, abandoned."""
        for parts in left:
            self._answers[parts.key] = _Answer(parts.draft, [parts.text], [parts.reasoning], abandoned=True)
