"""Whether the images that a session's file names are there.

Rule: an image is whole where its bytes are those that its name was made of. What nobody names is no damage.
"""

from collections.abc import Iterator
from pathlib import Path

from persistence.branches import Tree
from persistence.disk import Disk
from persistence.errors import Damaged
from persistence.files import names, read
from persistence.images import IMAGES, image_name, image_names, media_type_of_name
from persistence.session_file import scan_file
from persistence.tools.data_folder import Finding


def check_images(disk: Disk, folder: Path, session_id: str, data: bytes | None) -> Iterator[Finding]:
    """Looks through the images of a session.

    Args:
        folder: The data directory.
        data: The session's file as it will be; None: there is none.
    """
    present = set(names(disk, folder / IMAGES / session_id))
    named = _named(session_id, data)
    for name in sorted(named | present):
        path = f"{IMAGES}/{session_id}/{name}"
        if name not in named:
            yield Finding(path, "named by no message; a start removes it")
        elif name not in present:
            yield Finding(path, "not there, though a message names it", is_damage=True)
        elif not _is_whole(disk, folder / path):
            yield Finding(path, "its bytes are not those that its name was made of", is_damage=True)


def _named(session_id: str, data: bytes | None) -> set[str]:
    if data is None or b'"images"' not in data:
        return set()
    try:
        scan = scan_file(data, session_id)
    except Damaged:  # The file itself is found damaged.
        return set()
    return image_names(Tree(scan.messages, scan.branches).messages())


def _is_whole(disk: Disk, path: Path) -> bool:
    try:
        found = read(disk, path)
    except OSError:
        return False
    return found is not None and image_name(found[0], media_type_of_name(path.name)) == path.name
