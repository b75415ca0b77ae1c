"""A node's clock that is set while it runs: nobody is sent away, no token ends early or late, and other nodes take what it makes."""

import signal
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import MakeUser, register
from tests.flows.test_delivery import post
from tests.flows.test_sessions import short_token
from tests.live import live
from tests.server import Server, make_server, running

STEPPING = """
import runpy, signal, time
from datetime import datetime, timedelta
import x18.auth.sessions, x18.auth.tickets, x18.core.clock, x18.core.tokens, x18.realtime.session
step, real, real_ns = 0, time.time, time.time_ns
class Stepped(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(seconds=step)
for module in (x18.auth.sessions, x18.auth.tickets, x18.core.clock, x18.core.tokens):
    if hasattr(module, "datetime"):
        module.datetime = Stepped
def set_clock(number, _):
    global step
    step = {signal.SIGUSR1: 86_400, signal.SIGUSR2: -86_400}[number]
time.time, time.time_ns = lambda: real() + step, lambda: real_ns() + step * 10**9
signal.signal(signal.SIGUSR1, set_clock), signal.signal(signal.SIGUSR2, set_clock)
runpy.run_module("x18", run_name="__main__", alter_sys=True)
"""
"""A node whose clock goes a day ahead on one signal, and a day back on another."""


@pytest.mark.parametrize("steps", [(signal.SIGUSR1, signal.SIGUSR2), (signal.SIGUSR2,)], ids=["there and back", "back"])
async def test_who_is_connected_stays_and_tokens_end_when_they_must(
    server: Server, make_user: MakeUser, database: asyncpg.Pool, tmp_path: Path, steps: tuple[signal.Signals, ...]
) -> None:
    user, author = await make_user("user"), await make_user("author")
    node = make_server(server.database_url, server.redis_url, tmp_path)
    node.program = ("-c", STEPPING)
    async with running(node), live(node, user.access_token, "home", f"user:{author.id}") as client:
        assert node.process
        for step in steps:
            async with live(node, await short_token(database, user, 4), "home") as ending:
                node.process.send_signal(step)
                expiring = await ending.wait_for_type("auth_expiring")
                assert 0 <= expiring["payload"]["expires_in_s"] <= 2
                assert await ending.wait_until_closed() == 4001
            await client.wait_for_post(str((await post(author))["id"]))
            assert (await client.ask("auth", {"token": user.access_token}))["type"] == "ok"
            made = await register(node.url, f"clock_{user.id.hex[-8:]}_{step}")
            for url in (node.url, server.url):
                assert (await made.client.get(f"{url}/api/users/me")).status_code == 200
                async with live(server, made.access_token) as elsewhere:
                    assert elsewhere.messages[0]["payload"]["user_id"] == str(made.id)
            await made.client.aclose()
        kinds = {message["type"] for message in client.messages}

    assert not kinds & {"auth_expiring", "gap", "error"}
