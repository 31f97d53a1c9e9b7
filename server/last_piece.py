"""What has gathered of one answer, encoded, on its way to the disk and into the log.

Rule: it is written in one step and shown in one step. What was thought stands ahead of the text.
"""

from typing import NamedTuple

from server.response_log import ResponseLog
from server.turn import Reasoned, Wrote


class LastPiece(NamedTuple):
    """A text and its event, and what was thought and the event of that, which stands ahead."""

    text: str = ""
    event: bytes = b""
    thought: str = ""
    thought_event: bytes = b""

    def show_in(self, log: ResponseLog) -> None:
        """Puts it into the turn and its log; it is written."""
        if self.thought:
            log.open_reasoning()
            log.turn.apply(Reasoned(self.thought))
            log.append_thought(self.thought, self.thought_event)
        if self.text:
            log.turn.apply(Wrote(self.text))
            log.append_delta(self.text, self.event)


NOTHING = LastPiece()
