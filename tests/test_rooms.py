"""The rooms: who may import whom, and how long a file may be, read from the sources themselves."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAX_LINES = 300

PURE = (
    "server/errors.py",
    "server/config.py",
    "server/chosen_id.py",
    "server/delta_window.py",
    "server/ended_events.py",
    "server/fact_choice.py",
    "server/found_servers.py",
    "server/frame_rate.py",
    "server/history.py",
    "server/image_limits.py",
    "server/metering.py",
    "server/model_prices.py",
    "server/model_servers.py",
    "server/parameters.py",
    "server/placing.py",
    "server/prompting.py",
    "server/proposals.py",
    "server/summary.py",
    "server/settings.py",
    "server/setting_values.py",
    "server/stored_usage.py",
    "server/thought_marks.py",
    "server/title.py",
    "server/token_estimate.py",
    "server/transcript.py",
    "server/turn.py",
    "server/turn_request.py",
    "server/wire_conversations.py",
    "server/wire_events.py",
    "server/wire_export.py",
    "server/wire_facts.py",
    "server/wire_images.py",
    "server/wire_input.py",
    "server/wire_objects.py",
    "server/wire_parts.py",
    "server/wire_passed_over.py",
    "server/wire_recall.py",
    "server/wire_requests.py",
    "server/wire_search.py",
    "server/wire_settings.py",
    "server/wire_tools.py",
    "server/wire_usage.py",
    "server/ws_frames.py",
    "server/assistants/breaker.py",
    "server/assistants/completion_chunk.py",
    "server/assistants/completion_request.py",
    "server/assistants/completion_stream.py",
    "server/assistants/content_parts.py",
    "server/assistants/context_overflow.py",
    "server/assistants/context_sizes.py",
    "server/assistants/context_window.py",
    "server/assistants/limit_names.py",
    "server/assistants/quotation.py",
    "server/assistants/repetition.py",
    "server/assistants/scribe_answers.py",
    "server/assistants/scribe_intents.py",
    "server/assistants/seen_images.py",
    "server/assistants/sse.py",
    "server/assistants/telling.py",
    "server/assistants/tool_calls.py",
    "server/assistants/upstream_limits.py",
    "server/assistants/word_search.py",
    "persistence/added_messages.py",
    "persistence/answer.py",
    "persistence/branch_json.py",
    "persistence/branches.py",
    "persistence/errors.py",
    "persistence/fact_json.py",
    "persistence/fact_text.py",
    "persistence/facts.py",
    "persistence/file_change.py",
    "persistence/history.py",
    "persistence/images.py",
    "persistence/index_file.py",
    "persistence/journal_entry.py",
    "persistence/journal_line.py",
    "persistence/json_bytes.py",
    "persistence/learning.py",
    "persistence/loop_writes.py",
    "persistence/memory_file.py",
    "persistence/messages.py",
    "persistence/model.py",
    "persistence/record_json.py",
    "persistence/replay.py",
    "persistence/running_answers.py",
    "persistence/search_backlog.py",
    "persistence/search_changes.py",
    "persistence/search_hits.py",
    "persistence/search_lookup.py",
    "persistence/search_query.py",
    "persistence/search_rows.py",
    "persistence/search_source.py",
    "persistence/search_words.py",
    "persistence/session_file.py",
    "persistence/settings.py",
    "persistence/slices.py",
    "persistence/spending.py",
    "persistence/store.py",
)
"""Modules that are tested without a loop: no asyncio, aiohttp or aiofiles."""

IMPURE = ("asyncio", "aiohttp", "aiofiles", "uvloop", "threading", "socket")
FILE_MODULE = "persistence/disk.py"
"""The one module of persistence that touches files."""
FILE_MODULES = ("aiofiles", "ctypes", "fcntl", "io", "mmap", "os", "shutil", "subprocess", "tempfile")
DATABASE_MODULE = "persistence/search_database.py"
"""The one module of persistence that has SQLite, which opens files of its own: those of the search index, which nothing
depends on."""
RANKING_MODULE = "server/fact_choice.py"
"""The one that has it in memory only, to rank a few hundred lines."""
DATABASE_MODULES = ("sqlite3",)
FILE_CALLS = ("open", "read_bytes", "read_text", "write_bytes", "write_text", "exists", "iterdir", "rglob", "touch")
"""What touches them."""
COMPOSITION_ROOT = "server/app.py"
"""The one module of server that names concrete back ends."""
BACK_ENDS = (
    "persistence.FileStore",
    "persistence.MemoryStore",
    "persistence.file_store",
    "persistence.memory_store",
    "server.assistants.chat_completions",
    "server.assistants.metronome",
    "server.assistants.scribe",
)


def sources(root: Path, room: str) -> list[Path]:
    return sorted((root / room).rglob("*.py"))


def imports(path: Path, root: Path) -> Iterator[str]:
    """Every module that a file imports, absolute and dotted, wherever it stands; `from a import b` gives a and a.b."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, names: tuple[str, ...]) -> bool:
    """Whether a module is one of the names, or inside one."""
    return any(module == name or module.startswith(name + ".") for name in names)


