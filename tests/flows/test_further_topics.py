"""Topics that are added with a cursor bring what the others did not, and nothing again."""

import pytest

from tests.conftest import MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import live
from tests.server import Server


@pytest.mark.parametrize("further", ["user:{}", "users:{}", "hashtag:further"])
async def test_what_a_home_left_out_comes_with_another_topic(server: Server, make_user: MakeUser, further: str) -> None:
    left, author, reader = await make_user("left"), await make_user("author"), await make_user("reader")
    for followee in (left, author):
        await follow(reader, followee)
    async with live(server, reader.access_token) as client:
        cursor = client.cursor
        theirs = [str((await post(left, "#further"))["id"]) for _ in range(2)]
        kept = str((await post(author, "#further"))["id"])
        hidden = await post(left, "#further", visibility="followers")
        await reader.client.delete(f"/api/users/{left.id}/follow")
        await client.subscribe("home", since=cursor)
        await client.wait_for_type("replayed")
        await client.wait_for_post(kept)  # after the replay where the node learns of it only now
        assert client.post_ids == [kept]
        await client.subscribe(further.format(left.id), since=cursor)
        last = str((await post(left, "#further"))["id"])
        await client.wait_for_post(last)

        assert client.post_ids == [kept, *theirs, last]
        assert hidden["id"] not in client.post_ids


@pytest.mark.parametrize("further", ["home", "users:{}", "hashtag:further"])
async def test_what_was_hidden_before_the_log_in_comes_with_another_topic(
    server: Server, make_user: MakeUser, further: str
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await follow(reader, author)
    topic = f"user:{author.id}"
    async with (
        live(server, None, topic) as client,
        live(server, None, topic) as stranger,
        live(server, author.access_token, topic) as own,
    ):
        cursor = client.cursor
        shown = str((await post(author, "#further"))["id"])
        hidden = str((await post(author, "#further", visibility="followers"))["id"])
        await own.wait_for_post(hidden)
        await client.ask("auth", {"token": reader.access_token})
        told = str((await post(author, "#further", visibility="followers"))["id"])
        await client.wait_for_post(told)
        await client.subscribe(further.format(author.id), since=cursor)
        await client.wait_for_type("replayed")
        last = str((await post(author, "#further"))["id"])
        for one in (client, stranger):
            await one.wait_for_post(last)

        assert client.post_ids == [shown, told, hidden, last]
        assert stranger.post_ids == [shown, last]


@pytest.mark.parametrize("further", ["users:{}", "hashtag:further"])
async def test_what_is_before_the_latest_comes_with_another_topic(
    server: Server, make_user: MakeUser, further: str
) -> None:
    author = await make_user("author")
    async with live(server) as client, live(server, None, f"user:{author.id}") as watching:
        cursor = client.cursor
        doomed = str((await post(author, "#further"))["id"])
        made = [str((await post(author, "#further"))["id"]) for _ in range(4)]
        await author.client.delete(f"/api/posts/{doomed}")
        made.append(str((await post(author, "#further"))["id"]))
        await watching.wait_for_post(made[-1])
        await client.ask("subscribe", {"topics": [{"topic": f"user:{author.id}"}], "latest": 3})
        await client.wait_for_type("replayed")
        assert client.post_ids == made[-3:]
        await client.subscribe(further.format(author.id), since=cursor)
        last = str((await post(author, "#further"))["id"])
        await client.wait_for_post(last)

        assert client.post_ids == [*made[-3:], *made[:-3], last]
        assert [one["payload"]["id"] for one in client.events if one["type"] == "post.deleted"] == [doomed]


async def test_the_latest_of_several_topics_are_so_many_of_each(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    async with live(server) as client, live(server, None, f"user:{author.id}") as watching:
        made = [str((await post(author, "#further"))["id"]) for _ in range(5)]
        await watching.wait_for_post(made[-1])
        for topic, latest in ((f"user:{author.id}", 1), (f"users:{author.id}", 2)):
            await client.ask("subscribe", {"topics": [{"topic": topic}], "latest": latest})
            await client.ask("ping")

        assert client.post_ids == [made[4], made[2], made[3]]


@pytest.mark.parametrize("further", ["user:{}", "users:{}"])
async def test_the_latest_of_one_whom_the_user_follows_since_just_now_are_there(
    server: Server, make_user: MakeUser, further: str
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    async with live(server, reader.access_token, "home") as client, live(server, None, f"user:{author.id}") as watching:
        before = [str((await post(author))["id"]) for _ in range(2)]
        await follow(reader, author)
        after = str((await post(author))["id"])
        for one in (client, watching):
            await one.wait_for_post(after)
        await client.ask("subscribe", {"topics": [{"topic": further.format(author.id)}], "latest": 5})
        await client.ask("ping")

        assert client.post_ids == [after, *before]
