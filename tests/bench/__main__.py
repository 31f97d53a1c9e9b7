"""`make bench`: all benchmarks, as tables on the screen and in build/benchmarks.md."""

import argparse
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import uvloop

from tests.bench import (
    boot,
    chart,
    deltas,
    first_delta,
    frames,
    live_turns,
    long_chat,
    long_history,
    paced,
    searching,
    sockets,
    stalled,
    sustained,
    turns,
    upstream,
    written,
)
from tests.bench.rounds import Result, Rounds, table

REPORT = Path("build/benchmarks.md")
PARTS = (
    *("turns", "history", "written", "boot", "search", "search-alone"),
    *("deltas", "paced", "sustained", "first-delta", "turns-live", "sockets", "stalled", "upstream"),
    *("frames", "long-chat"),
)
AT_ONCE = 1, 16, 256


async def measure(parts: Iterable[Callable[[], Awaitable[str]]]) -> str:
    """Runs the parts, one after the other, and tells each as soon as it is known."""
    tables = []
    for part in parts:
        tables.append(await part())
        print(tables[-1], flush=True)
    return "\n".join(tables)


def parts(rounds: Rounds, plots: Path | None) -> dict[str, Callable[[], Awaitable[str]]]:
    """By name, what can be measured."""

    async def durable_turns() -> str:
        columns: dict[str, list[Result]] = {}
        for sessions in AT_ONCE:
            columns[f"{sessions} at once" if sessions > 1 else "1 session"] = await turns.run(sessions, rounds)
        if plots:
            chart.draw(plots / "durable-turns.svg", columns, "durable turns a second")
        return table("Durable turns a second", columns)

    async def history() -> str:
        return table("A turn behind a short and a long history", await long_history.run(rounds))

    every = (
        durable_turns,
        history,
        lambda: written.run(rounds.seconds * 3),
        lambda: boot.run(rounds),
        lambda: searching.run(rounds),
        lambda: searching.run(rounds, others=0),
        lambda: deltas.run(rounds, plots),
        lambda: paced.run(rounds, plots),
        lambda: sustained.run(rounds, plots),
        lambda: first_delta.run(rounds),
        lambda: live_turns.run(rounds),
        lambda: sockets.run(rounds),
        lambda: stalled.run(rounds),
        lambda: upstream.run(rounds),
        lambda: frames.run(rounds),
        lambda: long_chat.run(rounds),
    )
    return dict(zip(PARTS, every, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what is measured: {', '.join(PARTS)}; all of it")
    parser.add_argument("--rounds", type=int, default=5, help="how many rounds count (%(default)s)")
    parser.add_argument("--fast", action="store_true", help="one short round, to see that it works")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draws what was measured, as SVG files")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    rounds = Rounds(1, warm_up=False, seconds=0.5, small=True) if given.fast else Rounds(given.rounds)
    every = parts(rounds, given.plots)
    told = uvloop.run(measure([every[name] for name in given.parts or PARTS]))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(told, "utf-8")


if __name__ == "__main__":
    main()
