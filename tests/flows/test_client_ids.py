"""What a client called its post comes back to its author's connections, and to nobody else."""

import json

import httpx
import pytest

from tests.conftest import MakeUser
from tests.live import live
from tests.server import Server


async def test_only_the_author_is_told_what_the_client_called_a_post(server: Server, make_user: MakeUser) -> None:
    author, follower = await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    topics = ("home", f"user:{author.id}", "explore")
    async with (
        live(server, author.access_token, *topics) as phone,
        live(server, author.access_token, f"user:{author.id}") as desk,
        live(server, follower.access_token, *topics) as other,
        live(server, None, "explore") as nobody,
    ):
        since = phone.cursor
        made = (await author.client.post("/api/posts", json={"content": "mine", "client_id": "draft-7"})).json()
        plain = (await author.client.post("/api/posts", json={"content": "without"})).json()
        for client, told in ((phone, "draft-7"), (desk, "draft-7"), (other, None), (nobody, None)):
            event = await client.wait_for_post(made["id"])
            assert event.get("client_id") == told
            assert "client_id" not in event["payload"]
            assert "client_id" not in await client.wait_for_post(plain["id"])
    assert "client_id" not in made
    assert "client_id" not in (await author.client.get(f"/api/posts/{made['id']}")).json()

    for account, told in ((author, "draft-7"), (follower, None)):
        async with live(server, account.access_token) as back:
            await back.subscribe("home", since=since)
            assert (await back.wait_for_post(made["id"])).get("client_id") == told


async def test_a_followers_post_and_a_retweet_tell_it_to_nobody_else_either(
    server: Server, make_user: MakeUser
) -> None:
    author, follower = await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    async with live(server, follower.access_token, "home") as other, live(server, author.access_token, "home") as own:
        draft = {"content": "for followers", "client_id": "f", "visibility": "followers"}
        made = (await author.client.post("/api/posts", json=draft)).json()
        assert "client_id" not in await other.wait_for_post(made["id"])
        assert (await own.wait_for_post(made["id"]))["client_id"] == "f"
        public = (await author.client.post("/api/posts", json={"content": "for all", "client_id": "p"})).json()
        await follower.client.post(f"/api/posts/{public['id']}/retweet")
        assert "client_id" not in json.dumps(await other.wait_for_type("retweet"))


@pytest.mark.parametrize("name", ["", "x" * 65, "two words", "é", "a\nb", 7])
async def test_a_name_that_is_none_is_refused(make_user: MakeUser, name: object) -> None:
    author = await make_user()
    answer: httpx.Response = await author.client.post("/api/posts", json={"content": "x", "client_id": name})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "client_id")
