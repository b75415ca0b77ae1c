"""Bills: what a request's statements take is paid by who sent it, and what may take long is few at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.conftest import MakeUser
from tests.server import TLS, Server
from x18.core import db
from x18.core.costs import WRITTEN_BYTES, Bill, Billed, Costs, bill, is_dear
from x18.core.errors import TooManyRequests, Unavailable
from x18.core.problems import as_problem

ANNA = UUID(int=1)


@pytest.fixture
async def pool(server: Server) -> AsyncIterator[None]:
    """The functions of X18 in this process."""
    await db.start_pool(server.database_url, max_size=2)
    yield
    await db.close_pool()


def scope_of(costs: Costs | None) -> Any:
    state = {} if costs is None else {"costs": costs}
    return {"litestar_app": SimpleNamespace(state=state)}


async def serve(costs: Costs | None, work: Callable[[], Any], *, dear: bool = False) -> None:
    """One request of a user, as the application serves it."""

    async def app(*_: Any) -> None:
        if (mine := bill.get()) is not None:
            await mine.open("a network", ANNA, is_dear=dear)
        await work()

    await Billed(app)(scope_of(costs), None, None)  # type: ignore[arg-type]


@pytest.mark.usefixtures("pool")
async def test_the_time_of_statements_is_charged_also_when_they_fail() -> None:
    costs = Costs()

    async def work() -> None:
        await db.fetch_value("SELECT pg_sleep(0.2)")
        await asyncio.create_task(db.execute("SELECT pg_sleep(0.2)"))
        await db.execute("SELECT pg_sleep(0.2) / 0")

    with pytest.raises(asyncpg.PostgresError):
        await serve(costs, work)
    assert bill.get() is None
    assert costs.requests.owners == 0, "the place is free again"
    assert {owner[0] for owner in costs.time._spent} == {"a", "u"}
    assert all(spent >= 0.4 for spent, _ in costs.time._spent.values())


@pytest.mark.usefixtures("pool")
async def test_who_has_spent_his_time_waits_and_others_do_not() -> None:
    costs = Costs()
    costs.time.charge(4.0, "a network", ANNA)

    with pytest.raises(TooManyRequests, match="database time") as refused:
        await serve(costs, lambda: db.execute("SELECT 1"))
    assert refused.value.retry_after_s
    costs.time.check("a network", UUID(int=2))
    assert costs.requests.owners == 0


@pytest.mark.usefixtures("pool")
async def test_without_limits_there_are_no_bills() -> None:
    seen: list[Bill | None] = []

    async def work() -> None:
        seen.append(bill.get())
        await db.execute("SELECT 1")

    await serve(None, work)
    assert seen == [None]


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize("dear", [False, True])
async def test_two_of_a_network_may_take_long_and_everything_else_goes_on(dear: bool) -> None:
    costs, running, most, go_on = Costs(), 0, 0, asyncio.Event()

    async def work() -> None:
        nonlocal running, most
        async with db.dear_reads():
            running += 1
            most = max(most, running)
            await go_on.wait()
            running -= 1

    slow = [asyncio.create_task(serve(costs, work, dear=dear)) for _ in range(6)]
    await serve(costs, lambda: db.execute("SELECT 1"))
    go_on.set()
    await asyncio.gather(*slow)

    assert most == 2
    assert costs.dear.owners == 0


async def test_a_few_requests_of_a_user_are_served_at_a_time_and_the_others_in_turn() -> None:
    costs, running, most, go_on = Costs(), 0, 0, asyncio.Event()

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await go_on.wait()
        running -= 1

    asked = [asyncio.create_task(serve(costs, work)) for _ in range(20)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert 2 <= running <= 8
    go_on.set()
    await asyncio.gather(*asked)

    assert running == 0
    assert most <= 8
    assert costs.requests.owners == 0


@pytest.mark.usefixtures("pool")
async def test_what_may_take_long_has_connections_of_its_own_and_an_end() -> None:
    async with db.dear_reads():
        with pytest.raises(asyncpg.QueryCanceledError) as ended:
            await db.execute("SELECT pg_sleep(60)")
        assert await db.fetch_value("SHOW statement_timeout") == "1500ms"
    assert await db.fetch_value("SHOW statement_timeout") == "0"
    problem = as_problem(ended.value)
    assert isinstance(problem, Unavailable)
    assert "takes too long" in problem.detail
    assert problem.retry_after_s


@pytest.mark.parametrize(
    ("query", "dear"),
    [
        ("", False), ("limit=100", False), ("offset=0", False), ("offset=999", False), ("offset=1000", True), ("offset=10000", True),
        ("count=false", False), ("count=true", True), ("count=1", True), ("offset=x", False), ("tag=count%3Dtrue", False),
        ("offset=99999999999999999999", False),
    ],
)  # fmt: skip
def test_what_is_counted_or_far_from_the_beginning_may_take_long(query: str, dear: bool) -> None:
    parameters = dict(part.split("=", 1) for part in query.split("&") if part)
    scope = {"method": "GET", "query_string": query.encode()}
    connection: Any = SimpleNamespace(scope=scope, query_params=parameters)

    assert is_dear(connection) is dear
    scope["method"] = "POST"
    assert not is_dear(connection), "what is written is not broken off"


@pytest.mark.parametrize("size", [16 * 1024, 128 * 1024])
async def test_who_has_sent_too_many_bytes_to_be_kept_waits_and_others_do_not(size: int) -> None:
    costs, body = Costs(), b"x" * size

    async def send(network: str, user: UUID) -> None:
        mine = Bill(costs)
        await mine.open(network, user, is_dear=False)
        try:
            mine.pay_for(body)
        finally:
            mine.settle()

    costs.written.charge(WRITTEN_BYTES - 2 * size, "a network", ANNA)
    await send("a network", ANNA)
    costs.written.charge(2 * size, "a network", ANNA)
    with pytest.raises(TooManyRequests, match="bytes written") as refused:
        await send("a network", ANNA)
    assert refused.value.retry_after_s
    await send("a network", UUID(int=2))
    await send("another network", UUID(int=3))


async def test_bodies_of_json_are_paid_for(limited: Server, make_user: MakeUser) -> None:
    author = await make_user()
    body = b'{"content": "x"}' + b" " * 120_000
    async with httpx.AsyncClient(base_url=limited.url, timeout=20, verify=TLS) as client:
        statuses = {
            (await client.post("/api/posts", content=body, headers=author.headers)).status_code for _ in range(75)
        }

    assert statuses == {201, 429}
