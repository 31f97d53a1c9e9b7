"""`make bench`: all benchmarks, as tables into build/benchmarks.md and onto the screen. ROUNDS (5) says how often."""

import asyncio
import os
from pathlib import Path

from tests.bench import deltas, turns
from tests.bench.rounds import table

REPORT = Path("build/benchmarks.md")


async def measure(rounds: int) -> str:
    """All tables."""
    tables = []
    for sessions in (1, 16, 256):
        results = await turns.run(sessions, rounds)
        tables.append(table(f"Durable turns, sessions at once: {sessions}", "turns/s", results))
    for streams in (1, 32):
        results = await deltas.run(streams, rounds)
        tables.append(table(f"Deltas to WebSocket clients, streams at once: {streams}", "deltas/s", results))
    return "\n".join(tables)


def main() -> None:
    tables = asyncio.run(measure(int(os.environ.get("ROUNDS", "5"))))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(tables, "utf-8")
    print(tables)


if __name__ == "__main__":
    main()
