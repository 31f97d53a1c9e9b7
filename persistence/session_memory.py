"""`SessionMemory`: the history of one session.

Rule: a message that `append` has returned for is on disk, synced.
"""

from collections.abc import Sequence

from persistence.model import Message, new_id, now
from persistence.store import Store


class SessionMemory:
    """One session's messages, oldest first.

    **Concurrency**: any number of these may stand for the same session; the store keeps their changes in order.
    """

    def __init__(self, store: Store, session_id: str) -> None:
        self._store = store
        self.session_id = session_id

    async def messages(self) -> Sequence[Message]:
        """All of them."""
        return await self._store.history(self.session_id)

    async def add(self, role: str, content: str) -> Message:
        """Adds one message with a fresh id and the present time; returns it."""
        message: Message = {"role": role, "content": content, "id": new_id("msg_"), "created_at": now()}
        await self.append(message)
        return message

    async def append(self, *messages: Message) -> None:
        """Adds messages as they are, all or none.

        **Cancellation**: what has begun is finished; whether it was, `messages` tells.
        """
        await self._store.append(self.session_id, messages)
