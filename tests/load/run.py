"""`make load`: a server of its own on a temporary data directory, locust's users against it, a report.

LOAD_USERS (50) and LOAD_TIME (20s) say how many and how long. The exit status is 0 only if nothing failed; the report
and the server's log are build/load.html and build/load.log.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPORT = Path("build/load.html")
GRACE_S = 30


def start(data_dir: str, log: Path) -> tuple[subprocess.Popen[str], str]:
    """The server, ready, and its address as its start line has it."""
    settings = {"VERBATIM_METRONOME": "1", "VERBATIM_PORT": "0", "VERBATIM_DATA_DIR": data_dir}
    with log.open("w") as errors:
        server = subprocess.Popen(
            [sys.executable, "-m", "server"],
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert server.stdout is not None
    line = server.stdout.readline().split()
    if line[:2] != ["Verbatim", "at"]:
        server.kill()
        raise SystemExit(f"the server did not start; its log is {log}")
    return server, line[2]


def main() -> int:
    REPORT.parent.mkdir(exist_ok=True)
    users = os.environ.get("LOAD_USERS", "50")
    with tempfile.TemporaryDirectory() as data_dir:
        server, address = start(data_dir, REPORT.with_suffix(".log"))
        try:
            locust = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py"))]
            options = ["--headless", "--only-summary", "-u", users, "-r", users, "--stop-timeout", "10"]
            duration = os.environ.get("LOAD_TIME", "20s")
            status = subprocess.call([*locust, *options, "-t", duration, "-H", address, "--html", str(REPORT)])
        finally:
            server.terminate()
            try:
                ended = server.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                server.kill()
                ended = server.wait()
    if ended:
        print(f"the server ended with status {ended}", file=sys.stderr)
    return status or ended


if __name__ == "__main__":
    sys.exit(main())
