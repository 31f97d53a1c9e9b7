"""Zeros ahead of what is written to a segment, there before they are needed.

Rule: whoever writes into a segment without a thread does so over zeros; when half of them are used up, a thread writes
more. Until that is done nobody writes behind the zeros that were there.
"""

import asyncio
import logging

from persistence.disk import Disk
from persistence.segment_file import SegmentFile

_log = logging.getLogger(__name__)


class ZerosAhead:
    """Writes zeros behind those that are running out."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._writing: asyncio.Task[None] | None = None

    def look(self, segment: SegmentFile) -> None:
        """Begins to write more, if they are running out; returns at once."""
        if self._writing is None and segment.is_running_out:
            self._writing = asyncio.create_task(self._write(segment), name="zeros ahead")

    async def written(self) -> None:
        """Waits until none are being written: then one may write anywhere."""
        if self._writing:
            await asyncio.wait([self._writing])

    async def _write(self, segment: SegmentFile) -> None:
        try:
            await self._disk.run(segment.extend)
        except Exception:  # such as a hop that found no thread: whoever needs zeros then writes them
            _log.exception("no zeros are ahead in %s", segment.path)
        finally:
            self._writing = None
