"""``/metrics``: what it counts, for whom, and with how many processes."""

import asyncio
import signal
from collections.abc import Callable

import httpx
import psutil
import pytest
from litestar import Litestar
from litestar.di import Provide
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import MakeUser
from tests.flows.test_delivery import post
from tests.live import Live, live
from tests.server import TLS, Server
from x18.core.problems import answer_error
from x18.runtime.metrics import MetricsAccess, show_metrics

DEADLINE_S = 30.0

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(server: Server) -> Samples:
    """Every sample by name and labels."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10, verify=TLS) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


async def wait_until(server: Server, found: Callable[[Samples], bool]) -> Samples:
    """Scrape until the numbers are as they must become: gauges follow within a second."""
    samples: Samples = {}
    async with asyncio.timeout(DEADLINE_S):
        while not samples or not found(samples):
            await asyncio.sleep(0.1)
            samples = await scrape(server)
    return samples


async def test_requests_are_counted_by_route_and_status(server: Server, api: httpx.AsyncClient) -> None:
    before = await scrape(server)
    nobody = "00000000-0000-7000-8000-000000000000"
    for path in (f"/api/users/{nobody}", f"/api/users/{nobody[:-1]}1", "/no/such/path", "/another?token=x"):
        assert (await api.get(path)).status_code == 404
    after = await scrape(server)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("x18_http_requests_total", method="GET", route="/api/users/{user_id}", status="404") == 2
    assert grown("x18_http_request_duration_seconds_count", method="GET", route="/api/users/{user_id}") == 2
    assert grown("x18_http_requests_total", method="GET", route="(none)", status="404") == 2
    assert not any(nobody in str(labels) or "such" in str(labels) for _, labels in after)


async def test_the_channel_is_counted(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    # Those of tests before this one may be leaving.
    before = await wait_until(server, lambda samples: value(samples, "x18_connections") == 0)
    async with live(server, None, "explore", f"user:{author.id}") as one, live(server, None, "explore") as other:
        names = [("x18_connections", None, 2), ("x18_subscriptions", "explore", 2), ("x18_subscriptions", "user", 1)]
        await wait_until(
            server,
            lambda samples: all(
                value(samples, name, **labels) == value(before, name, **labels) + more
                for name, kind, more in names
                for labels in [{"kind": kind} if kind else {}]
            ),
        )
        made = await post(author, "counted")
        await one.wait_for_post(made["id"])
        await other.wait_for_post(made["id"])
        resumed = await Live.open(server)
        await resumed.subscribe("explore", since=one.cursor)
        await resumed.subscribe("explore", since="nonsense.1")
        await resumed.wait_for_type("gap")
        await resumed.socket.close(4321)
    after = await wait_until(
        server, lambda samples: value(samples, "x18_connections") == value(before, "x18_connections")
    )

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("x18_deliveries_total") == 2
    assert grown("x18_commit_to_socket_seconds_count") == 1
    assert 0 < grown("x18_commit_to_socket_seconds_sum") < DEADLINE_S
    assert grown("x18_feed_events_total", source="broker") >= 1
    assert grown("x18_resumes_total", result="accepted") == 1
    assert grown("x18_resumes_total", result="unknown_epoch") == 1
    assert grown("x18_gaps_total", reason="unknown_epoch") == 1
    assert grown("x18_closes_total", code="1000") == 2
    assert grown("x18_closes_total", code="other") == 1
    assert grown("x18_subscriptions", kind="explore") == 0


async def test_the_parts_of_the_node_are_seen(server: Server) -> None:
    samples = await wait_until(
        server,
        lambda found: (
            value(found, "x18_relay_leads") == 1
            and value(found, "x18_log_head") == value(found, "x18_feed_position") > 0
            and 0 <= value(found, "x18_broker_lag_seconds") < 2
        ),
    )

    assert value(samples, "x18_pool_connections", pool="requests", state="idle") >= 1
    assert value(samples, "x18_pool_connections", pool="channel", state="idle") >= 1
    assert value(samples, "x18_resident_memory_bytes") > 10_000_000
    assert value(samples, "x18_queue_bytes") == 0


async def test_processes_behind_one_port_answer_for_all_and_outlive_one_another(workers: Server) -> None:
    health = {"method": "GET", "route": "/health", "status": "200"}
    before = value(await scrape(workers), "x18_http_requests_total", **health)
    for _ in range(12):  # a client each: the kernel spreads connections over the processes
        async with httpx.AsyncClient(base_url=workers.url, verify=TLS) as client:
            assert (await client.get("/health")).status_code == 200
    assert {value(await scrape(workers), "x18_http_requests_total", **health) for _ in range(8)} == {before + 12}

    clients = [await Live.open(workers) for _ in range(8)]
    await wait_until(workers, lambda samples: value(samples, "x18_connections") == 8)
    assert workers.process is not None
    processes = [
        child for child in psutil.Process(workers.process.pid).children() if "spawn" in " ".join(child.cmdline())
    ]
    victim = max(processes, key=lambda one: one.num_fds())
    victim.send_signal(signal.SIGKILL)
    async with asyncio.timeout(DEADLINE_S):
        while all(client.close_code is None for client in clients):
            await asyncio.sleep(0.05)
    samples = await wait_until(
        workers,
        lambda samples: value(samples, "x18_connections") == sum(client.close_code is None for client in clients) < 8,
    )
    assert value(samples, "x18_http_requests_total", **health) >= before + 12
    await workers.wait_until_healthy()
    for client in clients:
        await client.close()


def make_app(access: MetricsAccess) -> Litestar:
    provided = {"metrics_access": Provide(lambda: access, sync_to_thread=False)}
    return Litestar([show_metrics], dependencies=provided, exception_handlers={Exception: answer_error})


@pytest.mark.parametrize(
    ("token", "is_production", "address", "headers", "status"),
    [
        (None, False, "127.0.0.1", {}, 200),
        (None, False, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (None, False, "10.1.2.3", {}, 404),
        (None, True, "127.0.0.1", {}, 404),
        ("secret-of-prometheus", True, "10.1.2.3", {"Authorization": "Bearer secret-of-prometheus"}, 200),
        ("secret-of-prometheus", True, "127.0.0.1", {"Authorization": "Bearer secret-of-others"}, 404),
        ("secret-of-prometheus", False, "127.0.0.1", {}, 404),
    ],
)
async def test_strangers_find_nothing(
    token: str | None, is_production: bool, address: str, headers: dict[str, str], status: int
) -> None:
    transport = httpx.ASGITransport(make_app(MetricsAccess(token, is_production=is_production)), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://x18") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status
