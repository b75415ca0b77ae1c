"""Coming back often, to another node, from a handler or without waiting: what is asked for comes once each time."""

import asyncio

from tests.conftest import MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Live, live
from tests.server import Server


async def test_who_had_no_event_yet_misses_none(server: Server, workers: Server, make_user: MakeUser) -> None:
    """The cursor of ``connected`` is enough, and good on every node of the database."""
    author = await make_user("author")
    topic = f"user:{author.id}"
    async with live(server, None, topic) as before:
        cursor = before.cursor
    missed = [str((await post(author))["id"]) for _ in range(3)]

    for node in (server, workers, workers):
        async with live(node) as again:
            await again.subscribe(topic, since=cursor)
            await again.wait_for_type("replayed")
            await again.wait_for_post(missed[-1])  # after the replay where the node learns of it only now
            assert again.post_ids == missed
            assert again.cursor.partition(".")[0] == cursor.partition(".")[0]


async def test_resuming_works_each_time_though_earlier_connections_never_ended(
    server: Server, make_user: MakeUser
) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    dead = [await Live.open(server)]
    await dead[0].subscribe(topic)
    cursor, received, made = dead[0].cursor, [], []
    for _ in range(5):
        made.append(str((await post(author, "while away"))["id"]))
        again = await Live.open(server)
        dead.append(again)
        await again.subscribe(topic, since=cursor)
        made.append(str((await post(author, "while there"))["id"]))
        await again.wait_for_post(made[-1])
        received += again.post_ids
        cursor = again.cursor

    assert received == made
    for client in dead:
        await client.close()


async def test_what_a_handler_subscribes_to_again_does_not_come_again(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    async with live(server, None, topic) as client:
        first = str((await post(author))["id"])
        event = await client.wait_for_post(first)
        await client.ask("unsubscribe", {"topics": [topic]})
        second = str((await post(author))["id"])
        await client.subscribe(topic, since=event["cursor"])
        third = str((await post(author))["id"])
        await client.wait_for_post(third)

        assert client.post_ids == [first, second, third]


async def test_leaving_and_joining_without_waiting_ends_as_asked(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    join, leave = {"topics": [{"topic": topic}]}, {"topics": [topic]}
    async with live(server) as stays, live(server) as leaves:
        for number, (kind, payload) in enumerate([("subscribe", join), ("unsubscribe", leave)] * 3):
            await leaves.send(kind, payload, id=number)
            await stays.send(kind, payload, id=number)
        await stays.send("subscribe", join, id="last")
        await stays.send("subscribe", join, id="again")
        await asyncio.gather(*(each.ask("ping") for each in (stays, leaves)))
        made = [str((await post(author))["id"]) for _ in range(2)]
        await stays.wait_for_post(made[-1])
        await leaves.subscribe("explore")
        marker = str((await post(author))["id"])
        await leaves.wait_for_post(marker)

        assert stays.post_ids[:2] == made
        assert leaves.post_ids == [marker]
        assert [message["id"] for message in stays.messages if message["type"] == "ok"] == [*range(6), "last", "again"]


async def test_the_last_of_many_at_the_same_moment_comes_without_another(server: Server, make_user: MakeUser) -> None:
    author, other = await make_user("author"), await make_user("other")
    async with live(server, None, f"user:{author.id}", f"user:{other.id}") as client:
        made = await asyncio.gather(*(post(one, f"{number}") for number in range(10) for one in (author, other)))
        for each in made:
            await client.wait_for_post(str(each["id"]))

        assert len(client.post_ids) == len(made)


async def test_what_was_read_elsewhere_meanwhile_is_read_after_a_replay(server: Server, make_user: MakeUser) -> None:
    user, fan = await make_user("user"), await make_user("fan")
    async with live(server, user.access_token, "notifications") as client:
        cursor = client.cursor
        await follow(fan, user)
        await post(fan, f"@{user.username} hello")
        mention = (await user.client.get("/api/notifications")).json()["notifications"][0]["id"]
        assert (await user.client.patch(f"/api/notifications/{mention}/read")).status_code == 200
        await client.wait_for_type("notification.read")

    async with live(server, user.access_token) as client:
        await client.subscribe("notifications", since=cursor)
        await client.wait_for_type("replayed")

        told = [
            (event["type"], event["payload"].get("is_read"), event["payload"]["unread_count"])
            for event in client.events
        ]
        assert told[-1] == ("notification.read", None, 1)
        assert {is_read for kind, is_read, _ in told if kind == "notification"} == {True, False}
