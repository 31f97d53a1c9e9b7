"""Sessions, their histories and long-term memory, on disk as JSON that a person can read.

Usable without the server: a `FileStore` (or a `MemoryStore`), and `SessionService`, `SessionMemory` and
`LongTermMemory` on top of it.

Rule: what is named here is the package's face; whoever uses it imports nothing from behind it.
"""

from persistence.answer import new_draft
from persistence.branches import Branch, Tree
from persistence.checkpoints import CheckpointLimits
from persistence.disk import Disk
from persistence.errors import (
    Damaged,
    DirectoryInUse,
    FactNotFound,
    FactTooLong,
    ImageNotFound,
    ImagesFull,
    InvalidSessionId,
    JournalDamaged,
    MemoryFull,
    MemoryOff,
    MemoryUnreadable,
    MessageNotFound,
    NotStorable,
    PersistenceError,
    SearchUnavailable,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageFull,
    StorageReadOnly,
)
from persistence.facts import Fact, Facts, Former, Source
from persistence.file_store import FileStore
from persistence.learning import How, Learned
from persistence.locks import KeyedLocks
from persistence.long_term_memory import LongTermMemory
from persistence.memory_store import MemoryStore
from persistence.model import (
    Message,
    Page,
    Piece,
    Receipt,
    Record,
    Summary,
    UserReceipt,
    message_id,
    new_id,
    now,
)
from persistence.search_hits import Hit, Hits, Place
from persistence.search_query import Phrase, SearchQuery, parse_phrases
from persistence.secret_file import read_or_create_secret
from persistence.session_memory import SessionMemory
from persistence.session_service import SessionService
from persistence.settings import Settings
from persistence.spending import Spent
from persistence.store import Store
from persistence.tools.backup import back_up_folder
from persistence.tools.data_folder import Finding
from persistence.tools.repair import repair_folder
from persistence.tools.stats import Stats, measure_folder
from persistence.tools.verify import check_folder

__all__ = [
    "Branch",
    "CheckpointLimits",
    "Damaged",
    "DirectoryInUse",
    "Disk",
    "Fact",
    "FactNotFound",
    "FactTooLong",
    "Facts",
    "FileStore",
    "Finding",
    "Former",
    "Hit",
    "Hits",
    "How",
    "ImageNotFound",
    "ImagesFull",
    "InvalidSessionId",
    "JournalDamaged",
    "KeyedLocks",
    "Learned",
    "LongTermMemory",
    "MemoryFull",
    "MemoryOff",
    "MemoryStore",
    "MemoryUnreadable",
    "Message",
    "MessageNotFound",
    "NotStorable",
    "Page",
    "PersistenceError",
    "Phrase",
    "Piece",
    "Place",
    "Receipt",
    "Record",
    "SearchQuery",
    "SearchUnavailable",
    "SessionExists",
    "SessionMemory",
    "SessionNotFound",
    "SessionService",
    "Settings",
    "Source",
    "Spent",
    "Stats",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "Store",
    "Summary",
    "Tree",
    "UserReceipt",
    "back_up_folder",
    "check_folder",
    "measure_folder",
    "message_id",
    "new_draft",
    "new_id",
    "now",
    "parse_phrases",
    "read_or_create_secret",
    "repair_folder",
]
