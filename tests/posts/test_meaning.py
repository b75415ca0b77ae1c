"""What the fields of a post mean: whom it names, what was sent beside it, and what its numbers count."""

import asyncio
import secrets
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import PASSWORD, Account, MakeUser
from tests.databases import until_blocked
from tests.flows.test_counts import counts_of, wait_for_likes
from tests.live import live
from tests.server import Server
from x18.auth.actions import register
from x18.auth.schemas import Registration
from x18.core import db
from x18.core.errors import Conflict
from x18.core.passwords import HERE, Passwords


async def rename(user: Account, name: str) -> httpx.Response:
    return await user.client.patch("/api/users/me", json={"username": name})


def fresh(prefix: str = "n") -> str:
    return prefix + secrets.token_hex(6)


async def test_mentions_follow_the_people_and_not_their_names(make_user: MakeUser, api: httpx.AsyncClient) -> None:
    author, bob, other = await make_user("author"), await make_user("bob"), await make_user("other")
    old, new = bob.username, fresh("Robert")
    made = await publish(author, f"ask @{old.upper()} and @{other.username}")
    assert (await rename(bob, new)).status_code == 200
    assert (await api.get(f"/api/posts/{made['id']}")).json()["mentions"] == [new, other.username]
    assert (await publish(author, f"ask @{old}"))["mentions"] == []
    assert (await publish(author, f"ask @{new.lower()}"))["mentions"] == [new]


