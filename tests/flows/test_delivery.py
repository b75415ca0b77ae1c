"""Who receives what, live; each promise with its twin: who must not."""

import asyncio

import pytest

from tests.conftest import Account, MakeUser
from tests.live import Live, live
from tests.server import Server

AUTHOR, FOLLOWER, OUTSIDER, ANONYMOUS = range(4)


async def post(author: Account, content: str = "hello", **fields: object) -> dict[str, object]:
    answer = await author.client.post("/api/posts", json={"content": content, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def follow(follower: Account, followee: Account) -> None:
    assert (await follower.client.post(f"/api/users/{followee.id}/follow")).status_code == 201


@pytest.fixture
async def three(server: Server, make_user: MakeUser) -> tuple[Account, Account, Account]:
    """An author, a follower of the author, and somebody else. What was told of the follow is over."""
    author, follower, outsider = await make_user("author"), await make_user("follower"), await make_user("outsider")
    async with live(server, author.access_token, "notifications") as told:
        await follow(follower, author)
        await told.wait_for_type("notification")
    return author, follower, outsider


async def fence(author: Account, *clients: Live) -> None:
    """Wait until everything that happened so far must have reached the clients, which are subscribed to this author."""
    marker = str((await post(author, "fence"))["id"])
    for client in clients:
        await client.wait_for_post(marker)


async def test_a_post_reaches_followers_and_its_author_at_home_and_nobody_else(
    server: Server, three: tuple[Account, Account, Account]
) -> None:
    author, follower, outsider = three
    async with (
        live(server, author.access_token, "home") as own,
        live(server, follower.access_token, "home") as his,
        live(server, outsider.access_token, "home") as other,
    ):
        made = await post(author, "$BTC-USD to the moon #bitcoin", metadata={"category": "crypto"})
        event = await his.wait_for_post(str(made["id"]))
        await own.wait_for_post(str(made["id"]))
        await fence(outsider, other)

        assert event["topics"] == ["home"]
        payload = event["payload"]
        assert payload == {name: value for name, value in made.items() if not name.startswith("is_")} | {
            "user": {k: v for k, v in made["user"].items() if not k.startswith("is_")}  # type: ignore[attr-defined]
        }
        assert made["id"] not in other.post_ids


@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [
        ("public", {AUTHOR, FOLLOWER, OUTSIDER, ANONYMOUS}),
        ("followers", {AUTHOR, FOLLOWER}),
        ("private", {AUTHOR}),
    ],
)
async def test_visibility_holds_on_every_topic(
    server: Server, three: tuple[Account, Account, Account], visibility: str, seen_by: set[int]
) -> None:
    author = three[AUTHOR]
    topics = [f"user:{author.id}", "explore", "symbol:SEEN", "hashtag:seen", "tag:seen", "market:seen", "category:seen"]
    clients = [await Live.open(server, account.access_token) for account in three]
    clients.append(await Live.open(server))
    for client in clients:
        await client.subscribe(*topics, *(["home"] if client is not clients[-1] else []))
    metadata = {"category": "seen", "market": "seen", "symbol": "SEEN", "tags": ["seen"]}
    made = await post(author, "#seen", visibility=visibility, metadata=metadata)
    await fence(author, *clients)

    received = {number for number, client in enumerate(clients) if made["id"] in client.post_ids}

    assert received == seen_by
    for number in seen_by:
        assert clients[number].post_ids.count(str(made["id"])) == 1
    for client in clients:
        await client.close()


async def test_a_private_account_shows_its_public_posts_to_followers_only(
    server: Server, three: tuple[Account, Account, Account]
) -> None:
    author, follower, outsider = three
    await author.client.patch("/api/users/me", json={"private_account": True})
    async with (
        live(server, follower.access_token, f"user:{author.id}", "home") as his,
        live(server, outsider.access_token, f"user:{author.id}", "explore", f"user:{outsider.id}") as other,
    ):
        made = await post(author)
        event = await his.wait_for_post(str(made["id"]))
        await fence(outsider, other)

        assert event["topics"] == sorted(["home", f"user:{author.id}"])
        assert made["id"] not in other.post_ids


async def test_follow_and_unfollow_change_home_live(server: Server, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    async with live(server, reader.access_token, "home") as client:
        before = await post(author, "before")
        await follow(reader, author)
        during = await post(author, "during")
        await client.wait_for_post(str(during["id"]))
        await reader.client.delete(f"/api/users/{author.id}/follow")
        await post(author, "after")
        await fence(reader, client)

        assert client.post_ids[:1] == [during["id"]]
        assert len(client.post_ids) == 2
        assert before["id"] not in client.post_ids


async def test_a_retweet_reaches_the_followers_of_the_retweeter(
    server: Server, three: tuple[Account, Account, Account], make_user: MakeUser
) -> None:
    author, follower, outsider = three
    reader = await make_user("reader")
    await follow(reader, follower)
    made = await post(author)
    async with (
        live(server, reader.access_token, "home") as his,
        live(server, outsider.access_token, "home") as other,
        live(server, None, f"user:{follower.id}") as watcher,
    ):
        assert (await follower.client.post(f"/api/posts/{made['id']}/retweet")).status_code == 201
        event = await his.wait_for_type("retweet")
        await watcher.wait_for_type("retweet")
        await follower.client.delete(f"/api/posts/{made['id']}/retweet")
        gone = await his.wait_for_type("retweet.deleted")
        await fence(outsider, other)

        assert event["payload"]["post"]["id"] == made["id"]
        assert event["payload"]["retweeted_by"]["id"] == str(follower.id)
        assert event["payload"]["retweeted_at"].endswith("Z")
        assert gone["payload"] == {"id": made["id"], "retweeted_by": str(follower.id)}
        assert [message["type"] for message in other.events] == ["post"]


async def test_a_deletion_reaches_whoever_could_have_the_post(
    server: Server, three: tuple[Account, Account, Account], make_user: MakeUser
) -> None:
    author, follower, outsider = three
    reader = await make_user("reader")
    await follow(reader, follower)
    made, secret = await post(author, "#gone"), await post(author, "mine #gone", visibility="private")
    await follower.client.post(f"/api/posts/{made['id']}/retweet")
    async with (
        live(server, follower.access_token, "home") as his,
        live(server, reader.access_token, "home") as through_retweet,
        live(server, None, "hashtag:gone", "explore") as anonymous,
        live(server, outsider.access_token, "home") as other,
    ):
        for number in (secret["id"], made["id"]):
            assert (await author.client.delete(f"/api/posts/{number}")).status_code == 200
        for client in (his, through_retweet, anonymous):
            gone = await client.wait_for_type("post.deleted")
            assert gone["payload"] == {"id": made["id"]}
        await fence(outsider, other)

        assert not [message for message in other.events if message["type"] == "post.deleted"]


async def test_a_notification_reaches_its_owner_only_and_is_taken_back(
    server: Server, three: tuple[Account, Account, Account]
) -> None:
    author, follower, outsider = three
    made = await post(author)
    async with (
        live(server, author.access_token, "notifications") as own,
        live(server, follower.access_token, "notifications", "home") as actor,
        live(server, outsider.access_token, "notifications", "home") as other,
    ):
        unread = (await author.client.get("/api/notifications/unread-count")).json()["unread_count"]
        await follower.client.post(f"/api/posts/{made['id']}/like")
        told = await own.wait_for_type("notification")
        await follower.client.delete(f"/api/posts/{made['id']}/like")
        taken_back = await own.wait_for_type("notification.deleted")
        await fence(outsider, other)
        await fence(follower, actor)

        assert told["topics"] == ["notifications"]
        assert told["payload"]["type"] == "like"
        assert told["payload"]["actor"]["id"] == str(follower.id)
        assert told["payload"]["post"]["id"] == made["id"]
        assert told["payload"]["unread_count"] == unread + 1
        assert taken_back["payload"] == {"id": told["payload"]["id"], "unread_count": unread}
        for client in (actor, other):
            assert not [message for message in client.events if message["type"].startswith("notification")]


async def test_devices_of_a_user_are_kept_in_step(server: Server, three: tuple[Account, Account, Account]) -> None:
    author, follower, _ = three
    made = await post(author)
    async with live(server, author.access_token, "notifications") as device:
        await follower.client.post(f"/api/posts/{made['id']}/like")
        told = await device.wait_for_type("notification")
        await author.client.patch(f"/api/notifications/{told['payload']['id']}/read")
        one = await device.wait_for_type("notification.read")
        await author.client.patch("/api/notifications/read-all")
        everything = await device.wait_for(
            lambda message: message["type"] == "notification.read" and message["payload"].get("all") is True
        )

        assert one["payload"]["id"] == told["payload"]["id"]
        assert everything["payload"] == {"all": True, "unread_count": 0}


async def test_an_event_comes_once_with_all_topics_that_match(
    server: Server, three: tuple[Account, Account, Account]
) -> None:
    author, follower, _ = three
    topics = ["home", "explore", f"user:{author.id}", "symbol:once-usd", "hashtag:Once"]
    async with live(server, follower.access_token, *topics) as client:
        made = await post(author, "#once $ONCE-USD")
        event = await client.wait_for_post(str(made["id"]))
        await fence(author, client)

        assert event["topics"] == sorted(["home", "explore", f"user:{author.id}", "symbol:ONCE-USD", "hashtag:once"])
        assert client.post_ids.count(str(made["id"])) == 1


async def test_filters_narrow_a_topic(server: Server, make_user: MakeUser) -> None:
    author, other = await make_user("author"), await make_user("other")
    wanted = {"category": ["fx", "crypto"], "symbol": ["eur-usd"], "author": [str(author.id)]}
    async with live(server, None, {"topic": "explore", "filter": wanted}) as client:
        await post(other, "$EUR-USD", metadata={"category": "fx"})
        await post(author, "$EUR-USD", metadata={"category": "stocks"})
        await post(author, "nothing", metadata={"category": "fx"})
        right = await post(author, "$EUR-USD", metadata={"category": "FX"})
        await client.wait_for_post(str(right["id"]))

        assert client.post_ids == [right["id"]]


async def test_delivery_is_the_same_on_all_processes(workers: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    clients = await asyncio.gather(*(Live.open(workers, None) for _ in range(8)))
    for client in clients:
        await client.subscribe(f"user:{author.id}")
    made = [str((await post(author, f"post {number}"))["id"]) for number in range(20)]
    for client in clients:
        await client.wait_for_post(made[-1])

    assert [client.post_ids for client in clients] == [made] * len(clients)
    for client in clients:
        await client.close()