def violations(root: Path) -> list[str]:
    """Each import that breaks a rule of the rooms, as `file imports module`."""
    found = []
    for path in (*sources(root, "server"), *sources(root, "persistence")):
        name = path.relative_to(root).as_posix()
        for module in sorted(set(imports(path, root))):
            in_persistence = name.startswith("persistence/")
            if (
                within(module, ("static", "tests"))
                or (in_persistence and within(module, ("server",)))
                or (in_persistence and name != FILE_MODULE and within(module, FILE_MODULES))
                or (name not in (DATABASE_MODULE, RANKING_MODULE) and within(module, DATABASE_MODULES))
                or (name in PURE and within(module, IMPURE))
                or (not in_persistence and name != COMPOSITION_ROOT and within(module, BACK_ENDS))
            ):
                found.append(f"{name} imports {module}")
    return found


def file_calls(path: Path) -> Iterator[str]:
    """Each call in a file that reaches around the seam: the built-in `open`, and what a path can do to its file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name == "open":
                yield name
            case ast.Call(func=ast.Attribute(attr=name)) if name in FILE_CALLS[1:]:
                yield name


def test_rooms_are_kept():
    """No import of server or persistence breaks a rule."""
    assert violations(ROOT) == []


def test_record_reaches_its_files_through_the_seam_only():
    """No module of the record opens a file by itself: what stands in for the disk sees every call."""
    found = {path.name: list(file_calls(path)) for path in sources(ROOT, "persistence") if path.name != "disk.py"}
    assert {name: calls for name, calls in found.items() if calls} == {}


@pytest.mark.parametrize("source", ["open('a')", "Path('a').read_bytes()", "[x for x in folder.iterdir()]"])
def test_planted_call_is_found(source, tmp_path):
    """The check sees a call around the seam."""
    (tmp_path / "a.py").write_text(source)
    assert list(file_calls(tmp_path / "a.py"))


@pytest.mark.parametrize("name", [*PURE, FILE_MODULE, DATABASE_MODULE, COMPOSITION_ROOT])
def test_named_modules_exist(name):
    """Each module that a rule names is there, so that no rule guards a name of the past."""
    assert (ROOT / name).is_file()


@pytest.mark.parametrize("name", BACK_ENDS)
def test_named_back_ends_exist(name):
    """Each back end that a rule names is there."""
    assert pkgutil.resolve_name(name)


def test_pure_modules_say_so():
    """A module whose docstring calls it pure is on the list, and so is held to it."""
    claimed = set()
    for room in ("server", "persistence"):
        for path in sources(ROOT, room):
            if re.search(r"\bPure\b", ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""):
                claimed.add(path.relative_to(ROOT).as_posix())
    assert claimed - set(PURE) == set()


PLANTED = {
    "persistence/store.py": ("import server.wire_events", "server.wire_events"),
    "persistence/files.py": ("import os", "os"),
    "persistence/replay.py": ("import asyncio", "asyncio"),
    "persistence/search_changes.py": ("from sqlite3 import Connection", "sqlite3.Connection"),
    "server/search_routes.py": ("import sqlite3", "sqlite3"),
    "persistence/secret_file.py": ("from fcntl import flock", "fcntl"),
    "persistence/locks.py": ("from aiofiles import os as aio_os", "aiofiles"),
    "persistence/session_index.py": ("def f():\n    import os.path", "os.path"),
    "persistence/session_file.py": ("from asyncio import Lock", "asyncio.Lock"),
    "server/turn.py": ("import aiohttp.web", "aiohttp.web"),
    "server/socket.py": ("from persistence import file_store", "persistence.file_store"),
    "server/limits.py": ("from persistence import FileStore", "persistence.FileStore"),
    "server/assistants/base.py": ("from . import scribe", "server.assistants.scribe"),
    "server/routes.py": ("from .assistants.metronome import Metronome", "server.assistants.metronome.Metronome"),
    "server/__main__.py": ("import static", "static"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_import_is_found(name, tmp_path):
    """The check sees a forbidden import in each of its forms."""
    source, module = PLANTED[name]
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(f'"""A module."""\n\nimport json\n{source}\n')
    assert f"{name} imports {module}" in violations(tmp_path)


def test_allowed_imports_pass(tmp_path):
    """The check lets through what the rules allow."""
    for name, source in {
        "persistence/disk.py": "import ctypes\nimport fcntl\nimport os\nimport aiofiles",
        "persistence/search_database.py": "import sqlite3",
        "persistence/journal.py": "import asyncio\nfrom .model import Record",
        "server/app.py": "from persistence import file_store, memory_store\nfrom .assistants import scribe",
        "server/socket.py": "import aiohttp\nfrom persistence import Record\nfrom . import wire_events",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    assert violations(tmp_path) == []


def test_no_file_is_too_long():
    """No source file is over the limit of lines. A language is one table, however much is said."""
    made = [ROOT / "static" / name for name in ("dist", "node_modules", "language")]
    page = [path for path in (ROOT / "static").rglob("*.js") if not any(path.is_relative_to(folder) for folder in made)]
    files = [*sources(ROOT, "server"), *sources(ROOT, "persistence"), *page]
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}
