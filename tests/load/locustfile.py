"""Users who talk at the metronome's pace and check every word, under locust.

Each user has a key, and so an identity, of its own, one conversation and one socket. Reported, in milliseconds:

- `ttft`: from sending the message to the first delta;
- `inter-token`: between two delta frames (one frame may carry several words);
- `turn`: from sending the message to `response.completed`;
- `resume`: from reconnecting after a drop to the first frame behind the cursor;
- `cancel`: from `response.cancel` to `response.incomplete`;
- `history`: reading back the conversation at the end.

A word that is lost, doubled or changed, in a stream or in the history, is a failure.
"""

import json
import random
import secrets
import time
from typing import Any

import websocket
from locust import HttpUser, between, events, task

TIMEOUT_S = 30
FINAL = ("response.completed", "response.incomplete", "response.failed")


def words(count: int) -> str:
    """What the metronome says to `count@rate`."""
    return "".join(f"w{n} " for n in range(count))


class Wrong(Exception):
    """The server did something that its contract rules out."""


def compare(what: str, text: str, expected: str) -> None:
    """Raises Wrong, with the first place that differs, unless both texts are the same."""
    if text != expected:
        at = next(
            (n for n, (a, b) in enumerate(zip(text, expected, strict=False)) if a != b), min(len(text), len(expected))
        )
        raise Wrong(f"{what}: at character {at} {text[at : at + 12]!r}, expected {expected[at : at + 12]!r}")


class Turn:
    """One response as a reader sees it: the text, the cursor, and whether it has ended."""

    def __init__(self) -> None:
        self.response_id = ""
        self.text = ""
        self.cursor = -1
        self.deltas = 0
        self.final: dict[str, Any] = {}

    def take(self, frame: dict[str, Any]) -> bool:
        """Takes one of the response's events; tells whether it was a delta."""
        if frame["sequence_number"] <= self.cursor:
            raise Wrong(f"{frame['type']} {frame['sequence_number']} came after {self.cursor}")
        self.cursor = frame["sequence_number"]
        match frame["type"]:
            case "response.created":
                self.response_id = frame["response"]["id"]
            case "response.output_text.delta":
                self.text += frame["delta"]
                self.deltas += 1
                return True
            case "verbatim:response.snapshot":
                self.text = frame["text"]
            case "response.output_text.done":
                compare("deltas", self.text, frame["text"])
            case kind if kind in FINAL:
                self.final = frame["response"]
        return False


