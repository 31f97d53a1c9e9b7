"""A turn's life. Pure.

Rule: `TRANSITIONS` is the whole of it, state → event → next state; a missing key is the illegal transition, and an
illegal event changes nothing.

    queued ──Started──▶ in_progress ──Finished──▶ completed
       │                  │  ▲  └─Wrote, Reasoned (stay)
       ├──Cut────────┬────┤
       └──Broke──────┼────┘        Cut ▶ incomplete, Broke ▶ failed
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from persistence.answer import reasoning_of
from persistence.facts import Fact
from persistence.model import Message, known_facts
from server.assistants.base import Usage
from server.assistants.tool_calls import ToolCall, calls_of
from server.errors import VerbatimError
from server.stored_usage import usage_fields, usage_of
from server.turn_request import TurnRequest


class State(StrEnum):
    """Where a turn stands."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a turn is incomplete."""

    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    MAX_OUTPUT_TOKENS = "max_output_tokens"


@dataclass(frozen=True, slots=True)
class Started:
    """The user's message is durable."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """A piece of the answer was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A piece of what was thought was written; it is no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The assistant said all it had to say, and which tools are to be called."""

    usage: Usage | None = None
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """The answer ends before its end, and nobody is to blame."""

    reason: Reason
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Broke:
    """The answer ends because something failed."""

    code: str
    message: str


Event = Started | Wrote | Reasoned | Finished | Cut | Broke

TRANSITIONS: Mapping[State, Mapping[type[Event], State]] = {
    State.QUEUED: {Started: State.IN_PROGRESS, Cut: State.INCOMPLETE, Broke: State.FAILED},
    State.IN_PROGRESS: {
        Wrote: State.IN_PROGRESS,
        Reasoned: State.IN_PROGRESS,
        Finished: State.COMPLETED,
        Cut: State.INCOMPLETE,
        Broke: State.FAILED,
    },
    State.COMPLETED: {},
    State.INCOMPLETE: {},
    State.FAILED: {},
}


@dataclass(eq=False)
class IllegalTransition(VerbatimError):
    """An event that the table has no row for."""

    state: State
    event: Event

    def __str__(self) -> str:
        return f"{type(self.event).__name__} in state {self.state}"


@dataclass(slots=True)
class Turn:
    """One turn: what was asked for, and how far the answer is.

    Attributes:
        draft: The assistant's message before its first word; its `response_id` names the turn.
        left_out: How many of the older messages the model was not told; set while it answers.
    """

    session_id: str
    user_id: str
    model: str
    request: TurnRequest
    draft: Message
    state: State = State.QUEUED
    reason: Reason | None = None
    error: Broke | None = None
    usage: Usage | None = None
    completed_at: str | None = None
    calls: tuple[ToolCall, ...] = ()
    left_out: int = 0
    _pieces: list[str] = field(default_factory=list)
    _thoughts: list[str] | None = None
    """None while nothing was thought in this turn; what was thought before stands in the draft."""

    @property
    def response_id(self) -> str:
        return self.draft["response_id"]

    @property
    def text(self) -> str:
        """The answer so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def reasoning(self) -> str:
        """What was thought so far, in this turn and, where it goes on with an answer, before."""
        before = reasoning_of(self.draft)
        if not self._thoughts:
            return before
        self._thoughts = ["".join(self._thoughts)]
        return before + self._thoughts[0]

    @property
    def ended(self) -> bool:
        return not TRANSITIONS[self.state]

    def go_on_from(self, draft: Message, text: str) -> None:
        """Before its first word: the turn goes on in a message that has a text already."""
        self.draft, self._pieces = draft, [text]

    def followed_by(self, text: str, thought: str) -> "Turn":
        """A copy that has a little more text, and has thought a little more."""
        thoughts = [*(self._thoughts or ()), thought] if thought else self._thoughts
        return replace(self, _pieces=[self.text + text], _thoughts=thoughts)

    def was_told(self, facts: Iterable[Fact]) -> None:
        """Before its first word: what of the user's memory the assistant has; an answer that goes on has had some."""
        ids = [*known_facts(self.draft), *(fact.id for fact in facts)]
        if ids:
            self.draft = {**self.draft, "facts": list(dict.fromkeys(ids))}

    def apply(self, event: Event, at: str | None = None) -> None:
        """Moves the turn on.

        Args:
            at: The time, for an event that ends the turn.

        Raises:
            IllegalTransition: The table has no row for it.
        """
        if (state := TRANSITIONS[self.state].get(type(event))) is None:
            raise IllegalTransition(self.state, event)
        self.state = state
        match event:
            case Wrote():
                self._pieces.append(event.text)
                return
            case Reasoned():
                self._thoughts = self._thoughts or []
                self._thoughts.append(event.text)
                return
            case Finished(usage, calls):
                self.usage, self.calls = usage, calls
            case Cut(reason, usage):
                self.reason, self.usage = reason, usage
            case Broke():
                self.error = event
        if self.ended:
            self.completed_at = at

    def message(self) -> Message:
        """The assistant's message of a turn that has ended, as it is stored."""
        message: Message = {**self.draft, "content": self.text, "status": self.state.value}
        if reasoning := self.reasoning:
            message["reasoning"] = reasoning
        if self.calls:
            message["tool_calls"] = [call.fields() for call in self.calls]
        if self.completed_at:
            message["completed_at"] = self.completed_at
        if self.reason:
            message["reason"] = self.reason.value
        if self.error:
            message["error"] = {"code": self.error.code, "message": self.error.message}
        if self.left_out:
            message["left_out"] = self.left_out
        if self.usage:
            message["usage"] = usage_fields(self.usage)
        return message

    @classmethod
    def from_message(cls, message: Message, session_id: str, user_id: str) -> "Turn":
        """The turn of which a stored assistant's message is the end. Files may come from elsewhere: what they say in
        other words than ours counts as not said."""
        status, error = message.get("status"), message.get("error")
        state = State(status) if status in _ENDS else State.COMPLETED
        reason = message.get("reason") if state is State.INCOMPLETE else None
        return cls(
            session_id=session_id,
            user_id=user_id,
            model=message.get("model", "unknown"),
            request=TurnRequest((), session_id=session_id),
            draft=message,
            state=state,
            reason=Reason(reason) if reason in _REASONS else None,
            error=Broke(error.get("code", ""), error.get("message", "")) if isinstance(error, dict) else None,
            usage=usage_of(message),
            completed_at=message.get("completed_at"),
            calls=calls_of(message),
            left_out=_count(message.get("left_out")),
            _pieces=[message["content"]],
        )


_ENDS = frozenset(state.value for state, next_states in TRANSITIONS.items() if not next_states)
_REASONS = frozenset(reason.value for reason in Reason)


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0
