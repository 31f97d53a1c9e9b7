"""What a token of a model server costs on its way through a server to a socket.

Rule: the model server and the client share one core, the server has the other; its whole processor time counts, from
the first request to what it has put off, divided by the tokens.
"""

from collections.abc import Mapping
from functools import partial

from tests.bench.clients import clients, make_turns, read_answers
from tests.bench.rounds import Rounds, table
from tests.bench.served import CLIENT_CORE, client_core, served
from tests.bench.ways import BEHIND, MODEL_SERVER, Way

TEMPOS = {"50 tokens a second": "250@50", "as fast as they go": "3000@0"}
"""Of each stream."""
STREAMS = 64


async def run(rounds: Rounds) -> str:
    """A table."""
    streams = 4 if rounds.small else STREAMS
    columns = await rounds.run_wide({way.name: partial(_measure, way, streams) for way in BEHIND})
    return table(f"µs of the server's core for a token of a model server, {streams} streams", columns)


async def _measure(way: Way, streams: int) -> Mapping[str, float]:
    figures = {}
    async with served(MODEL_SERVER, core=CLIENT_CORE) as model:
        where = f"http://127.0.0.1:{model.port}/v1"
        async with (
            served(way, OPENAI_BASE_URL=where, VERBATIM_UPSTREAM_URL=where) as server,
            clients(server, streams) as ones,
        ):
            for name, tempo in TEMPOS.items():
                words = int(tempo.partition("@")[0])
                with client_core():
                    spent = await make_turns(server, ones, tempo, lambda made: made < 1)
                read_answers(server, ones, words)
                figures[name] = spent.server_s / (spent.turns * words) * 1e6
    return figures