class Talker(HttpUser):
    """Holds turns; sometimes drops the connection and resumes, sometimes cancels."""

    wait_time = between(0.2, 1)

    def on_start(self) -> None:
        self.headers = {"Authorization": f"Bearer {secrets.token_hex(16)}"}
        created = self.client.post("/v1/conversations", json={}, headers=self.headers)
        self.conversation = created.json()["id"]
        self.history: list[str] = []
        self.socket = self.connect()

    def connect(self) -> websocket.WebSocket:
        url = str(self.host).replace("http", "ws", 1) + "/v1/responses"
        return websocket.create_connection(url, header=self.headers, timeout=TIMEOUT_S)

    def report(self, name: str, since: float, size: int = 0, exception: Exception | None = None) -> None:
        events.request.fire(
            request_type="WS",
            name=name,
            response_time=(time.perf_counter() - since) * 1000,
            response_length=size,
            exception=exception,
            context={},
        )

    def send(self, frame: dict[str, Any]) -> None:
        self.socket.send(json.dumps(frame))

    def frame(self) -> dict[str, Any]:
        """The next event of a response; news of conversations are passed over."""
        while True:
            text = self.socket.recv()
            if not text:
                raise Wrong("the server closed the socket")
            frame: dict[str, Any] = json.loads(text)
            if frame["type"] == "error":
                raise Wrong(f"{frame['error']['code']}: {frame['error']['message']}")
            if frame["type"].startswith("response.") or frame["type"] == "verbatim:response.snapshot":
                return frame

    def begin(self, count: int) -> Turn:
        """Sends a message that asks for so many words, 50 a second."""
        message = {"client_message_id": secrets.token_hex(8)}
        create = {"type": "response.create", "model": "metronome", "input": f"{count}@50", "metadata": message}
        self.history.append(f"{count}@50")
        self.send(create | {"conversation": self.conversation})
        return Turn()

    def listen(self, turn: Turn, deltas: int | None = None) -> None:
        """Reads until the end, or until so many deltas have come, and reports each delta's pace."""
        before = time.perf_counter()
        while not turn.final and (deltas is None or turn.deltas < deltas):
            if turn.take(self.frame()):
                self.report("ttft" if turn.deltas == 1 else "inter-token", before)
                before = time.perf_counter()

    def settle(self, turn: Turn, status: str, expected: str) -> None:
        """Compares the ended response with what was to come."""
        said = turn.final["output"][0]["content"][0]["text"] if turn.final["output"] else ""
        self.history.append(said)
        if turn.final["status"] != status:
            raise Wrong(f"ended {turn.final['status']}, not {status}: {turn.final['error']}")
        compare("deltas", turn.text, expected)
        compare("response", said, expected)

    def guarded(self, name: str, since: float, steps: Any) -> None:
        """Runs the steps, reports them as one request, and reconnects after a failure."""
        try:
            size = steps()
        except (Wrong, OSError, KeyError, ValueError, websocket.WebSocketException) as error:
            self.report(name, since, exception=error)
            self.socket.shutdown()
            self.socket = self.connect()
        else:
            self.report(name, since, size)

    @task(8)
    def converse(self) -> None:
        """One whole turn."""

        def steps() -> int:
            count = random.randint(10, 60)
            turn = self.begin(count)
            self.listen(turn)
            self.settle(turn, "completed", words(count))
            return len(turn.text)

        self.guarded("turn", time.perf_counter(), steps)

    @task(2)
    def drop(self) -> None:
        """A turn whose socket breaks on the way; it goes on at the very character, on a new one."""

        def steps() -> int:
            count = random.randint(30, 60)
            turn = self.begin(count)
            self.listen(turn, random.randint(1, 20))
            if turn.final:  # Under load a delta carries many words: it has ended before it could be dropped.
                self.settle(turn, "completed", words(count))
                return len(turn.text)
            self.socket.shutdown()
            time.sleep(random.uniform(0, 0.3))
            since = time.perf_counter()
            self.socket = self.connect()
            attach = {"type": "verbatim:response.attach", "response_id": turn.response_id}
            self.send(attach | {"starting_after": turn.cursor})
            turn.take(self.frame())
            self.report("resume", since)
            self.listen(turn)
            self.settle(turn, "completed", words(count))
            return len(turn.text)

        self.guarded("turn, dropped", time.perf_counter(), steps)

    @task(1)
    def cancel(self) -> None:
        """A turn that is stopped on the way; what was said until then is kept."""

        def steps() -> int:
            turn = self.begin(1000)
            self.listen(turn, random.randint(1, 20))
            since = time.perf_counter()
            self.send({"type": "response.cancel", "response_id": turn.response_id})
            while not turn.final:
                turn.take(self.frame())
            self.report("cancel", since)
            self.settle(turn, "cancelled", words(1000)[: len(turn.text)])
            return len(turn.text)

        self.guarded("turn, cancelled", time.perf_counter(), steps)

    def on_stop(self) -> None:
        """Reads the conversation back: its first hundred messages are what was said.

        locust may stop a user in mid-turn: nobody has heard then how that ended.
        """
        self.socket.close()
        url = f"/v1/conversations/{self.conversation}/items?limit=100&order=asc"
        since = time.perf_counter()
        items = self.client.get(url, headers=self.headers, name="/v1/conversations/{id}/items").json()["data"]
        heard = self.history[: len(self.history) // 2 * 2][:100]
        said = [item["content"][0]["text"] for item in items[: len(heard)]]
        wrong = None if said == heard else Wrong("the history is not what was said")
        self.report("history", since, len(items), wrong)


@events.quitting.add_listener
def fail_without_turns(environment: Any, **_: Any) -> None:
    """A run in which no turn was held has shown nothing, and fails."""
    if not environment.stats.get("turn", "WS").num_requests:
        environment.process_exit_code = 1
