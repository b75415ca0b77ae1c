"""Every action and its event are one transaction: the one is there if and only if the other is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from tests.databases import own_pool
from x18.auth import administration, sessions
from x18.core import db
from x18.core.ids import new_id
from x18.notifications import actions as notifications
from x18.posts import reactions
from x18.posts.actions import create_post, delete_post
from x18.posts.schemas import PostDraft
from x18.realtime.events import EventKind
from x18.runtime.embedded import Servers
from x18.users import actions as users
from x18.users.schemas import ProfileChange


@pytest.fixture(autouse=True, scope="module")
async def pool(servers: Servers) -> AsyncIterator[None]:
    """What ``x18.core.db`` speaks to. No relay runs: events stay where they were written."""
    async with own_pool(servers):
        yield


class Scene:
    """An author, a fan, a post of the author that the fan liked, and a session of the author."""

    author: UUID
    fan: UUID
    post: UUID
    told: UUID

    async def set(self) -> "Scene":
        self.author, self.fan = [await self._user() for _ in range(2)]
        self.post = await create_post(self.author, PostDraft(content="a post"))
        await reactions.like(self.fan, self.post)
        self.told = await db.fetch_value("SELECT id FROM notifications WHERE user_id = $1", self.author)
        await db.execute(
            "INSERT INTO auth_sessions (id, user_id, refresh_token_hash, family_id, expires_at) VALUES ($1, $2, '', $1, now())",
            new_id(),
            self.author,
        )
        return self

    async def _user(self) -> UUID:
        user = new_id()
        await db.execute(
            "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, left($2, 40), $2, 'x', 'x')",
            user,
            user.hex,
        )
        return user


Act = Callable[[Scene], Awaitable[Any]]


def reply(scene: Scene) -> Awaitable[Any]:
    return create_post(scene.fan, PostDraft(content="a reply", reply_to_id=scene.post))


ACTS: list[tuple[str, Act, str, set[EventKind]]] = [
    ("a post", lambda at: create_post(at.author, PostDraft(content="x")), "posts", {EventKind.POST}),
    ("a reply", reply, "posts", {EventKind.POST, EventKind.COUNTS, EventKind.NOTIFICATION}),
    (
        "a deletion",
        lambda at: delete_post(at.post, at.author),
        "post_tombstones",
        {EventKind.POST_DELETED, EventKind.NOTIFICATION_GONE},
    ),
    ("a bookmark", lambda at: reactions.bookmark(at.fan, at.post), "bookmarks", {EventKind.COUNTS}),
    (
        "a retweet",
        lambda at: reactions.retweet(at.fan, at.post),
        "retweets",
        {EventKind.RETWEET, EventKind.COUNTS, EventKind.NOTIFICATION},
    ),
    (
        "a like taken back",
        lambda at: reactions.unlike(at.fan, at.post),
        "post_stats",
        {EventKind.COUNTS, EventKind.NOTIFICATION_GONE},
    ),
    ("a follow", lambda at: users.follow(at.fan, at.author), "follows", {EventKind.FOLLOW, EventKind.NOTIFICATION}),
    (
        "turning private",
        lambda at: users.change_profile(at.author, ProfileChange(private_account=True)),
        "users",
        {EventKind.PRIVACY_CHANGED, EventKind.USER_UPDATED},
    ),
    (
        "reading one",
        lambda at: notifications.mark_read(at.author, at.told),
        "notifications",
        {EventKind.NOTIFICATION_READ},
    ),
    (
        "reading all",
        lambda at: notifications.mark_all_read(at.author),
        "notifications",
        {EventKind.NOTIFICATION_READ},
    ),
    (
        "deleting one",
        lambda at: notifications.delete_notification(at.author, at.told),
        "notifications",
        {EventKind.NOTIFICATION_GONE},
    ),
    ("a log-out", lambda at: sessions.revoke(at.author), "auth_sessions", {EventKind.SESSION_REVOKED}),
    (
        "disabling",
        lambda at: administration.disable_user(at.author),
        "users",
        {EventKind.ACCOUNT_HIDDEN, EventKind.SESSION_REVOKED},
    ),
]


@pytest.mark.parametrize(("act", "table", "kinds"), [case[1:] for case in ACTS], ids=[case[0] for case in ACTS])
async def test_what_happened_and_its_events_were_written_by_one_transaction(
    act: Act, table: str, kinds: set[EventKind]
) -> None:
    scene = await Scene().set()
    before = await db.fetch_value("SELECT max(id) FROM event_outbox")
    await act(scene)
    events = await db.fetch("SELECT kind, xmin::text AS writer FROM event_outbox WHERE id > $1", before)
    writers = {event["writer"] for event in events}

    assert {event["kind"] for event in events} == kinds
    assert len(writers) == 1
    assert await db.fetch_value(f"SELECT EXISTS (SELECT FROM {table} WHERE xmin::text = $1)", *writers)


async def break_off(act: Act, scene: Scene) -> None:
    async with db.transaction():
        await act(scene)
        raise ZeroDivisionError


async def test_what_was_rolled_back_left_no_event() -> None:
    scene = await Scene().set()
    before = await db.fetch_value("SELECT count(*) FROM event_outbox")
    for act in (case[1] for case in ACTS):
        with pytest.raises(ZeroDivisionError):
            await break_off(act, scene)

    assert await db.fetch_value("SELECT count(*) FROM event_outbox") == before


async def test_an_unfollow_tells_in_its_transaction_too() -> None:
    scene = await Scene().set()
    await users.follow(scene.fan, scene.author)
    before = await db.fetch_value("SELECT max(id) FROM event_outbox")
    await users.unfollow(scene.fan, scene.author)
    events = await db.fetch("SELECT kind, xmin::text AS writer FROM event_outbox WHERE id > $1", before)

    assert {event["kind"] for event in events} == {EventKind.UNFOLLOW, EventKind.NOTIFICATION_GONE}
    assert {event["writer"] for event in events} == {
        await db.fetch_value("SELECT xmin::text FROM users WHERE id = $1", scene.fan)
    }
