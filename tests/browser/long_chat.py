"""A session file of any length, written as the server writes it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
ANSWER = """Answer {number}. It has **some** words, `code` and a list:

- one thing about {number}
- another, [with a link](https://example.org/{number})

```python
def answer():
    return {number}
```

And a last paragraph, long enough to run over more than one line of the column, as most paragraphs of an answer do."""


def write_long_chat(data_dir: Path, session_id: str, user_id: str, count: int) -> None:
    """Writes a session of so many messages, questions and answers in turn."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(message(session_id, number), ensure_ascii=False) for number in range(count))
    record = {
        "session_id": session_id,
        "user_id": user_id,
        "created_at": stamp(0),
        "last_activity": stamp(count),
        "is_active": True,
        "metadata": {"title": "A long chat"},
    }
    text = f'{{"session_id":"{session_id}","history":[\n{lines}\n],"session":{json.dumps(record)}}}\n'
    (data_dir / f"session_{session_id}.json").write_text(text, encoding="utf-8")


def message(session_id: str, number: int) -> dict[str, object]:
    """One of its messages."""
    common = {"id": f"msg_{number:016x}", "created_at": stamp(number)}
    response_id = f"resp_{session_id}_{number // 2:016x}"
    if number % 2 == 0:
        return {"role": "user", "content": f"Question {number}?", "response_id": response_id, **common}
    answer = {"role": "assistant", "content": ANSWER.format(number=number), "response_id": response_id, **common}
    return {**answer, "status": "completed", "model": "scribe"}


def stamp(minutes: int) -> str:
    """So many minutes after the chat began."""
    return (BEGUN + timedelta(minutes=minutes)).isoformat(timespec="microseconds").replace("+00:00", "Z")
