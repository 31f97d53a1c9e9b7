"""What model servers do, and what becomes of it: the table that `test_fault_matrix.py` walks through.

Rule: a row says what comes over the connection and the exact outcome; nothing is left to whoever reads the code.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.integration.raw_upstream import Act, EachByte, Script, chunk, head
from tests.server.assistants.completions import DONE, USAGE, delta, event, stop

KEY = "sk-very-secret"
COUNTED = {"input_tokens": 5, "output_tokens": 7, "cached_tokens": 3, "reasoning_tokens": 2}
"""What `USAGE` says."""
OK = head()
CHUNKED = head(Transfer_Encoding="chunked")
WHOLE: Script = [OK, delta("Hello"), stop(), USAGE, DONE, Act.END]
FIRST: Script = [OK, delta("He")]
"""An answer that has begun."""
LONG = "𝄞 é " * 100_000
"""600 KB of JSON in one line."""


@dataclass(frozen=True)
class Row:
    """One behaviour and its outcome.

    Attributes:
        scripts: What each request gets, the last one for ever.
        text: What there is of the answer, on the wire, in the file and in the page.
        reasoning: What was thought, likewise.
        code, says: The error; "" where there is none.
        status: Of the message in the file.
        asked: How many requests were made.
        scheme: With which the server is configured.
        listens: Whether anybody is there.
        ended_by: The time limit that ends its silence; all others are long. "": it is never silent.
    """

    scripts: tuple[Script, ...]
    text: str = ""
    code: str = ""
    says: str = ""
    status: str = "failed"
    usage: dict[str, int] | None = None
    reasoning: str = ""
    asked: int = 1
    scheme: str = "http"
    listens: bool = True
    ended_by: str = ""

    @property
    def reason(self) -> str | None:
        return "max_output_tokens" if self.status == "incomplete" else None


def whole(*script: bytes | Act, text: str = "Hello", usage: dict[str, int] | None = None, **rest: Any) -> Row:
    """An answer that is none the worse for it."""
    return Row((script,), text, status="completed", usage=usage, **rest)


def stalled(*script: bytes | Act, text: str = "", says: str, reasoning: str = "") -> Row:
    ended_by = "first_token_timeout_s" if says == NO_BEGINNING else "token_timeout_s"
    return Row(((*script, Act.STALL),), text, "upstream_timeout", says, reasoning=reasoning, ended_by=ended_by)


def thought(text: str, name: str = "reasoning_content") -> bytes:
    """A piece of what the model thinks."""
    return delta(None, **{name: text})


def said(text: str) -> dict[str, str]:
    """A part of the answer, where that comes in parts."""
    return {"type": "text", "text": text}


def error_body(message: str) -> bytes:
    return json.dumps({"error": {"message": message, "code": 1}}).encode()


def refusal(status: str, message: str = "no memory", **headers: str) -> Script:
    """An error with its status, behind which the connection can be used again."""
    body = error_body(message)
    return [head(status, "application/json", Content_Length=str(len(body)), **headers), body]


def tool_call(**function: str) -> bytes:
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    return event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]})


def within(character: str) -> tuple[bytes, bytes]:
    """A piece of the answer, cut in the middle of its one character."""
    piece = delta(character)
    at = piece.index(character.encode()) + 1
    return piece[:at], piece[at:]


CUT_SHORT = "The model server stopped in the middle of the answer."
BROKE = "The connection to the model server broke in the middle of the answer."
NO_COMPLETION = "The model server sent something that is not a chat completion."
TOO_LONG = "The model server sent a piece that is too long."
NO_BEGINNING = "The model server did not begin to answer in time."
SILENT = "The model server fell silent in the middle of the answer."
OWN_FAULT = "The model server has a fault of its own ({}): no memory"
BUSY = "The model server takes no more requests for now"
UNREACHABLE = "The model server cannot be reached. Is it running?"
HUNG_UP = "The model server closed the connection without an answer."
NO_TOOL = "The model asked for a tool, and it was offered none."
GONE = "upstream_unreachable"

MATRIX: dict[str, Row] = {
    # What is odd and no fault.
    "a whole answer": whole(*WHOLE, usage=COUNTED),
    "no usage": whole(OK, delta("Hello"), stop(), DONE, Act.END),
    "a broken usage": whole(
        OK, delta("Hello"), stop(), event({"choices": [], "usage": {"prompt_tokens": "x"}}), DONE, Act.END
    ),
    "usage with null choices": whole(
        OK, delta("Hello"), stop(), event({"choices": None, "usage": None}), DONE, Act.END
    ),
    "a lost [DONE]": whole(OK, delta("Hello"), stop(), Act.END),
    "a null delta": whole(OK, delta(None, role="assistant"), delta("Hello"), delta(None, "stop"), DONE, Act.END),
    "CRLF and comments": whole(
        OK,
        b": hi\r\n\r\n",
        delta("Hello").replace(b"\n", b"\r\n"),
        b":\r\nevent: x\r\nid: 1\r\n",
        stop(),
        DONE,
        Act.END,
    ),
    "CR alone": whole(OK, (delta("Hello") + stop() + DONE).replace(b"\n", b"\r"), Act.END),
    "a byte order mark": whole(OK, b"\xef\xbb\xbf", delta("Hello"), stop(), DONE, Act.END),
    "UTF-8 split over reads": whole(*(OK, *within("é"), *within("😀"), stop(), DONE, Act.END), text="é😀"),
    "one byte a packet": whole(OK, EachByte(delta("é😀") + stop() + USAGE + DONE), Act.END, text="é😀", usage=COUNTED),
    "one byte a chunk": whole(
        CHUNKED, *(chunk(bytes([b])) for b in delta("é😀") + stop() + DONE), chunk(b""), text="é😀"
    ),
    "a thousand chunks in a packet": whole(
        OK,
        b"".join(delta(f"{n} ") for n in range(1000)) + stop() + DONE,
        Act.END,
        text="".join(f"{n} " for n in range(1000)),
    ),
    "reasoning": whole(
        OK, thought("Let me "), thought("see.", "reasoning"), delta("Hello"), stop(), Act.END, reasoning="Let me see."
    ),
    "reasoning under both names": whole(
        OK, delta(None, reasoning="Hm.", reasoning_content="Hm."), delta("Hello"), stop(), Act.END, reasoning="Hm."
    ),
    "reasoning among the answer": whole(
        OK, delta("Hel"), thought("Hm. "), delta("lo", reasoning="é😀"), stop(), DONE, Act.END, reasoning="Hm. é😀"
    ),
    "reasoning without a stream": whole(
        head(content_type="application/json"),
        b'{"choices":[{"message":{"content":"Hello","reasoning_content":"Hm."},"finish_reason":"stop"}]}',
        Act.END,
        reasoning="Hm.",
    ),
    "reasoning that is no text": whole(OK, delta(None, reasoning={"a": 1}), delta("Hello"), stop(), DONE, Act.END),
    "reasoning and no answer": whole(OK, thought("Hm."), stop(), DONE, Act.END, text="", reasoning="Hm."),
    "content in parts": whole(
        OK,
        delta([{"type": "thinking", "thinking": [{"type": "text", "text": "Let me "}]}]),
        delta([{"type": "thinking", "thinking": [{"type": "text", "text": "see."}], "closed": True}, said("Hel")]),
        delta([said("l"), {"type": "reference", "reference_ids": [1]}]),
        delta("o"),
        delta([], "stop"),
        USAGE,
        DONE,
        Act.END,
        reasoning="Let me see.",
        usage=COUNTED,
    ),
    "content in parts without a stream": whole(
        head(content_type="application/json"),
        b'{"choices":[{"message":{"content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"Hello"}]},'
        b'"finish_reason":"stop"}]}',
        Act.END,
        reasoning="Hm.",
    ),
    "a huge line": whole(OK, delta(LONG), stop(), DONE, Act.END, text=LONG),
    "another content type": whole(head(content_type="text/plain"), *WHOLE[1:], usage=COUNTED),
    "no stream at all": whole(
        head(content_type="application/json"),
        b'{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5}}',
        Act.END,
        usage={"input_tokens": 5, "output_tokens": 0, "cached_tokens": 0, "reasoning_tokens": 0},
    ),
    "an empty answer": whole(OK, stop(), USAGE, DONE, Act.END, text="", usage=COUNTED),
    "a refusal of the model's": whole(
        OK, delta(None, refusal="I will "), delta(None, refusal="not."), stop(), Act.END, text="I will not."
    ),
    "a cut behind the end": whole(OK, delta("Hello"), stop(), Act.RESET),
    "a stall behind the end": whole(OK, delta("Hello"), stop(), Act.STALL, ended_by="tail_timeout_s"),
    "a stall behind [DONE]": whole(OK, delta("Hello"), stop(), DONE, Act.STALL, ended_by="tail_timeout_s"),
    "rubbish behind the end": whole(OK, delta("Hello"), stop(), b"data: {broken\n\n", Act.END),
    "the limit of tokens": Row(
        ((OK, delta("He"), stop("length"), USAGE, DONE, Act.END),), "He", status="incomplete", usage=COUNTED
    ),
    # What goes wrong in an answer.
    "an end without a finish reason": Row(((*FIRST, Act.END),), "He", "upstream_cut", CUT_SHORT),
    "[DONE] without a finish reason": Row(((*FIRST, DONE, Act.END),), "He", "upstream_cut", CUT_SHORT),
    "nothing at all": Row(((OK, Act.END),), "", "upstream_cut", CUT_SHORT),
    "no content": Row((((head("204 No Content"), Act.END)),), "", "upstream_cut", CUT_SHORT),
    "a cut after reasoning": Row(((OK, thought("Hm."), Act.END),), "", "upstream_cut", CUT_SHORT, reasoning="Hm."),
    "half an event": Row(((*FIRST, delta("llo")[:30], Act.END),), "He", "upstream_cut", CUT_SHORT),
    "an unfinished chunked body": Row(((CHUNKED, chunk(delta("He")), Act.END),), "He", "upstream_cut", BROKE),
    "less than was announced": Row(((head(Content_Length="999"), delta("He"), Act.END),), "He", "upstream_cut", BROKE),
    "a reset in mid-answer": Row(
        ((CHUNKED, chunk(delta("He")), EachByte(b"5\r\n:"), Act.RESET),), "He", "upstream_cut", BROKE
    ),
    "an error with 200": Row(
        (refusal("200 OK"),), "", "upstream_error", "The model server reports an error: no memory"
    ),
    "an error in mid-answer": Row(
        ((*FIRST, b"data: " + error_body("no memory") + b"\n\n", DONE, Act.END),),
        "He",
        "upstream_error",
        "The model server reports an error: no memory",
    ),
    "an error event": Row(
        ((*FIRST, b"event: error\n", event({"object": "error", "message": "no memory"}), Act.END),),
        "He",
        "upstream_error",
        "The model server reports an error: no memory",
    ),
    "a broken chunk": Row(
        ((*FIRST, b"data: {broken\n\n", delta("llo"), stop(), DONE, Act.END),),
        "He",
        "upstream_malformed",
        NO_COMPLETION,
    ),
    "a chunk that is no object": Row(((*FIRST, b"data: [1]\n\n", Act.END),), "He", "upstream_malformed", NO_COMPLETION),
    "a part that is no text": Row(
        ((*FIRST, delta([said("llo"), {"type": "image_url", "image_url": "data:,"}]), stop(), DONE, Act.END),),
        "He",
        "upstream_error",
        "The model server answered with something that is no text: image_url",
    ),
    "a part without its text": Row(
        ((*FIRST, delta([{"type": "text"}]), stop(), DONE, Act.END),), "He", "upstream_malformed", NO_COMPLETION
    ),
    "bytes that are no UTF-8": Row(
        ((*FIRST, delta("xx").replace(b"xx", b"\xff\xfe"), Act.END),), "He", "upstream_malformed", NO_COMPLETION
    ),
    "a line without end": Row(((*FIRST, b"data: " + b"x" * 5_000_000, Act.END),), "He", "upstream_malformed", TOO_LONG),
    "a web page": Row(
        ((head(content_type="text/html"), b"<!doctype html><p>Hello</p>", Act.END),),
        "",
        "upstream_malformed",
        "The model server answered with a web page. Is the configured URL that of its API?",
    ),
    "a content filter": Row(
        ((*FIRST, stop("content_filter"), DONE, Act.END),),
        "He",
        "upstream_error",
        "The model server's content filter stopped the answer.",
    ),
    "an unknown finish reason": Row(
        ((*FIRST, stop("weather"), DONE, Act.END),),
        "He",
        "upstream_error",
        "The model server ended the answer for an unknown reason: weather",
    ),
    "tool calls in pieces": Row(
        (
            (
                OK,
                tool_call(name="f", arguments=""),
                tool_call(arguments='{"a'),
                tool_call(arguments='":1}'),
                stop("tool_calls"),
                DONE,
                Act.END,
            ),
        ),
        "",
        "upstream_error",
        NO_TOOL,
    ),
    "tool calls that end as an answer": Row(
        ((*FIRST, tool_call(name="f", arguments="{}"), stop(), DONE, Act.END),), "He", "upstream_error", NO_TOOL
    ),
    # Stalls.
    "a stall before the status": stalled(says=NO_BEGINNING),
    "a stall in the headers": stalled(OK[:30], says=NO_BEGINNING),
    "a stall before the first piece": stalled(OK, says=NO_BEGINNING),
    "a role and then a stall": stalled(OK, delta("", role="assistant"), says=NO_BEGINNING),
    "a stall in mid-answer": stalled(*FIRST, text="He", says=SILENT),
    "a stall in the middle of a character": stalled(*FIRST, within("é")[0], text="He", says=SILENT),
    "reasoning and then a stall": stalled(OK, thought("Hm."), says=SILENT, reasoning="Hm."),
    "a stall between reasoning and the answer": stalled(
        OK, thought("Hm."), delta("He"), text="He", says=SILENT, reasoning="Hm."
    ),
    "a stall in an error": Row(
        ((head("400 Bad Request"), b"{", Act.STALL),),
        "",
        "upstream_error",
        "The model server refuses the request (400).",
        ended_by="error_timeout_s",
    ),
    # Refusals.
    "400": Row(
        (refusal("400 Bad Request"),), "", "upstream_error", "The model server refuses the request (400): no memory"
    ),
    "400 in plain text": Row(
        ((head("400 Bad Request", "text/plain"), b"Traceback: /srv/x.py", Act.END),),
        "",
        "upstream_error",
        "The model server refuses the request (400).",
    ),
    "422 with a list of faults": Row(
        (
            [
                head("422 Unprocessable", "application/json"),
                b'{"detail":[{"loc":["body","messages"],"msg":"Field required"},{"msg":"x"}]}',
                Act.END,
            ],
        ),
        "",
        "upstream_error",
        "The model server refuses the request (422): Field required",
    ),
    "401": Row(
        (refusal("401 Unauthorized", f"bad key {KEY}"),),
        "",
        "upstream_error",
        "The model server does not accept the key that is configured for it (401).",
    ),
    "404": Row(
        (refusal("404 Not Found", "model 'm' not found"),),
        "",
        "upstream_error",
        "The model server knows no such model, or its address is not that of an API (404): model 'm' not found",
    ),
    "a redirect": Row(
        ((head("307 Temporary Redirect", Location="http://127.0.0.1:1/", Content_Length="0"),),),
        "",
        "upstream_error",
        "The model server sends requests elsewhere (307). The configured URL has to name where it is.",
    ),
    "a key in an error": Row(
        (refusal("422 Unprocessable", f"{KEY} is odd"),),
        "",
        "upstream_error",
        "The model server refuses the request (422): … is odd",
    ),
    # What may pass in a moment.
    "429 and then an answer": Row(
        (refusal("429 Busy", Retry_After="0"), WHOLE), "Hello", status="completed", usage=COUNTED, asked=2
    ),
    "429 for ever": Row((refusal("429 Busy"),), "", "upstream_rate_limited", f"{BUSY}: no memory", asked=3),
    "429 for an hour": Row(
        (refusal("429 Busy", Retry_After="3600"), WHOLE),
        "",
        "upstream_rate_limited",
        f"{BUSY} and asks to wait 3600 s: no memory",
    ),
    "500 and then an answer": Row(
        (refusal("500 Oh"), refusal("500 Oh"), WHOLE), "Hello", status="completed", usage=COUNTED, asked=3
    ),
    "500 for ever": Row((refusal("500 Oh"),), "", "upstream_error", OWN_FAULT.format(500), asked=3),
    "503 until a date": Row(
        (refusal("503 Oh", Retry_After="Thu, 01 Jan 2026 00:00:00 GMT"), WHOLE),
        "Hello",
        status="completed",
        usage=COUNTED,
        asked=2,
    ),
    "503 for ever": Row((refusal("503 Oh"),), "", "upstream_error", OWN_FAULT.format(503), asked=3),
    "503 for an hour": Row(
        (refusal("503 Oh", Retry_After="3600"), WHOLE),
        "",
        "upstream_error",
        "The model server has a fault of its own (503) and asks to wait 3600 s: no memory",
    ),
    "503 for longer than there is a number for": Row(
        (refusal("503 Oh", Retry_After="9" * 400), WHOLE),
        "",
        "upstream_error",
        "The model server has a fault of its own (503) and asks to wait 1000000000 s: no memory",
    ),
    "501": Row((refusal("501 No"), WHOLE), "", "upstream_error", OWN_FAULT.format(501)),
    "hung up, and then an answer": Row(([Act.END], WHOLE), "Hello", status="completed", usage=COUNTED, asked=2),
    "hung up for ever": Row(([Act.END],), "", "upstream_cut", HUNG_UP, asked=3),
    "a reset before the status": Row(([Act.RESET],), "", GONE, UNREACHABLE, asked=3),
    "500 in mid-answer is none": Row(
        ((*FIRST, b"data: " + error_body("no memory") + b"\n\n", Act.END), WHOLE),
        "He",
        "upstream_error",
        "The model server reports an error: no memory",
    ),
    # No connection.
    "refused": Row((WHOLE,), "", GONE, UNREACHABLE, asked=0, listens=False),
    "no TLS": Row((WHOLE,), "", GONE, "No secure connection to the model server is possible.", asked=0, scheme="https"),
    "no HTTP": Row(
        (([b"220 smtp.example.org ESMTP\r\n\r\n", Act.END]),),
        "",
        "upstream_malformed",
        "The model server's answer is not valid HTTP.",
    ),
}
