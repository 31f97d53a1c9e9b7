"""Server-sent events, read from bytes. Pure.

Rule: how the bytes were cut into reads never shows. Lines are split before anything is decoded, so a character that
came in two reads is whole by the time anyone looks at it. Only `data` matters here; other fields and comments are
skipped. A line or an event that grows past the limit ends the reading; what came before it is handed out.

Source: HTML Living Standard, 9.2.6 "Interpreting an event stream". One deliberate difference: an event that the
stream's end leaves without its blank line is handed out by `end`, since servers exist that forget it.
"""

_BOM = b"\xef\xbb\xbf"


class SseReader:
    """Bytes in, `data` payloads out.

    Args:
        max_event_bytes: The most that one line, or the data of one event, may hold.

    Attributes:
        too_long: The limit was passed; nothing more is handed out.
    """

    def __init__(self, max_event_bytes: int) -> None:
        self.too_long = False
        self._max_event_bytes = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The payloads that are complete after these bytes."""
        if (whole := self._whole_events(chunk)) is not None:
            return whole
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        payloads: list[bytes] = []
        for piece in chunk.splitlines(keepends=True):
            if self.too_long:
                break
            if piece.endswith((b"\n", b"\r")):
                self._finish_line(piece, payloads)
            else:
                self._keep(piece)
        self._after_cr = chunk.endswith(b"\r") or (self._after_cr and not chunk)
        return payloads

    def end(self) -> list[bytes]:
        """The payload that was still open when the stream ended, if there was one."""
        payloads: list[bytes] = []
        self._finish_line(b"", payloads)
        self._finish_event(payloads)
        return payloads

    def _whole_events(self, chunk: bytes) -> list[bytes] | None:
        """The payloads of bytes that are whole events of one line each, as most are; None: they need a closer look."""
        if self._line or self._data or self._after_cr or self._at_start or self.too_long:
            return None
        if not (chunk.startswith(b"data: ") and chunk.endswith(b"\n\n")) or b"\r" in chunk:
            return None
        payloads = chunk[6:-2].split(b"\n\ndata: ")
        if len(chunk) > self._max_event_bytes or chunk.count(b"\n") != 2 * len(payloads):
            return None
        return payloads

    def _keep(self, piece: bytes) -> None:
        self._line.append(piece)
        self._line_bytes += len(piece)
        self._check(self._line_bytes)

    def _finish_line(self, piece: bytes, payloads: list[bytes]) -> None:
        if self._line:
            piece = b"".join((*self._line, piece))
            self._line.clear()
            self._line_bytes = 0
        line = piece.rstrip(b"\r\n")
        self._check(len(line))
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if not line:
            self._finish_event(payloads)
        elif line.startswith(b"data:"):
            self._add(line[6:] if line[5:6] == b" " else line[5:])
        elif line == b"data":
            self._add(b"")

    def _add(self, data: bytes) -> None:
        self._data.append(data)
        self._data_bytes += len(data)
        self._check(self._data_bytes)

    def _finish_event(self, payloads: list[bytes]) -> None:
        if self._data and not self.too_long:
            payloads.append(b"\n".join(self._data))
            self._data.clear()
            self._data_bytes = 0

    def _check(self, size: int) -> None:
        self.too_long = self.too_long or size > self._max_event_bytes
