"""Errors of the store.

    PersistenceError
    ├── SessionNotFound     no such session
    ├── SessionExists       the id is taken
    ├── FactNotFound        no such fact in this user's memory
    ├── FactTooLong         more than a fact may say
    ├── MemoryFull          more facts than a user may have
    ├── MemoryOff           the user wants nothing to be learned
    ├── MessageNotFound     no such message in this session
    ├── ImageNotFound       no such image of this session
    ├── ImagesFull          more bytes of images than a user may keep
    ├── InvalidSessionId    an id that may not name a file
    ├── NotStorable         what JSON in UTF-8 cannot hold
    ├── SearchUnavailable   nothing is indexed here
    ├── DirectoryInUse      another server holds the data directory
    ├── Damaged             bytes that cannot be read as what they should be
    ├── JournalDamaged      … in the journal, where something acknowledged stood
    └── StorageError        the disk refused; nothing that was acknowledged is lost
        ├── StorageFull     … for want of space
        ├── MemoryUnreadable … to show a user's memory, which stays as it is
        └── StorageReadOnly … and a sync failed before, so nothing more is written

Rule: an error holds data, and `__str__` composes the sentence. `files.py` translates the system's errors; above it
nobody catches OSError but in a thread.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self


class PersistenceError(Exception):
    """The root of what persistence raises itself."""


@dataclass(eq=False)
class SessionNotFound(PersistenceError):
    session_id: str

    def __str__(self) -> str:
        return f"no session {self.session_id!r}"


@dataclass(eq=False)
class SessionExists(PersistenceError):
    session_id: str

    def __str__(self) -> str:
        return f"a session {self.session_id!r} exists already"


@dataclass(eq=False)
class FactNotFound(PersistenceError):
    fact_id: str

    def __str__(self) -> str:
        return f"no fact {self.fact_id!r} in this memory"


@dataclass(eq=False)
class FactTooLong(PersistenceError):
    length: int
    limit: int

    def __str__(self) -> str:
        return f"a fact of {self.length} characters; expected at most {self.limit}"


@dataclass(eq=False)
class MemoryFull(PersistenceError):
    limit: int

    def __str__(self) -> str:
        return f"this memory holds {self.limit} facts, as many as it may; delete some first"


@dataclass(eq=False)
class MemoryOff(PersistenceError):
    user_id: str

    def __str__(self) -> str:
        return "the memory of this user is switched off; nothing is learned"


@dataclass(eq=False)
class MessageNotFound(PersistenceError):
    message_id: str

    def __str__(self) -> str:
        return f"no message {self.message_id!r} in this session"


@dataclass(eq=False)
class ImageNotFound(PersistenceError):
    name: str

    def __str__(self) -> str:
        return f"no image {self.name!r} in this session"


@dataclass(eq=False)
class ImagesFull(PersistenceError):
    """
    Attributes:
        limit: In bytes.
    """

    limit: int

    def __str__(self) -> str:
        return f"expected at most {self.limit:,} bytes of images in all sessions of a user; delete some first"


@dataclass(eq=False)
class InvalidSessionId(PersistenceError):
    session_id: str

    def __str__(self) -> str:
        return f"session id {self.session_id!r}: expected 1 to 128 of A-Z, a-z, 0-9, _ and -"


@dataclass(eq=False)
class NotStorable(PersistenceError):
    """
    Attributes:
        what: What was to be kept, such as `a message`.
        reason: Why a file cannot hold it.
    """

    what: str
    reason: str

    def __str__(self) -> str:
        return f"cannot keep {self.what}: {self.reason}"


class SearchUnavailable(PersistenceError):
    def __str__(self) -> str:
        return "nothing can be searched here: the search is switched off, or this Python's SQLite has no FTS5"


@dataclass(eq=False)
class DirectoryInUse(PersistenceError):
    path: Path

    def __str__(self) -> str:
        return f"data directory {self.path} is in use by another server (its .lock is held)"


@dataclass(eq=False)
class Damaged(PersistenceError):
    """
    Attributes:
        what: What the bytes should have been, such as `a session file`.
        reason: Why they are not.
    """

    what: str
    reason: str

    def __str__(self) -> str:
        return f"not {self.what}: {self.reason}"


@dataclass(eq=False)
class JournalDamaged(PersistenceError):
    """
    Attributes:
        name: The segment, or the journal's folder.
        offset: The first byte that cannot be read.
        reason: Why what is lost there matters.
    """

    name: str
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"the journal is damaged: {self.name}, byte {self.offset}: {self.reason}. See `verbatim repair`"


@dataclass(eq=False)
class StorageError(PersistenceError):
    """
    Attributes:
        action: What was tried, such as `append`.
        path: On which file.
        reason: What the system said.
    """

    action: str
    path: Path
    reason: str

    def __str__(self) -> str:
        return f"cannot {self.action} {self.path}: {self.reason}"

    def again(self) -> Self:
        """The same error, raised by nobody yet."""
        return type(self)(self.action, self.path, self.reason)


class StorageFull(StorageError):
    """No space, no quota, or a file at its limit."""


class MemoryUnreadable(StorageError):
    """The system does not let us read a user's memory. Its file is left as it is: nothing is put in its place."""


class StorageReadOnly(StorageError):
    """A sync failed: what the disk holds is unknown until the next start, so nothing more is written."""
