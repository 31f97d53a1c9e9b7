"""Sessions, their histories and long-term memory, on disk as JSON that a person can read.

Usable without the server: a `FileStore` (or a `MemoryStore`), and `SessionService`, `SessionMemory` and
`LongTermMemory` on top of it.
"""

from persistence.errors import (
    Damaged,
    DirectoryInUse,
    FactNotFound,
    InvalidSessionId,
    NotStorable,
    PersistenceError,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageFull,
    StorageReadOnly,
)
from persistence.file_store import FileStore
from persistence.long_term_memory import LongTermMemory
from persistence.memory_store import MemoryStore
from persistence.model import Fact, Message, Receipt, Record
from persistence.session_memory import SessionMemory
from persistence.session_service import SessionService
from persistence.store import Store

__all__ = [
    "Damaged",
    "DirectoryInUse",
    "Fact",
    "FactNotFound",
    "FileStore",
    "InvalidSessionId",
    "LongTermMemory",
    "MemoryStore",
    "Message",
    "NotStorable",
    "PersistenceError",
    "Receipt",
    "Record",
    "SessionExists",
    "SessionMemory",
    "SessionNotFound",
    "SessionService",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "Store",
]
