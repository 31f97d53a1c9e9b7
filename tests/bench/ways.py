"""The servers that are compared over the wire: ours and its peers, and what each speaks.

Rule: the first of a list is what the others are compared with; all differ in the server alone, never in the client.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import orjson

END = b'"response.completed"'
DELTA = "response.output_text.delta"


class Dialect(Protocol):
    """How a request is put and an answer's frames are read."""

    @property
    def path(self) -> str:
        """Where the WebSocket is."""

    @property
    def deflate(self) -> bool:
        """Whether the client agrees to compression."""

    @property
    def greeting(self) -> bytes:
        """Sent when the first frame has come, and answered with another; empty where nobody greets."""

    def request(self, tempo: str, conversation: str | None) -> bytes:
        """The frame that asks for `COUNT@RATE` words."""

    def event(self, frame: bytes) -> dict[str, Any]:
        """What a frame says; empty where it says nothing of an answer."""


@dataclass(frozen=True)
class Plain:
    """Events as JSON, one in each frame."""

    deflate: bool = False
    path: str = "/v1/responses"
    greeting: bytes = b""

    def request(self, tempo: str, conversation: str | None) -> bytes:
        asked = {"type": "response.create", "model": "metronome", "input": tempo}
        return orjson.dumps({**asked, "conversation": conversation} if conversation else asked)

    def event(self, frame: bytes) -> dict[str, Any]:
        return orjson.loads(frame)


@dataclass(frozen=True)
class SocketIo:
    """Socket.IO 5 over Engine.IO 4, straight on a WebSocket."""

    deflate: bool = False
    path: str = "/socket.io/?EIO=4&transport=websocket"
    greeting: bytes = b"40"

    def request(self, tempo: str, conversation: str | None) -> bytes:
        return b'42["create",' + Plain().request(tempo, conversation) + b"]"

    def event(self, frame: bytes) -> dict[str, Any]:
        return orjson.loads(frame[2:])[1] if frame.startswith(b"42") else {}


@dataclass(frozen=True)
class Way:
    """One server.

    Attributes:
        command: What Python is given; `{folder}` stands for the folder of the run.
        settings: Its environment, likewise.
        names_sessions: Whether the client names a session when it begins, rather than being told.
        paced_streams: Where the search for the number of streams that it sustains begins.
    """

    name: str
    command: tuple[str, ...]
    dialect: Dialect = Plain()
    settings: dict[str, str] = field(default_factory=dict)
    names_sessions: bool = True
    paced_streams: int = 800


def _peer(name: str, module: str, *flags: str, dialect: Dialect | None = None, paced_streams: int = 800) -> Way:
    command = "-m", f"tests.bench.peers.{module}", *flags
    return Way(name, command, dialect or Plain(), paced_streams=paced_streams)


_STORE = "--store", "{folder}/history.db"

OURS = Way(
    "Verbatim, everything kept",
    ("-m", "server"),
    settings={
        "VERBATIM_METRONOME": "1",
        "VERBATIM_PORT": "0",
        "VERBATIM_DATA_DIR": "{folder}/data",
        "VERBATIM_SHUTDOWN_GRACE_S": "0",
    },
    names_sessions=False,
    paced_streams=1400,
)
BARE = _peer("bare aiohttp, send_str", "bare_aiohttp")
STREAMING = [
    BARE,
    _peer("bare aiohttp as shipped, deflate agreed", "bare_aiohttp", "--compress", dialect=Plain(deflate=True)),
    _peer("websockets", "websockets_server"),
    _peer("FastAPI on uvicorn", "fastapi_app"),
    _peer("python-socketio on aiohttp", "socketio_server", dialect=SocketIo(), paced_streams=250),
    _peer("picows, orjson", "picows_server", paced_streams=1400),
    OURS,
]
KEEPING = [
    _peer("bare aiohttp + sqlite3, WAL, FULL", "bare_aiohttp", *_STORE),
    _peer("FastAPI on uvicorn + aiosqlite, WAL, FULL", "fastapi_app", *_STORE),
    _peer("python-socketio + aiosqlite, WAL, FULL", "socketio_server", *_STORE, dialect=SocketIo()),
    OURS,
]
MODEL_SERVER = _peer("a model server", "model_server")
BEHIND = [
    _peer("FastAPI on uvicorn, openai package", "fastapi_openai"),
    replace(OURS, settings={**OURS.settings, "VERBATIM_METRONOME": "0", "VERBATIM_UPSTREAM_MODEL": "metronome"}),
]
"""In front of a model server."""