async def test_a_name_that_was_given_up_rests_for_all_but_its_owner(
    make_user: MakeUser, api: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    bob, thief = await make_user("bob"), await make_user("thief")
    old = bob.username
    assert (await rename(bob, fresh())).status_code == 200
    body = {"username": old.upper(), "email": f"{fresh()}@example.com", "password": PASSWORD}
    for refused in (await rename(thief, old.title()), await api.post("/api/auth/register", json=body)):
        assert (refused.status_code, refused.json()["code"]) == (409, "username_taken")
    assert (await rename(bob, old)).status_code == 200
    assert (await rename(bob, old.upper())).status_code == 200, "the same name in other letters"
    assert (await rename(bob, fresh())).status_code == 200
    await database.execute(
        "UPDATE former_usernames SET freed_at = now() - interval '31 days' WHERE user_id = $1", bob.id
    )
    assert (await rename(thief, old)).status_code == 200
    assert (await rename(bob, old)).status_code == 409


async def test_who_claims_a_name_while_it_is_being_given_up_does_not_get_it(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    bob, thief = await make_user("bob"), await make_user("thief")
    async with database.acquire() as renaming, renaming.transaction():
        await renaming.execute("UPDATE users SET username = $2 WHERE id = $1", bob.id, fresh())
        await renaming.execute(
            "INSERT INTO former_usernames (name, user_id) VALUES (lower($1), $2)", bob.username, bob.id
        )
        claiming = asyncio.create_task(rename(thief, bob.username))
        await until_blocked(database, by=renaming)
    refused = await claiming

    assert (refused.status_code, refused.json()["code"]) == (409, "username_taken")
    assert (await thief.client.get("/api/users/me")).json()["username"] == thief.username


class Slow(Passwords):
    """While it hashes, somebody takes a name and gives it up again."""

    def __init__(self, name: str, somebody: Account) -> None:
        super().__init__(4)
        self._name, self._somebody = name, somebody

    async def hash(self, password: str, network: str = HERE) -> str:
        """Let it happen."""
        insert = "INSERT INTO former_usernames (name, user_id) VALUES ($1, $2)"
        await db.execute(insert, self._name, self._somebody.id)
        return await super().hash(password, network)


async def test_a_name_that_was_given_up_while_an_account_was_being_made_is_not_given(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    name = fresh()
    draft = Registration(username=name, email=f"{name}@example.com", password=PASSWORD)
    slow = Slow(name, await make_user())
    async with database.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        async with db.using(connection):
            with pytest.raises(Conflict):
                await register(draft, slow)
        await transaction.rollback()
    slow.close()


async def test_nobody_keeps_names_from_others_by_renaming(make_user: MakeUser) -> None:
    squatter = await make_user("squatter")
    answers = [await rename(squatter, fresh()) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [409]
    assert answers[-1].json()["code"] == "too_many_names"
    assert (await rename(squatter, squatter.username)).status_code == 200, "one's own come back"


SENT = (
    '{"z":0.123456789012345678,"a":100000.123456789012,"zero":-0.0,"big":1E5,"exp":1.50e-3,"int":9007199254740993,'
    '"deep":[{"y":1.0,"b":2.10}],"category":"fx","é":"\\u00e9"}'
)


@pytest.mark.parametrize("sent", [
    SENT.replace("\\u00e9", "é"), '{"p":0.1000000000000000055511151231257827,"e":1e-20}', '{"b":1,"a":2}', "{}",
])  # fmt: skip
async def test_metadata_is_what_was_sent_over_rest_and_live(
    server: Server, make_user: MakeUser, api: httpx.AsyncClient, sent: str
) -> None:
    author = await make_user("author")
    headers = {"Content-Type": "application/json"}
    async with live(server, None, f"user:{author.id}") as client:
        body = f'{{"content": "x", "metadata" : {sent} }}'
        made = await author.client.post("/api/posts", content=body.encode(), headers=headers)
        assert made.status_code == 201, made.text
        post_id = made.json()["id"]
        shown = await api.get(f"/api/posts/{post_id}")
        listed = await api.get(f"/api/timeline/user/{author.id}")
        await client.wait_for_post(post_id)
        for text in (
            made.text,
            shown.text,
            listed.text,
            *(frame for frame in client.texts if '"type":"post"' in frame),
        ):
            assert f'"metadata":{sent}' in text


async def test_a_call_over_the_socket_keeps_metadata_as_well(
    server: Server, make_user: MakeUser, api: httpx.AsyncClient
) -> None:
    author = await make_user("author")
    async with live(server, author.access_token) as client:
        body = '{"content":"x","metadata":{"p":0.123456789012345678}}'
        await client.socket.send(
            f'{{"type":"call","id":7,"payload":{{"method":"POST","path":"/api/posts","body":{body}}}}}'
        )
        result = await client.wait_for(lambda message: message.get("id") == 7)
    shown = await api.get(f"/api/posts/{result['payload']['body']['id']}")
    assert '"metadata":{"p":0.123456789012345678}' in shown.text


@pytest.mark.parametrize(
    "number", ["1e400", "9223372036854775808.0", "1e-21", "-1e-30", "1e999999999999999999999", "0." + "0" * 30 + "1"]
)
async def test_numbers_that_no_reader_has_are_refused(make_user: MakeUser, number: str) -> None:
    author = await make_user("author")
    answer = await author.client.post(
        "/api/posts",
        content=f'{{"content":"x","metadata":{{"n":[{number}]}}}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["metadata"]


async def counts_for(client: httpx.AsyncClient, author: Account, post_id: object) -> tuple[Any, Any, Any]:
    """Posts of the author and of a thread as somebody sees them: counted, listed, replies."""
    user = (await client.get(f"/api/users/{author.id}")).json()
    listed = (await client.get(f"/api/users/{author.id}/posts?count=true")).json()
    assert len(listed["posts"]) == listed["total"]
    post = await client.get(f"/api/posts/{post_id}")
    return user["posts_count"], listed["total"], post.json()["replies_count"] if post.status_code == 200 else None


async def test_counters_of_posts_count_what_one_may_see(make_user: MakeUser, anonymous: httpx.AsyncClient) -> None:
    author, follower, stranger = await make_user("author"), await make_user("follower"), await make_user("stranger")
    await follower.client.post(f"/api/users/{author.id}/follow")
    made = {level: await publish(author, visibility=level) for level in ("public", "followers", "private")}
    viewers = (anonymous, stranger.client, follower.client, author.client)
    for is_private, expected in ((False, [1, 1, 2, 3]), (True, [0, 0, 2, 3]), (False, [1, 1, 2, 3])):
        await author.client.patch("/api/users/me", json={"private_account": is_private})
        for client, count in zip(viewers, expected, strict=True):
            counted, listed, _ = await counts_for(client, author, made["public"]["id"])
            assert (counted, listed) == (count, count)
        found = (await anonymous.get(f"/api/search/users?q={author.username}")).json()["users"]
        assert [user["posts_count"] for user in found if user["id"] == str(author.id)] == [expected[0]]
        fans = (await stranger.client.get(f"/api/users/{follower.id}/following")).json()["users"]
        assert [user["posts_count"] for user in fans] == [expected[1]]
    for level in ("private", "followers", "public"):
        await author.client.delete(f"/api/posts/{made[level]['id']}")
    assert [(await counts_for(client, author, author.id))[0] for client in viewers] == [0, 0, 0, 0]


async def test_hidden_replies_change_nothing_that_others_see(
    server: Server, make_user: MakeUser, anonymous: httpx.AsyncClient
) -> None:
    author, writer = await make_user("author"), await make_user("writer")
    root = await publish(author)
    async with live(server) as client:
        await client.ask("watch", {"posts": [root["id"]]})
        await wait_for_likes(client, root["id"], 0)
        hidden = [await publish(writer, reply_to_id=root["id"], visibility=level) for level in ("private", "followers")]
        await writer.client.patch("/api/users/me", json={"private_account": True})
        hidden.append(await publish(writer, reply_to_id=root["id"]))
        assert (await anonymous.get(f"/api/posts/{root['id']}")).json()["replies_count"] == 0
        for made in hidden:
            assert (await writer.client.delete(f"/api/posts/{made['id']}")).status_code == 200
        await author.client.post(f"/api/posts/{root['id']}/like")
        await wait_for_likes(client, root["id"], 1)

        assert [counts["replies_count"] for counts in counts_of(client, root["id"])] == [0, 0]


async def test_replies_are_counted_while_everybody_may_see_them(
    make_user: MakeUser, anonymous: httpx.AsyncClient
) -> None:
    author, writer = await make_user("author"), await make_user("writer")
    root = await publish(author)

    async def counted() -> int:
        shown = (await anonymous.get(f"/api/posts/{root['id']}/replies?count=true")).json()
        count: int = (await anonymous.get(f"/api/posts/{root['id']}")).json()["replies_count"]
        assert count == shown["total"] == len(shown["posts"])
        return count

    first = await publish(writer, reply_to_id=root["id"])
    await publish(writer, reply_to_id=root["id"], visibility="followers")
    assert await counted() == 1
    await writer.client.patch("/api/users/me", json={"private_account": True})
    assert await counted() == 0
    await publish(writer, reply_to_id=root["id"])
    await writer.client.delete(f"/api/posts/{first['id']}")
    assert await counted() == 0
    await writer.client.patch("/api/users/me", json={"private_account": False})
    assert await counted() == 1


async def test_replies_stay_counted_exactly_while_their_author_turns_private_and_back(
    make_user: MakeUser, anonymous: httpx.AsyncClient
) -> None:
    author, writer = await make_user("author"), await make_user("writer")
    root = await publish(author)
    kept: list[str] = []

    async def write(number: int) -> None:
        made = await publish(writer, reply_to_id=root["id"])
        if number % 2:
            await writer.client.delete(f"/api/posts/{made['id']}")
        else:
            kept.append(made["id"])

    async def toggle() -> None:
        for is_private in (True, False) * 6:
            assert (await writer.client.patch("/api/users/me", json={"private_account": is_private})).status_code == 200

    await asyncio.gather(toggle(), *(write(number) for number in range(20)))
    shown = (await anonymous.get(f"/api/posts/{root['id']}")).json()
    assert shown["replies_count"] == len(kept) == 10


async def test_what_authors_do_with_their_own_posts_does_not_rank(make_user: MakeUser, api: httpx.AsyncClient) -> None:
    author, fan, mark = await make_user("author"), await make_user("fan"), fresh("rank")
    own, liked, none = [await publish(author, metadata={"category": mark}) for _ in range(3)]
    for verb in ("like", "retweet"):
        await author.client.post(f"/api/posts/{own['id']}/{verb}")
    await fan.client.post(f"/api/posts/{liked['id']}/like")

    async def ranks(expected: list[str]) -> None:
        async with asyncio.timeout(30):
            while True:
                page = (await api.get(f"/api/timeline/trending?category={mark}&limit=3")).json()
                if [post["id"] for post in page["posts"]] == expected:
                    return
                await asyncio.sleep(0.05)

    await ranks([liked["id"], none["id"], own["id"]])
    shown = (await api.get(f"/api/posts/{own['id']}")).json()
    assert (shown["likes_count"], shown["retweets_count"]) == (1, 1)
    await fan.client.post(f"/api/posts/{own['id']}/retweet")
    await ranks([own["id"], liked["id"], none["id"]])
    for verb in ("like", "retweet"):
        await author.client.delete(f"/api/posts/{own['id']}/{verb}")
    await fan.client.delete(f"/api/posts/{liked['id']}/like")
    await ranks([own["id"], none["id"], liked["id"]])
