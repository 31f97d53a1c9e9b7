"""The `Store` seam: what remembers.

The contract, which `tests/persistence/store_contract.py` checks for each implementation:

- **Durable**: when `create`, `append`, `edit`, `edit_tree`, `update`, `delete` or `update_memory` returns, its effect
  survives a power cut. When one raises, nothing has changed; but a deletion that was refused may have removed a part
  (ask again), and what a failed sync has left is known at the next start only.
- **Written**: when `write`, `write_all` or `write_now` returns, the text survives the death of the process (not of the
  machine). A piece that comes while its session is being deleted is refused as if the session were gone already, or
  goes with it.
- **Settled**: after `open`, no session owes an answer: where the last message is a user's and carries a `response_id`
  that no answer in the session has, an assistant's message follows that holds what was written, `incomplete` for the
  reason `interrupted`. What was written of an answer whose question an edit has moved or taken away follows the
  question, or all messages; where nothing was written, nothing follows.
  Nor does a session owe an answer when a next message comes, or another path is shown (`edit_tree`), or when the append
  of the answer has been refused: it is settled in the same way first, and `history` shows it so even while the disk
  refuses to have it written. An answer that is appended after all takes the place of the interrupted one, in a branch
  too: no response has two.
- **Whole**: `edit_tree` may move messages between `history` and `branches`; an `append` reaches neither what stands
  before it nor the branches.
- **Images** that come with messages are there, as durable as these, once the call returns. An image goes with the last
  message, shown or not, that names it; what a refused call or a crash leaves behind that nobody names does not stay for
  good.
- **Deleted** means gone: images, history, record, parts, and what is known from that session only.
- **Searched**: what is found is the user's, and of a session that is there. The shown path and the others are searched
  alike. A message may be found a moment later than it is acknowledged; until everything can be, the answer says so.
- **Concurrency**: any number of tasks of one event loop; changes of one session, and of one user's memory, happen one
  after the other, in the order in which they were called for.
- **Cancellation**: a change that has begun to be written is finished even if its caller is cancelled; one that still
  waits for its turn does not happen.
- **Values**: what goes in and what comes out is not to be changed afterwards, but replaced.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from persistence.branches import Tree
from persistence.errors import PersistenceError, StorageError
from persistence.facts import Fact, Facts
from persistence.images import NO_IMAGES
from persistence.model import Message, Page, Piece, Receipt, Record, UserReceipt
from persistence.search_hits import Hits, Place
from persistence.search_query import SearchQuery

FactsChange = Callable[[Facts], Iterable[Fact]]
"""Makes a user's new facts from the present ones. It is called under the memory's lock: no waiting in it."""


class Store(Protocol):
    """What remembers. See the module's docstring for the contract.

    Each method that takes a session's id raises `SessionNotFound` where there is no such session; each that changes
    something raises `StorageError` where the disk refuses, and `NotStorable` for what JSON in UTF-8 cannot hold.
    """

    @property
    def fault(self) -> StorageError | None:
        """Why nothing can be written any more; None while all is well."""

    async def open(self) -> None:
        """Makes the store ready and settles what a crash left open.

        Raises:
            DirectoryInUse: Another process has it.
        """

    async def close(self) -> None:
        """Writes what is still to be written and gives everything back."""

    async def create(
        self, record: Record, messages: Sequence[Message] = (), *, images: Mapping[str, bytes] = NO_IMAGES
    ) -> Record:
        """Begins a session.

        Args:
            images: By name (`images.py`) the bytes of images that the messages name.

        Raises:
            SessionExists: The id is taken.
            InvalidSessionId: The id may not name a file.
            ImagesFull: The store has a limit on what a user may keep in images, and these pass it; here and below.
        """

    async def record(self, session_id: str) -> Record:
        """The session's record."""

    async def records(
        self, user_id: str, *, limit: int, after: str | None = None, is_active: bool | None = None
    ) -> Sequence[Record]:
        """A page of the user's sessions, beginning behind the session `after`: those that are not archived, then the
        archived; of both the pinned first, and then the newest activity.

        Args:
            after: One that is not in this list, since it was archived or brought back, counts where it would stand.
            is_active: Those only that are not archived (True), or that are (False).
        """

    async def update(self, session_id: str, change: Callable[[Record], Record]) -> Record:
        """Puts another record in the place of the session's, of the same id; returns the new one.

        A summary that does not stand for the beginning of the path that is shown is left out, here and with each edit.
        """

    async def delete(self, session_id: str) -> Receipt:
        """Removes the session and all that came from it."""

    async def delete_user(self, user_id: str) -> UserReceipt:
        """Removes the user's memory and all of the user's sessions, one after the other."""

    async def history(self, session_id: str) -> Sequence[Message]:
        """The session's messages, oldest first. Not to be changed by the caller."""

    async def tree(self, session_id: str) -> Tree:
        """All the session's messages, those that are not shown too. Not to be changed by the caller."""

    async def page(self, session_id: str, *, limit: int, after: str | None = None, newest_first: bool = False) -> Page:
        """Some of the session's messages, from one end of the history or behind the message `after`.

        Raises:
            MessageNotFound: There is no message `after`.
        """

    async def image(self, session_id: str, name: str) -> bytes:
        """The bytes of an image of the session.

        Raises:
            ImageNotFound: There is none of this name.
        """

    async def append(
        self, session_id: str, messages: Sequence[Message], *, images: Mapping[str, bytes] = NO_IMAGES
    ) -> Record:
        """Adds messages at the history's end, with their images; returns the record, touched."""

    async def edit(self, session_id: str, change: Callable[[Sequence[Message]], Iterable[Message]]) -> Record:
        """Puts another history in the place of the session's; rare, and as costly as the history is long.

        What hangs on a message that goes hangs on the one before it.
        """

    async def edit_tree(
        self,
        session_id: str,
        change: Callable[[Tree], Tree],
        *,
        draft: Message | None = None,
        text: str = "",
        images: Mapping[str, bytes] = NO_IMAGES,
    ) -> Record:
        """Puts another tree in the place of the session's (`branches.py` has the steps); rare, and as costly as there
        are messages. Where nothing changes, nothing is written. An answer that is owed is settled in the tree that is
        changed; where it is the end of the path still, it comes as if nothing had happened.

        Args:
            draft, text: What there is already of the answer that the new history owes, as with `write`, in one step.
            images: Those of new messages.
        """

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        """Keeps a piece of a running answer, in case nobody lives to append the whole.

        Args:
            draft: The assistant's message so far, with its `response_id`; the same in each call of one answer.
            text: The piece that follows what was written before.
        """

    async def write_all(self, pieces: Sequence[Piece]) -> Sequence[PersistenceError | None]:
        """Keeps pieces of any number of running answers, as with `write`, in one step.

        Returns:
            For each piece what kept it from being written, None where it is: `SessionNotFound`, `NotStorable` (the
            others are written all the same), or for all of them the `StorageError` with which the disk has refused.

        **Concurrency**: waits for no change of a session. The pieces of one answer go in the order of the calls.
        """

    def write_now(self, pieces: Sequence[Piece]) -> Sequence[PersistenceError | None] | None:
        """The same without waiting, where nobody is ahead; None: nothing was done, it takes a `write_all`."""

    async def memory(self, user_id: str) -> Facts:
        """The facts about the user, in the order in which they were learned; empty for one who is not known.

        Raises:
            MemoryUnreadable: There are some, perhaps, and the system does not let us read them.
        """

    async def update_memory(self, user_id: str, change: FactsChange) -> Facts:
        """Puts other facts in the place of the user's; returns the new ones. Where the change gives no `Facts`, memory
        stays on or off as it is. What cannot be read is not overwritten, as with `memory`.
        """

    async def search(self, user_id: str, query: SearchQuery, *, limit: int, after: Place | None = None) -> Hits:
        """A page of the user's messages in which something stands, the newest first, beginning behind a place.

        Raises:
            SearchUnavailable: This store has no search.
        """
