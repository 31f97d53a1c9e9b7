"""Bodies of model servers, for the assistants' tests."""

import json
from typing import Any


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def delta(text: str | list[Any] | None, reason: str | None = None, **rest: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text, **rest}, "finish_reason": reason}]})


def stop(reason: str = "stop") -> bytes:
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


USAGE = event(
    {
        "choices": [],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }
)
DONE = b"data: [DONE]\n\n"
