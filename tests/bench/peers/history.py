"""What the peers that keep their turns have in common: one table in SQLite.

Rule: WAL, FULL, an index by session; a turn's question and answer are one transaction, committed when the answer ends.
"""

from datetime import UTC, datetime

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX history_by_session ON history (session_id, id);
"""
INSERT = "INSERT INTO history (session_id, role, content, created_at) VALUES (?, ?, ?, ?)"


def turn_rows(session_id: str, question: str, answer: str) -> list[tuple[str, str, str, str]]:
    """The two rows of a turn."""
    now = datetime.now(UTC).isoformat()
    return [(session_id, "user", question, now), (session_id, "assistant", answer, now)]
