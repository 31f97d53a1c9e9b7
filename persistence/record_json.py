"""A session's record from JSON. Pure.

Rule: a record in our form or in a plain old one is taken whole: what is missing, of the wrong type or such that no file
can hold it gets a default, what has no name here is kept in the metadata. So no odd field makes a session unreadable,
and no record that was read is refused where it is written. What was spent, a pin and the settings are taken back from
the metadata, where an older program has put them by the same rule.
"""

from datetime import UTC, datetime
from typing import Any

from persistence.errors import Damaged
from persistence.json_bytes import PINNED, can_be_kept, is_pin
from persistence.model import MAX_SUMMARY_CHARS, Record, Summary
from persistence.settings import NO_SETTINGS, Settings, are_settings, decode_settings
from persistence.spending import Spent, decode_spent, is_spent

_KEYS = ("session_id", "user_id", "created_at", "last_activity", "is_active", "metadata")


def decode_record(value: Any, session_id: str, known: Record | None = None, changed_at: float | None = None) -> Record:
    """A record from its JSON object.

    Args:
        known: Where the defaults come from.
        changed_at: When the session's file was changed, in seconds since the epoch: the time of a record that says
            none, where none is known.

    Raises:
        Damaged: It is no object.
    """
    if not isinstance(value, dict):
        raise Damaged("a record", f"expected an object, got {type(value).__name__}")
    default = known or Record.unknown(session_id, normal_time(changed_at))
    last = normal_time(value.get("last_activity"))
    created = normal_time(value.get("created_at")) or min(default.created_at, last or default.created_at)
    user_id, is_active, metadata = (value.get(key) for key in ("user_id", "is_active", "metadata"))
    summary = decode_summary(value.get("summary"))
    known_keys = _KEYS if value.get("summary") and not summary else (*_KEYS, "summary")
    extra = {key: value[key] for key in value if key not in known_keys}
    spent, beside = _taken(extra, "spent"), _taken(extra, "spent_beside")
    is_pinned, settings = _pin_taken(extra), _settings_in(extra)
    metadata = {**extra, **metadata} if isinstance(metadata, dict) else {**default.metadata, **extra}
    spent = spent or _taken(metadata, "spent")
    beside = beside or _taken(metadata, "spent_beside")
    is_pinned = _pin_taken(metadata) or is_pinned
    settings = settings or _settings_in(metadata)
    return Record(
        session_id=session_id,
        user_id=user_id if isinstance(user_id, str) and user_id and can_be_kept(user_id) else default.user_id,
        created_at=created,
        last_activity=last or (known.last_activity if known else created),
        is_active=is_active if isinstance(is_active, bool) else default.is_active,
        metadata=metadata if can_be_kept(metadata) else default.metadata,
        summary=summary,
        spent=default.spent if spent is None else spent,
        spent_beside=default.spent_beside if beside is None else beside,
        is_pinned=is_pinned,
        settings=settings or NO_SETTINGS,
    )


def decode_summary(value: Any) -> Summary | None:
    """A record's summary; None where it is none of ours, which a file from elsewhere may have under that name."""
    if not isinstance(value, dict) or value.keys() != {"text", "through", "count"}:
        return None
    text, through, count = value["text"], value["through"], value["count"]
    if not (isinstance(text, str) and isinstance(through, str) and type(count) is int):
        return None
    is_ours = 0 < len(text) <= MAX_SUMMARY_CHARS and count > 0 and can_be_kept([text, through])
    return Summary(text, through, count) if is_ours else None


def _taken(fields: dict[str, Any], name: str) -> Spent | None:
    """What was spent, taken out of fields among which it stands; None where it does not."""
    return decode_spent(fields.pop(name)) if is_spent(fields.get(name)) else None


def _pin_taken(fields: dict[str, Any]) -> bool:
    """Whether it is pinned, taken out of fields among which that may stand."""
    return is_pin(fields.get(PINNED)) and fields.pop(PINNED)


def _settings_in(fields: dict[str, Any]) -> Settings | None:
    """Settings, taken out of fields among which they stand; None where they do not."""
    found = fields.get("settings")
    return decode_settings(fields.pop("settings")) if are_settings(found) and can_be_kept(found) else None


def normal_time(value: Any) -> str | None:
    """A time as records hold it; None where the value is none.

    Taken are ISO 8601 (without a zone it is UTC) and seconds since the epoch. What ends in `Z` already stays as it is.
    """
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            at = datetime.fromtimestamp(value, UTC)
        else:
            return None
        if isinstance(value, str) and value.endswith("Z"):
            return value
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
        return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
