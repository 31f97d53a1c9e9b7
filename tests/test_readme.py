"""The README tells the truth: its table of settings is the program's, and its examples run."""

import os
import re
import subprocess
import sys
from pathlib import Path

from server.config import describe_settings
from server.model_servers import decode_model_servers
from tests.server_process import ServerProcess

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
TABLES = re.findall(r"```toml\n(.*?)```", README + (ROOT / "docs" / "operations.md").read_text("utf-8"), re.DOTALL)
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def settings_table() -> str:
    """The table as the README has it."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {what} |" for name, default, what in describe_settings()
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def test_settings_in_readme_are_those_of_the_program():
    """The README's table lists each setting with its default and its meaning."""
    between = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert between
    assert between[1] == settings_table()


def test_model_servers_in_the_documents_are_taken():
    """Each example of a whole server is one that the program understands."""
    whole = [table for table in TABLES if "url =" in table]
    assert len(whole) >= 2
    for table in whole:
        assert decode_model_servers(table, "models.toml", {"VENDOR_KEY": "k", "LLM_KEY": "k"})


def test_persistence_example_runs(tmp_path):
    """The example of the package without the server runs as it stands and prints what it says."""
    (example,) = [text for text in EXAMPLES if "FileStore" in text]
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, known, receipt = done.stdout.splitlines()
    assert said == "['I take it without milk.', 'Noted.']"
    assert known == "['takes tea without milk']"
    assert "facts_removed=1" in receipt


def test_client_example_runs(tmp_path):
    """The example of a client runs as it stands, against a server on another port."""
    (example,) = [text for text in EXAMPLES if "AsyncOpenAI" in text]
    server = ServerProcess(tmp_path / "data")
    server.start()
    try:
        done = subprocess.run(
            [sys.executable, "-c", example.replace("http://127.0.0.1:8080", server.url)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    assert "Scribe" in done.stdout
