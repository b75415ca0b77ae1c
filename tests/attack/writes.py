"""Attacks by writing: what one account does that others wait for."""

import json
import random

from tests.attack.attacker import Attacker
from tests.attack.wire import Wire

PARALLEL = 60


async def likes_of_one_post(me: Attacker) -> None:
    """Twenty accounts like, retweet and bookmark one post and take it back."""

    async def ask(number: int, wire: Wire) -> int:
        what = random.choice(("like", "retweet", "bookmark"))
        return await wire.ask(
            random.choice(("POST", "DELETE")), f"/api/posts/{me.facts['post']}/{what}", **me.login(number)
        )

    await me.flood(PARALLEL, ask)


async def follows(me: Attacker) -> None:
    """Twenty accounts follow and leave the same few."""
    others = me.facts["users"]

    async def ask(number: int, wire: Wire) -> int:
        return await wire.ask(
            random.choice(("POST", "DELETE")), f"/api/users/{random.choice(others)}/follow", **me.login(number)
        )

    await me.flood(PARALLEL, ask)


async def mentions(me: Attacker) -> None:
    """Posts that name fifty users, answer one, and hold fifty hashtags and fifty symbols."""
    names = " ".join(f"@{name}" for name in me.facts["names"][:50])
    marks = " ".join(f"#m{n}{random.getrandbits(20)} $M{n}X" for n in range(50))

    async def ask(number: int, wire: Wire) -> int:
        tags = [f"t{number}_{n}" for n in range(20)]
        draft = {
            "content": f"{names} {marks}",
            "reply_to_id": me.facts["post"],
            "metadata": {"category": "x20", "tags": tags},
        }
        return await wire.ask("POST", "/api/posts", json.dumps(draft).encode(), **me.login(number))

    await me.flood(PARALLEL, ask)


async def notifications_to_one(me: Attacker) -> None:
    """Likes of all posts of one user, who is told a thousand times; and "all read" by everybody meanwhile."""

    async def ask(number: int, wire: Wire) -> int:
        if number % 6 == 0:
            return await wire.ask("PATCH", "/api/notifications/read-all", **me.login(number))
        return await wire.ask("POST", f"/api/posts/{random.choice(me.facts['posts'])}/like", **me.login(me.number))

    await me.flood(PARALLEL, ask)


async def private_and_back(me: Attacker) -> None:
    """An account with many posts turns private and public; names and texts of profiles change."""

    async def ask(number: int, wire: Wire) -> int:
        change = {"private_account": bool(me.number % 2), "bio": "ﷺ #x $Y " * 50, "display_name": f"n {me.number}"}
        return await wire.ask("PATCH", "/api/users/me", json.dumps(change).encode(), **me.login(number))

    await me.flood(PARALLEL, ask)


async def keys(me: Attacker) -> None:
    """One idempotency key for all: the first acts, and the others wait with a connection of the database in hand."""

    async def ask(number: int, wire: Wire) -> int:
        body = json.dumps({"content": "x" * 4_000}).encode()
        return await wire.ask("POST", "/api/posts", body, Idempotency_Key=f"one {me.number // 20}", **me.login(0))

    await me.flood(PARALLEL, ask)


async def posts_and_deletions(me: Attacker) -> None:
    """Posts that are deleted as soon as they are there: two events and a stone each."""

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            body = json.dumps({"content": "#gone", "metadata": {"category": "x20"}}).encode()
            status, answer = await wire.ask_for_body("POST", "/api/posts", body, **me.login(number))
            me.saw(status)
            if status == 201:
                me.saw(await wire.ask("DELETE", f"/api/posts/{json.loads(answer)['id']}", **me.login(number)))

    await me.crowd(PARALLEL, press)


async def tickets(me: Attacker) -> None:
    """Tickets for the channel that nobody uses, or uses twice."""

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            status, answer = await wire.ask_for_body("POST", "/api/ws/ticket", **me.login(number))
            me.saw(status)
            if status == 201:
                async with me.wire() as other:
                    me.saw(await other.ask("HEAD", f"/api/stream?topics=home&ticket={json.loads(answer)['ticket']}"))

    await me.crowd(PARALLEL, press)
