"""Tickets open a connection once; tokens in addresses can be turned off."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.conftest import Account, MakeUser
from tests.crowd import TOKENS
from tests.live import Live, live
from tests.server import Server, make_server


async def ticket_of(user: Account) -> str:
    answer = await user.client.post("/api/ws/ticket")
    assert answer.status_code == 201
    assert answer.json()["expires_in_s"] == 30
    return str(answer.json()["ticket"])


async def test_a_ticket_opens_one_connection(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    ticket = await ticket_of(user)
    async with live(server, path=f"/ws?ticket={ticket}", headers={"Origin": "https://elsewhere.example"}) as client:
        assert client.messages[0]["payload"]["user_id"] == str(user.id)
        await client.subscribe("home")
        answer = await client.ask("call", {"method": "GET", "path": "/api/users/me"})
        assert answer["payload"]["body"]["id"] == str(user.id)
        second = await Live.open(server, path=f"/ws?ticket={ticket}")
        assert second.messages[0]["payload"]["code"] == "ticket_used"
        assert await second.wait_until_closed() == 4401
        await user.client.post("/api/auth/logout")
        assert await client.wait_until_closed() == 4403


async def test_of_many_at_once_one_gets_in(server: Server, make_user: MakeUser) -> None:
    ticket = await ticket_of(await make_user())
    clients = await asyncio.gather(*(Live.open(server, path=f"/ws?ticket={ticket}") for _ in range(10)))
    assert sorted(client.messages[0]["type"] for client in clients) == ["connected", *["error"] * 9]
    await asyncio.gather(*(client.close() for client in clients))


async def test_what_is_no_ticket_is_refused(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    session = TOKENS.read_access(user.access_token).session_id
    now = datetime.now(UTC)
    late = TOKENS.make_ticket(user.id, session, now - timedelta(seconds=1), until=now + timedelta(hours=1))
    for ticket, code in (
        (user.access_token, 4401),
        (user.refresh_token, 4401),
        ("", 4401),
        ("x.y.z", 4401),
        (late, 4001),
    ):
        client = await Live.open(server, path=f"/ws?ticket={ticket}")
        assert client.messages[0]["type"] == "error"
        assert await client.wait_until_closed() == code
    ticket = await ticket_of(user)
    answer = await user.client.get("/api/users/me", headers={"Authorization": f"Bearer {ticket}"})
    assert answer.status_code == 401


async def test_tokens_in_addresses_can_be_turned_off_and_tickets_stay(
    server: Server, make_user: MakeUser, tmp_path: Path
) -> None:
    user = await make_user()
    strict = make_server(server.database_url, server.redis_url, tmp_path, WS_QUERY_TOKEN="off")
    await strict.start()
    try:
        for path in ("/ws/notifications", "/api/ws"):
            async with live(server, path=f"{path}?token={user.access_token}") as client:
                assert client.messages[0]["payload"]["user_id"] == str(user.id)
            async with live(strict, path=f"{path}?token={user.access_token}") as client:
                assert client.messages[0]["payload"]["user_id"] is None
            async with live(strict, path=f"{path}?ticket={await ticket_of(user)}") as client:
                assert client.messages[0]["payload"]["user_id"] == str(user.id)
        async with live(server, path=f"/ws?token={user.access_token}") as client:
            assert client.messages[0]["payload"]["user_id"] is None
        assert user.access_token not in strict.read_log()
    finally:
        strict.stop()
        strict.listener.close()


async def test_a_token_in_the_address_is_not_taken_from_a_page_of_another_origin(
    server: Server, make_user: MakeUser
) -> None:
    user = await make_user()
    host = server.url.removeprefix("http://")
    async with live(server, path=f"/api/ws?token={user.access_token}", headers={"Origin": f"http://{host}"}) as client:
        assert client.messages[0]["payload"]["user_id"] == str(user.id)
    for origin in ("https://evil.example", "null", f"http://{host}.evil.example"):
        with pytest.raises(InvalidStatus):
            await Live.open(server, path=f"/api/ws?token={user.access_token}", headers={"Origin": origin})
