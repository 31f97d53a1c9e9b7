"""A real server in its own process, which tests may kill and start again.

Rule: it is ended by its own process id, and comes back on the same port with the same data.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.fair_time import fair_time

REPOSITORY = Path(__file__).parents[1]
ADDRESS = re.compile(r"https?://[^\s/]+:(\d+)")


class ServerProcess:
    """`python -m server` on a free port.

    Attributes:
        data_dir: Where it keeps its files.
        url: Its address; set by `start`.
    """

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.url = ""
        self._settings = settings
        self._port = "0"
        self._log = data_dir.with_suffix(".log")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it and waits for the line that names its address.

        Raises:
            RuntimeError: It ended, or said something else.
        """
        self.launch()
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        address = ADDRESS.search(line)
        if address is None:
            self.stop()
            raise RuntimeError(f"no address in {line!r}; its log says: {self.log()[-2000:]}")
        self.url, self._port = address[0], address[1]

    def launch(self) -> None:
        """Starts it and does not wait for anything."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
        environ |= {
            "VERBATIM_HOST": "127.0.0.1",
            "VERBATIM_PORT": self._port,
            "VERBATIM_DATA_DIR": str(self.data_dir),
            "VERBATIM_METRONOME": "1",
            "PYTHONUNBUFFERED": "1",
            **self._settings,
        }
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server"],
                cwd=REPOSITORY,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def send(self, which: signal.Signals) -> None:
        """Sends it a signal."""
        if self._process is not None:
            self._process.send_signal(which)

    def ask_to_stop(self) -> None:
        """Tells it to end as an operator would, and does not wait for it."""
        self.send(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it as an operator would; a server that does not end in time is killed."""
        self._end(signal.SIGTERM)

    def log(self) -> str:
        """What it has written to standard error."""
        return self._log.read_text()

    def read_json_files(self) -> dict[str, object]:
        """Reads every `*.json` under the data directory with Python's own `json.tool`, and then its content.

        Raises:
            subprocess.CalledProcessError: One of them is not JSON.
        """
        files = sorted(self.data_dir.rglob("*.json"))
        for file in files:
            subprocess.run([sys.executable, "-m", "json.tool", str(file)], check=True, stdout=subprocess.DEVNULL)
        return {file.name: json.loads(file.read_bytes()) for file in files}

    def read_bytes(self) -> Iterator[bytes]:
        """What is in each file under the data directory; a file that vanishes meanwhile is left out."""
        for path in self.data_dir.rglob("*"):
            with suppress(FileNotFoundError, IsADirectoryError):
                yield path.read_bytes()

    async def forgets(self, *texts: bytes) -> None:
        """Fails unless within two seconds no file under the data directory contains any of the texts."""
        assert self._process is not None
        began = fair_time(self._process.pid)
        while any(text in found for text in texts for found in self.read_bytes()):
            assert fair_time(self._process.pid) - began < 2
            await asyncio.sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
