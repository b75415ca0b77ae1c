"""Work that is done now and then, by one process at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from x18.core import db, metrics
from x18.core.outages import said_by

logger = logging.getLogger("x18.jobs")

FIRST_LOCK: Final = 7720


class Job(NamedTuple):
    """A name for the log, how often, and what; it must be safe to run twice.

    ``work`` is one transaction. ``then`` follows its commit, outside of it: for what takes long or cannot be rolled back, as deleting
    files. Two processes may be at it at once.
    """

    name: str
    every_s: float
    work: Callable[[], Awaitable[object]]
    then: Callable[[], Awaitable[object]] | None = None


class Jobs:
    """Runs jobs until cancelled. Where another process is at a job, it is skipped."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    async def run(self) -> None:
        """For ever."""
        await asyncio.gather(*(self._repeat(job, FIRST_LOCK + number) for number, job in enumerate(self._jobs)))

    @staticmethod
    async def _repeat(job: Job, lock: int) -> None:
        while True:
            await asyncio.sleep(job.every_s)
            try:
                async with db.transaction():
                    is_ours = await db.fetch_value("SELECT pg_try_advisory_xact_lock($1)", lock)
                    if is_ours:
                        await job.work()
                if is_ours and job.then is not None:
                    await job.then()
            except Exception as error:
                metrics.JOBS_FAILED.labels(job.name).inc()
                outage = db.is_outage(error)
                logger.log(
                    logging.WARNING if outage else logging.ERROR,
                    "job %s failed: %s",
                    job.name,
                    said_by(error),
                    exc_info=not outage,
                )
