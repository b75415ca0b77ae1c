"""What is told of a private account, live and in a replay, and to whom; each promise with its twin."""

import pytest

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Live, live
from tests.server import Server


async def retweet(user: Account, post_id: object) -> None:
    assert (await user.client.post(f"/api/posts/{post_id}/retweet")).status_code == 201


async def delete(user: Account, path: str) -> None:
    assert (await user.client.delete(path)).status_code == 200


async def set_private(user: Account) -> None:
    assert (await user.client.patch("/api/users/me", json={"private_account": True})).status_code == 200


def of_type(client: Live, kind: str) -> list[object]:
    return [event["payload"] for event in client.events if event["type"] == kind]


@pytest.fixture
async def four(make_user: MakeUser) -> tuple[Account, Account, Account, Account]:
    """An author, a private and a public retweeter, and a follower of the private one."""
    author, private, public = await make_user("author"), await make_user("private"), await make_user("public")
    follower = await make_user("follower")
    await set_private(private)
    await follow(follower, private)
    return author, private, public, follower


async def test_a_deletion_does_not_tell_who_had_retweeted_in_private(
    server: Server, four: tuple[Account, Account, Account, Account]
) -> None:
    author, private, public, follower = four
    made = await post(author)
    await retweet(private, made["id"])
    await retweet(public, made["id"])
    marker = f"user:{follower.id}"
    async with (
        live(server, None, f"user:{private.id}", marker) as watches_private,
        live(server, None, f"user:{public.id}", marker) as watches_public,
        live(server, None, f"user:{private.id}", f"user:{author.id}") as watches_author,
        live(server, follower.access_token, "home") as follows_private,
    ):
        cursor = watches_private.cursor
        await delete(author, f"/api/posts/{made['id']}")
        for client in (watches_public, watches_author, follows_private):
            assert (await client.wait_for_type("post.deleted"))["payload"] == {"id": made["id"]}
        fence = str((await post(follower, "fence"))["id"])
        await watches_private.wait_for_post(fence)
        async with live(server) as resumed:
            await resumed.subscribe(f"user:{private.id}", marker, since=cursor)
            await resumed.wait_for_post(fence)

            assert of_type(resumed, "post.deleted") == []
        assert of_type(watches_private, "post.deleted") == []
        told = [event for event in watches_author.events if event["type"] != "post"]  # which may come as late as that
        assert [event["topics"] for event in told] == [[f"user:{author.id}"]]


async def test_a_replay_does_not_tell_who_undid_a_private_retweet_of_a_deleted_post(
    server: Server, four: tuple[Account, Account, Account, Account]
) -> None:
    author, private, public, follower = four
    made = await post(author)
    await retweet(private, made["id"])
    await retweet(public, made["id"])
    async with live(server) as client:
        cursor = client.cursor
    for user in (private, public):
        await delete(user, f"/api/posts/{made['id']}/retweet")
    await delete(author, f"/api/posts/{made['id']}")
    topics = [f"user:{user.id}" for user in (private, public, follower)]
    fence = str((await post(follower, "fence"))["id"])
    async with live(server) as anonymous, live(server, follower.access_token) as his:
        for client in (anonymous, his):
            await client.subscribe(*topics, since=cursor)
            await client.wait_for_post(fence)

        by_public, by_private = ({"id": made["id"], "retweeted_by": str(user.id)} for user in (public, private))
        assert of_type(anonymous, "retweet.deleted") == [by_public]
        assert of_type(his, "retweet.deleted") == [by_private, by_public]


async def test_a_deletion_reaches_whoever_had_the_post_before_the_account_turned_private(
    server: Server, make_user: MakeUser
) -> None:
    author, other = await make_user("author"), await make_user("other")
    topics = ("explore", f"user:{author.id}", f"user:{other.id}")
    async with live(server, None, *topics) as client:
        shown = await post(author)
        await client.wait_for_post(str(shown["id"]))
        cursor = client.cursor
        hidden = await post(author, "not for everybody", visibility="followers")
        await set_private(author)
        for made in (hidden, shown):
            await delete(author, f"/api/posts/{made['id']}")
        fence = str((await post(other, "fence"))["id"])
        async with live(server) as resumed:
            await resumed.subscribe(*topics, since=cursor)
            for told in (client, resumed):
                await told.wait_for_post(fence)

                assert of_type(told, "post.deleted") == [{"id": shown["id"]}]
                assert hidden["id"] not in told.post_ids


async def test_a_replay_shows_what_is_for_followers_only_to_those_who_still_follow(
    server: Server, make_user: MakeUser
) -> None:
    author, former, faithful = await make_user("author"), await make_user("former"), await make_user("faithful")
    await set_private(author)
    for reader in (former, faithful):
        await follow(reader, author)
    async with live(server) as client:
        cursor = client.cursor
    secret, gone = await post(author, "for followers"), await post(author, "for followers, and deleted")
    await delete(author, f"/api/posts/{gone['id']}")
    await delete(former, f"/api/users/{author.id}/follow")
    fences = {reader.id: str((await post(reader, "fence"))["id"]) for reader in (former, faithful)}
    statuses = {}
    for reader, shown in ((former, []), (faithful, [secret["id"]])):
        async with live(server, reader.access_token) as resumed:
            await resumed.subscribe("home", f"user:{author.id}", since=cursor)
            await resumed.wait_for_post(fences[reader.id])

            assert resumed.post_ids == [*shown, fences[reader.id]]
            assert of_type(resumed, "post.deleted") == [{"id": gone["id"]}]
        statuses[reader.id] = (await reader.client.get(f"/api/posts/{secret['id']}")).status_code
    assert statuses == {former.id: 404, faithful.id: 200}
