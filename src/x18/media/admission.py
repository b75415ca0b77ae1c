"""Admission of uploads: decided before the body is read, so that a refused upload costs nothing."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from litestar.concurrency import sync_to_thread

from x18.core.errors import Unavailable
from x18.core.shares import Budget, UnderWay
from x18.media.workshop import Workshop

AT_ONCE: Final = 2
AT_ONCE_A_NETWORK: Final = 10
PATIENCE_S: Final = 2.0
"""The longest wait of an upload for a place before it is refused."""

HALF_A_DAY: Final = 512 * 1024**2
DAY_S: Final = 86_400
"""A network may upload half of a day's bytes at once and the other half in the course of the day: 5 GiB in all. This is counted
by each process; the quota of a user is counted in the database."""

MIN_FREE_BYTES: Final = 1024**3
MIN_FREE_SHARE: Final = 0.1
FULL_S: Final = 300


class Room:
    """The disks that uploads are written to, and how much of each stays free: 10 % or 1 GiB, whichever is less, or what is set."""

    def __init__(self, *folders: Path, min_free_bytes: int | None = None) -> None:
        self._folders = (*folders, Path(tempfile.gettempdir()))
        self._min_free_bytes = min_free_bytes

    def check(self) -> None:
        """Nothing while there is room.

        Raises:
            Unavailable: ``storage_full``.
        """
        for folder in self._folders:
            disk = shutil.disk_usage(folder)
            least = self._min_free_bytes
            if least is None:
                least = min(MIN_FREE_BYTES, int(disk.total * MIN_FREE_SHARE))
            if disk.free < least:
                raise Unavailable(
                    "The server has no space for uploads right now; try again later.",
                    code="storage_full",
                    retry_after_s=FULL_S,
                )


class Admission:
    """Lets uploads in. Not ``enforced``, everybody's while there is room: for load tests."""

    def __init__(self, room: Room, workshop: Workshop, *, enforced: bool = True) -> None:
        self._room = room
        self._workshop = workshop
        self._uploads = UnderWay("uploads", per_user=AT_ONCE, per_network=AT_ONCE_A_NETWORK, enforced=enforced)
        self._bytes = Budget("bytes uploaded", burst=HALF_A_DAY, per_second=HALF_A_DAY / DAY_S, enforced=enforced)

    @asynccontextmanager
    async def enter(self, network: str, user_id: UUID) -> AsyncIterator[None]:
        """One upload, for the block.

        Raises:
            TooManyRequests: enough are under way, or enough was uploaded or decoded.
            Unavailable: ``storage_full``.
        """
        self._bytes.check(network)
        self._workshop.check(network, user_id)
        places = await self._uploads.wait(network, user_id, patience_s=PATIENCE_S)
        try:
            await sync_to_thread(self._room.check)
            yield
        finally:
            self._uploads.leave(places)

    def charge(self, size: int, network: str) -> None:
        """Bytes that came, whatever becomes of them."""
        self._bytes.charge(size, network)
