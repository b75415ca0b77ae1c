"""``/metrics``: the numbers of ``core/metrics.py`` for Prometheus, of all processes behind the port whichever answers."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from x18.core import db, metrics
from x18.core.errors import NotFound
from x18.core.passwords import Passwords
from x18.core.pools import PoolUse
from x18.realtime.channel import Channel
from x18.realtime.load import Load

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
SAMPLE_EVERY_S: Final = 1.0
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
FORWARDED: Final = ("forwarded", "x-forwarded-for", "via")


@contextmanager
def shared_metrics() -> Iterator[None]:
    """A fresh folder for the numbers of worker processes, named in the environment that they inherit."""
    with TemporaryDirectory(prefix="x18-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


class MetricsAccess:
    """Guard of the metrics: readers need the token. Where none is set, programs of this machine may read, but in production nobody."""

    def __init__(self, token: str | None, *, is_production: bool) -> None:
        self._token = token
        self._is_production = is_production

    def may(self, request: Request[Any, Any, Any]) -> bool:
        """Whether the request comes from such a reader. What a proxy forwards comes from anywhere."""
        if self._token is not None:
            sent = request.headers.get("authorization", "")
            return secrets.compare_digest(sent.encode(), f"Bearer {self._token}".encode())
        is_near = request.client is not None and request.client.host in LOOPBACK
        return is_near and not self._is_production and not any(name in request.headers for name in FORWARDED)


@get("/metrics", summary="Metrics", include_in_schema=False)
async def show_metrics(
    request: Request[Any, Any, Any], metrics_access: NamedDependency[MetricsAccess]
) -> Response[bytes]:
    """All metrics in the text format of Prometheus; for strangers there is nothing here."""
    if not metrics_access.may(request):
        raise NotFound("There is nothing here.")
    # Litestar adds the charset, which the constant has too.
    return Response(await asyncio.to_thread(expose), media_type=CONTENT_TYPE_PLAIN_0_0_4.partition("; charset")[0])


def expose() -> bytes:
    """The metrics of this process, or of all that share the folder: counters also of processes that ended, gauges not."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return generate_latest(metrics.REGISTRY)
    for pid in {int(path.stem.rpartition("_")[2]) for path in Path(folder).glob("gauge_live*.db")}:
        if not _is_alive(pid):
            with suppress(FileNotFoundError):  # another process saw it too
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def sample(channel: Channel, passwords: Passwords) -> None:
    """Set the gauges of this process once a second, for ever: with several processes nothing can be asked when Prometheus asks."""
    loop = asyncio.get_running_loop()
    while True:
        _set_channel(channel.load())
        metrics.PASSWORDS_WAITING.set(passwords.waiting)
        for name, use in db.pools_in_use().items():
            _set_pool(name, use)
        metrics.MEMORY.set(_resident_bytes())
        metrics.TASKS.set(len(asyncio.all_tasks()))
        wanted = loop.time() + SAMPLE_EVERY_S
        await asyncio.sleep(SAMPLE_EVERY_S)
        metrics.LOOP_LAG.set(loop.time() - wanted)


def _set_channel(load: Load) -> None:
    metrics.CONNECTIONS.set(load.connections)
    metrics.USERS.set(load.users)
    for kind, count in load.subscriptions.items():
        metrics.SUBSCRIPTIONS.labels(kind).set(count)
    metrics.WATCHED.set(load.watched)
    metrics.QUEUE_BYTES.set(load.queue_bytes)
    metrics.LOG_HEAD.set(load.head)
    metrics.FEED_POSITION.set(load.position)
    metrics.BROKER_LAG.set(load.broker_lag_s)
    metrics.BROKER_WAITING.set(load.broker_waiting)
    metrics.RELAY_LEADS.set(load.leads)
    _set_pool("channel", load.pool)


def _set_pool(name: str, use: PoolUse) -> None:
    metrics.POOL.labels(name, "used").set(use.used)
    metrics.POOL.labels(name, "idle").set(use.idle)


def _resident_bytes() -> int:
    """Linux tells; elsewhere the number stays 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
