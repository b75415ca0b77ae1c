"""What an ``EventSource`` does by itself after a break, and what it has to do instead: ``docs/protocol.md``."""

from collections.abc import AsyncIterator

import httpx

from tests.conftest import MakeUser
from tests.flows.test_delivery import post
from tests.flows.test_tickets import ticket_of
from tests.server import Server


async def read(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """The fields of each event of a stream."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            yield fields
            fields = {}


async def read_until_post(events: AsyncIterator[dict[str, str]]) -> dict[str, str]:
    async for fields in events:
        if fields["event"] == "post":
            return fields
    raise AssertionError("the stream ended")


async def test_a_used_ticket_is_401_and_a_new_one_goes_on_after_the_last_event(
    server: Server, make_user: MakeUser
) -> None:
    user = await make_user()
    used = {"topics": "home", "ticket": await ticket_of(user)}
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        async with client.stream("GET", "/api/stream", params=used) as answer:
            events = read(answer)
            assert [(await anext(events))["event"] for _ in range(3)] == ["connected", "heartbeat", "ok"]
            await post(user, "seen")
            seen = await read_until_post(events)
        missed = await post(user, "missed")
        again = await client.get("/api/stream", params=used, headers={"Last-Event-ID": seen["id"]})
        new = {"topics": "home", "ticket": await ticket_of(user), "since": seen["id"]}
        async with client.stream("GET", "/api/stream", params=new) as answer:
            brought = await read_until_post(read(answer))

    assert (again.status_code, again.json()["code"]) == (401, "ticket_used")
    assert str(missed["id"]) in brought["data"]
