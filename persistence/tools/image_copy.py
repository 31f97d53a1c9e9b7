"""The images of a data directory, for a backup.

Rule: they are copied before the journal is read to its end, and what has come since once more after it: an image is
there before the journal names it. What a deletion has taken meanwhile is not missed, nor what a copy has too much: a
start removes that.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from persistence.disk import Disk
from persistence.files import names, names_synced, read, translated, write_new
from persistence.images import IMAGES, is_image_name
from persistence.model import is_session_id


def image_paths(disk: Disk, folder: Path) -> list[str]:
    """All images in a data directory, each as `images/{session_id}/{name}`."""
    sessions = filter(is_session_id, names(disk, folder / IMAGES))
    return [f"{one}/{name}" for one in (f"{IMAGES}/{id}" for id in sessions) for name in _images(disk, folder / one)]


def missing_images(disk: Disk, source: Path, place: Path) -> list[str]:
    """Those that a copy does not have yet."""
    taken = set(image_paths(disk, place))
    return [path for path in image_paths(disk, source) if path not in taken]


def copy_images(disk: Disk, source: Path, place: Path, paths: Sequence[str], most_bytes: int) -> int:
    """Copies images, durably but for the names of their folders, until they are so many bytes; returns how many of the
    paths are done."""
    size = 0
    for done, path in enumerate(paths, 1):
        with translated("copy", source / path):
            if found := read(disk, source / path):
                for folder in (place / IMAGES, (place / path).parent):
                    if not disk.is_folder(folder):
                        disk.make_folder(folder)
                write_new(disk, place / path, [found[0]])
                size += len(found[0])
        if size > most_bytes:
            return done
    return len(paths)


def sync_images(disk: Disk, place: Path) -> None:
    """Makes the names of the images in a copy durable."""
    if disk.is_folder(place / IMAGES):
        for folder in (*image_folders(disk, place), place / IMAGES):
            with names_synced(disk, folder):
                pass


def image_folders(disk: Disk, folder: Path) -> Iterable[Path]:
    """The folders of images in a data directory."""
    return [folder / IMAGES / name for name in names(disk, folder / IMAGES)]


def _images(disk: Disk, folder: Path) -> list[str]:
    return list(filter(is_image_name, names(disk, folder)))
