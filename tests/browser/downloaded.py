"""What a browser has downloaded.

Rule: the browser may be another process than the one that the tests know, so a download has no path of its own here.
"""

from pathlib import Path

from playwright.async_api import Download


async def content_of(download: Download, folder: Path) -> bytes:
    """Keeps the file under its name, and reads it."""
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path.read_bytes()
