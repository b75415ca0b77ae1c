"""The composition root: the only file that knows everything."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp
from redis.asyncio import BlockingConnectionPool, Redis

from x18.auth import controller as auth
from x18.auth import sessions, tickets
from x18.console import controller as console
from x18.core import db
from x18.core.bodies import StrictRequest
from x18.core.costs import Billed, Costs
from x18.core.http import DEPENDENCIES, identify
from x18.core.idempotency import forget_old_keys
from x18.core.limits import Limiter, limit_rate
from x18.core.paging import provide_page
from x18.core.passwords import Passwords
from x18.core.problems import answer_error
from x18.core.requests import add_headers
from x18.core.slices import InSlices
from x18.core.tasks import end
from x18.core.tokens import Tokens
from x18.files import file_limit
from x18.market import controller as market
from x18.media import controller as media
from x18.media.admission import Admission, Room
from x18.media.storage import Storage
from x18.media.sweep import forget_abandoned, remove_orphans
from x18.media.workshop import Workshop
from x18.notifications import controller as notifications
from x18.notifications.actions import forget_undone
from x18.notifications.renderers import RENDERERS as NOTIFICATION_RENDERERS
from x18.posts import controller as posts
from x18.posts.counts import read_counts
from x18.posts.reading import read_posts, read_the_rest
from x18.posts.renderers import RENDERERS as POST_RENDERERS
from x18.realtime import controller as live
from x18.realtime.calls import ENTRY
from x18.realtime.channel import Channel
from x18.realtime.seal import Seal
from x18.runtime.documents import openapi, pages
from x18.runtime.doors import Doors
from x18.runtime.framework import remove_caches, resolve_one_by_one
from x18.runtime.handshakes import Handshakes
from x18.runtime.head_answers import HeadAnswers
from x18.runtime.health import Checks, NodeChecks, SystemController
from x18.runtime.jobs import Job, Jobs
from x18.runtime.logs import set_up_logging
from x18.runtime.lost import answer_not_found
from x18.runtime.memory import settle
from x18.runtime.metrics import MetricsAccess, sample, show_metrics
from x18.runtime.observe import Observed
from x18.runtime.proxies import TrustedPeers
from x18.runtime.tracing import traced
from x18.search import controller as search
from x18.search.hashtags import forget_old_hours, roll_up
from x18.settings import Settings, read_settings
from x18.timeline import controller as timeline
from x18.users import controller as users
from x18.users.former_names import forget_rested
from x18.users.profile_news import tell_later
from x18.users.renderers import RENDERERS as USER_RENDERERS

MAX_BODY_BYTES: Final = 128 * 1024
"""5,000 characters of content, escaped as ``\\\\uXXXX\\\\uXXXX`` each, and 16 KiB of metadata fit."""

REDIS_TIMEOUT_S: Final = 1.0
EXPOSED: Final = [
    "ETag", "Link", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "X-Request-ID",
]  # fmt: skip
"""Headers that pages of other origins may read."""


class Parts(NamedTuple):
    """The process-wide objects, some of which are started and stopped with it. Handlers get each under its name."""

    tokens: Tokens
    passwords: Passwords
    limiter: Limiter
    storage: Storage
    workshop: Workshop
    admission: Admission
    channel: Channel
    metrics_access: MetricsAccess
    checks: Checks


def create_app(settings: Settings) -> Litestar:
    """The ASGI application. ``settings`` has the addresses of both servers."""
    redis = connect_redis(settings)
    parts = _make_parts(settings, redis)
    handlers: list[Any] = [
        SystemController,
        show_metrics,
        _api(),
        *live.handlers,
        *media.files,
        *pages.handlers,
        *console.handlers,
    ]
    app = Litestar(
        route_handlers=handlers,
        lifespan=[_life(settings, parts, redis)],
        before_send=[add_headers],
        dependencies={name: _provide(part) for name, part in parts._asdict().items()},
        exception_handlers={Exception: answer_error, NotFoundException: answer_not_found},
        cors_config=_cors(settings),
        request_max_body_size=MAX_BODY_BYTES,
        request_class=StrictRequest,
        openapi_config=openapi.CONFIG,
        logging_config=None,  # Litestar would take the handlers of the root logger away
        debug=False,
    )
    remove_caches(app)
    resolve_one_by_one(app)
    app.state.documents = pages.make_documents(app)
    app.state.authenticate = partial(sessions.authenticate, tokens=parts.tokens)
    app.state.limiter = parts.limiter
    app.state.channel = parts.channel
    if settings.rate_limits:
        app.state.costs = Costs()
    return app


def _make_parts(settings: Settings, redis: Redis) -> Parts:
    tokens = Tokens(
        settings.jwt_access_secret,
        settings.jwt_refresh_secret,
        access_ttl=timedelta(minutes=settings.jwt_access_expiry_min),
        refresh_ttl=timedelta(days=settings.jwt_refresh_expiry_days),
    )
    channel = Channel(
        database_url=str(settings.database_url),
        redis=redis,
        seal=Seal(settings.jwt_access_secret, settings.jwt_refresh_secret),
        renderers={**POST_RENDERERS, **NOTIFICATION_RENDERERS, **USER_RENDERERS},
        read_counts=read_counts,
        authenticate=partial(sessions.authenticate, tokens=tokens),
        redeem=partial(tickets.redeem, tokens=tokens),
        origins=settings.cors_origins,
        query_tokens=settings.ws_query_token,
        limited=settings.rate_limits,
    )
    return Parts(
        tokens=tokens,
        passwords=Passwords(settings.bcrypt_cost, enforced=settings.rate_limits),
        limiter=Limiter(redis, enforced=settings.rate_limits, registrations_per_hour=settings.registrations_per_hour),
        storage=open_storage(settings),
        workshop=(workshop := Workshop(enforced=settings.rate_limits)),
        admission=Admission(_room(settings), workshop, enforced=settings.rate_limits),
        channel=channel,
        metrics_access=MetricsAccess(settings.metrics_token, is_production=settings.is_production),
        checks=NodeChecks(str(settings.database_url), connect_redis(settings, most=1), channel.check),
    )


def _make_jobs(storage: Storage) -> Jobs:
    return Jobs(
        [
            Job("hashtags", 5, roll_up),
            Job("texts of older versions", 10, read_posts, read_the_rest),
            Job("old hashtags", 3600, forget_old_hours),
            Job("idempotency keys", 3600, forget_old_keys),
            Job("ended sessions", 3600, sessions.forget_ended),
            Job("used tickets", 600, tickets.forget_used_tickets),
            Job("media sweep", 600, forget_abandoned, partial(remove_orphans, storage)),
            Job("rested usernames", 3600, forget_rested),
            Job("undone notifications", 3600, forget_undone),
            Job("profiles changed again", 2, tell_later),
        ]
    )


def _life(settings: Settings, parts: Parts, redis: Redis) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await db.start_pool(str(settings.database_url))
        try:
            await parts.channel.start()
            work = [_make_jobs(parts.storage).run(), sample(parts.channel, parts.passwords)]
            working = [asyncio.create_task(one) for one in work]
            settle()
            parts.workshop.announce()
            yield
            await end(working)
        finally:
            await parts.workshop.stop()
            await parts.checks.stop()
            await parts.channel.stop()
            await parts.limiter.close()
            await redis.aclose()
            await db.close_pool()
            parts.passwords.close()

    return running


def _api() -> Router:
    return Router(
        path="/api",
        route_handlers=[
            *auth.controllers,
            *users.controllers,
            *posts.controllers,
            *timeline.controllers,
            *media.controllers,
            *notifications.controllers,
            *search.controllers,
            *market.controllers,
        ],
        guards=[identify, limit_rate],
        middleware=[Billed],
        dependencies={**DEPENDENCIES, "page": Provide(provide_page)},
    )


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.cors_origins:
        return None
    return CORSConfig(allow_origins=list(settings.cors_origins), expose_headers=EXPOSED)


def _provide(part: Any) -> Provide:
    return Provide(lambda: part, sync_to_thread=False)


def create_app_from_env() -> ASGIApp:
    """The application as the environment says, observed; what uvicorn calls in each worker."""
    settings = read_settings(os.environ)
    set_up_logging(settings.log_level, as_json=settings.is_production or None)
    app = create_app(settings)
    peers = TrustedPeers(settings.trusted_proxies)
    doors = Doors(peers, per_network=settings.http_connections, many=file_limit() // 2, enforced=settings.rate_limits)
    app.state[ENTRY] = entry = Observed(traced(HeadAnswers(Handshakes(app))), doors.show)
    return peers.wrap(InSlices(entry, doors.slices) if settings.rate_limits else entry)


def open_storage(settings: Settings) -> Storage:
    """A bucket where one is set, else the folder ``media`` of the storage."""
    if settings.s3_bucket is None:
        return Storage.in_folder(settings.storage_path / "media")
    return Storage.in_bucket(settings.s3_bucket, settings.s3_options)


def _room(settings: Settings) -> Room:
    """Folders of this machine that uploads are written to: the folder of the files, unless they go to a bucket, and the temporary one."""
    folders = [settings.storage_path] if settings.s3_bucket is None else []
    return Room(*folders, min_free_bytes=settings.upload_min_free_bytes)


def connect_redis(settings: Settings, *, most: int = 32) -> Redis:
    """A client that never hangs: a second without an answer is an error."""
    pool = BlockingConnectionPool.from_url(
        str(settings.redis_url),
        max_connections=most,
        timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
    )
    return Redis(connection_pool=pool)
