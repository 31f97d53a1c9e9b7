"""A secret that lies with the data.

Rule: it is made once, durably, and stays the same over restarts. One that a power cut has left as zeros was never used.
"""

import secrets
from pathlib import Path

from persistence.disk import Disk
from persistence.files import names_synced, sync, translated, write


def read_or_create_secret(path: Path) -> bytes:
    """Random bytes that stay the same over restarts, in a file that its owner alone may read. Blocks: for the start."""
    disk = Disk()
    with translated("create", path):
        descriptor = disk.open(path, write=True, create=True)
        try:
            if not (secret := disk.read(descriptor, 4096, 0).strip(b"\0")):
                secret = secrets.token_hex(32).encode()
                with names_synced(disk, path.parent):
                    write(disk, descriptor, secret, 0)
                    sync(disk, descriptor)
        finally:
            disk.close(descriptor)
    return secret
