"""What a turn's request may say besides, and nobody here minds. Pure.

Rule: it names, times or prices a request, and would change nothing of the answer. What would is asked for under a name
that is on offer, or refused.
Source: PROTOCOL.md, "One turn".
"""

from typing import Any

from msgspec import Struct


class PassedOver(Struct, kw_only=True):
    """Fields of `response.create`; `stream_id` is read ahead of all others."""

    type: Any = None
    event_id: Any = None
    stream_id: Any = None
    stream_options: Any = None
    user: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None
    prompt_cache_options: Any = None
    prompt_cache_retention: Any = None
    service_tier: Any = None
