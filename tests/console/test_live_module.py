"""live.js, the client for browsers and Node, against the real server."""

import shutil
import subprocess
from pathlib import Path

from tests.conftest import Account, MakeUser
from tests.console.program import node, program
from tests.server import Server, make_server

STATIC = Path(__file__).parents[2] / "src/x18/console/static"


async def post(author: Account, content: str, **fields: object) -> str:
    answer = await author.client.post("/api/posts", json={"content": content, **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_events_come_in_order_and_none_of_a_topic_that_is_not_ones_own(
    server: Server, make_user: MakeUser
) -> None:
    author, other = await make_user("author"), await make_user("other")
    async with program(server.url, f"user:{author.id}") as client:
        await client.wait_for_state("live")
        await post(other, "somebody else's")
        ids = [await post(author, f"{number}") for number in range(5)]
        await client.wait_for_post(ids[-1])

        assert client.post_ids == ids
        assert all(one["topics"] == [f"user:{author.id}"] for one in client.messages if one["type"] == "post")


async def test_a_cut_connection_resumes_without_a_loss_or_a_double(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    async with program(server.url, f"user:{author.id}") as client:
        await client.wait_for_state("live")
        ids = []
        for number in range(30):
            ids.append(await post(author, f"{number}"))
            if number % 10 == 5:
                await client.do("drop")
        await client.wait_for_post(ids[-1])

        assert client.post_ids == ids
        assert sum(one["type"] == "connected" for one in client.messages) >= 2


async def test_a_killed_server_is_found_again(server: Server, tmp_path: Path, make_user: MakeUser) -> None:
    author = await make_user("author")
    second = make_server(server.database_url, server.redis_url, tmp_path)
    try:
        await second.start()
        async with program(second.url, f"user:{author.id}") as client:
            await client.wait_for_state("live")
            ids = [await post(author, "before")]
            await client.wait_for_post(ids[0])
            second.kill()
            ids.append(await post(author, "meanwhile"))
            await second.start()
            ids.append(await post(author, "after"))
            await client.wait_for_post(ids[-1])

            assert client.post_ids == ids
    finally:
        second.kill()
        second.listener.close()


async def test_a_stored_cursor_continues(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    async with program(server.url, f"user:{author.id}") as client:
        await client.wait_for_state("live")
        first = await client.wait_for_post(await post(author, "first"))
    missed = await post(author, "missed")
    async with program(server.url, f"user:{author.id}", since=first["cursor"]) as client:
        await client.wait_for_post(missed)

        assert client.post_ids == [missed]


async def test_a_topic_added_with_a_cursor_brings_its_past_behind_ones_own_cursor(
    server: Server, make_user: MakeUser
) -> None:
    one, other = await make_user("one"), await make_user("other")
    async with program(server.url, f"user:{one.id}") as client:
        connected = await client.wait_for(lambda message: message["type"] == "connected")
        await client.wait_for_state("live")
        past = await post(other, "past")
        await client.wait_for_post(await post(one, "newer"))
        await client.do("subscribe", [f"user:{other.id}"], {"since": connected["payload"]["cursor"]})
        await client.wait_for_post(past)
        await client.do("unsubscribe", [f"user:{one.id}"])
        await post(one, "not wanted any more")
        last = await post(other, "last")
        await client.wait_for_post(last)

        assert [id_ for id_ in client.post_ids if id_ in (past, last)] == [past, last]
        assert len(client.post_ids) == 3


async def test_a_topic_that_was_left_after_a_cut_stays_left_and_the_others_come_again(
    server: Server, make_user: MakeUser
) -> None:
    one, other = await make_user("one"), await make_user("other")
    async with program(server.url, f"user:{one.id}", f"user:{other.id}") as client:
        await client.wait_for_state("live")
        for _ in range(2):
            start = len(client.messages)
            await client.do("drop")
            await client.wait_for_state("live", start)
        await client.do("unsubscribe", [f"user:{one.id}"])
        await post(one, "not wanted any more")
        start = len(client.messages)
        await client.do("drop")
        await client.wait_for_state("live", start)
        await post(one, "nor now")
        last = await post(other, "wanted")
        await client.wait_for_post(last)
        assert client.post_ids == [last]


async def test_a_topic_that_cannot_be_had_is_refused_and_forgotten(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    async with program(server.url, f"user:{author.id}") as client:
        await client.wait_for_state("live")
        failed = await client.do("subscribe", ["nothing"])
        start = len(client.messages)
        await client.do("drop")
        await client.wait_for_state("live", start)
        still = await post(author, "still here")
        await client.wait_for_post(still)

        assert failed["payload"]["code"] == "unknown_topic"


async def test_ones_own_topics_need_the_token(server: Server, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await reader.client.post(f"/api/users/{author.id}/follow")
    async with program(server.url, "home", tokens=[reader.access_token]) as client:
        await client.wait_for_state("live")
        await client.wait_for_post(await post(author, "for followers", visibility="followers"))
    async with program(server.url, "home") as client:
        refused = await client.wait_for(lambda message: message["type"] == "refused")

        assert (refused["payload"]["code"], await client.end()) == ("not_authenticated", 1)


async def test_a_log_out_is_final(server: Server, make_user: MakeUser) -> None:
    user = await make_user("user")
    async with program(server.url, "notifications", tokens=[user.access_token]) as client:
        await client.wait_for_state("live")
        await user.client.post("/api/auth/logout")
        refused = await client.wait_for(lambda message: message["type"] == "refused")

        assert (refused["payload"]["code"], await client.end()) == (4403, 1)


async def test_a_ping_tells_the_time_there_and_back(server: Server) -> None:
    async with program(server.url, "explore") as client:
        await client.wait_for_state("live")

        assert 0 < await client.do("ping") < 5_000


async def test_closing_ends_the_loop(server: Server) -> None:
    async with program(server.url, "explore") as client:
        await client.wait_for_state("live")
        await client.do("close")

        assert await client.end() == 0


async def test_counters_of_watched_posts_come_also_after_a_cut(server: Server, make_user: MakeUser) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    post_id = await post(author, "like this")
    async with program(server.url, "explore") as client:
        await client.wait_for_state("live")
        await client.do("watch", [post_id])
        await client.do("drop")
        await fan.client.post(f"/api/posts/{post_id}/like")
        told = await client.wait_for(
            lambda one: one["type"] == "counts" and one["payload"]["posts"].get(post_id, {}).get("likes_count") == 1
        )

        assert told["payload"]["posts"][post_id].keys() == {
            "likes_count", "retweets_count", "replies_count", "bookmarks_count",
        }  # fmt: skip


async def test_a_call_is_any_endpoint_as_the_user_of_the_connection(server: Server, make_user: MakeUser) -> None:
    user = await make_user("user")
    async with program(server.url, "notifications", tokens=[user.access_token]) as client:
        made = await client.do("call", "POST", "/api/posts", {"body": {"content": "over the socket"}})
        refused = await client.do("call", "POST", "/api/posts", {"body": {"content": ""}})
        found = await client.do("call", "GET", "/api/timeline/home", {"query": {"limit": 1}})

        assert (made["status"], refused["status"], found["status"]) == (201, 400, 200)
        assert found["body"]["posts"][0]["id"] == made["body"]["id"]


def test_a_node_without_websockets_is_told_what_to_do(tmp_path: Path) -> None:
    shutil.copy(STATIC / "live.js", tmp_path / "live.mjs")
    program = 'delete globalThis.WebSocket; const { Live } = await import("./live.mjs"); new Live("http://localhost:1")'
    (tmp_path / "program.mjs").write_text(program)
    done = subprocess.run([node(), "program.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "Error: There is no WebSocket here" in done.stderr
    assert 'npm install ws, then globalThis.WebSocket = (await import("ws")).default' in done.stderr
