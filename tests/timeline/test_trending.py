"""Trending in a window that has more posts with reactions than are ranked."""

from contextlib import aclosing
from pathlib import Path

import asyncpg
import httpx

from tests.conftest import register
from tests.databases import new_database
from tests.server import make_server
from x18.core import db
from x18.core.ids import new_id
from x18.core.paging import Page
from x18.runtime.embedded import Servers
from x18.timeline.filters import Filters
from x18.timeline.trending import RANKED, show_trending

LIKED = """
    WITH liked AS (
        INSERT INTO posts (id, author_id, visibility, content, terms)
        SELECT id, $1, 0, 'liked', '{c:other}' FROM unnest($2::uuid[]) id RETURNING id)
    INSERT INTO post_stats (post_id, likes_count) SELECT id, 5 FROM liked"""

UNLIKED = """
    WITH made AS (INSERT INTO posts (id, author_id, content) SELECT id, $1, '' FROM unnest($2::uuid[]) id RETURNING id)
    INSERT INTO post_stats (post_id) SELECT id FROM made"""

ACCOUNTS = """
    INSERT INTO users (id, username, email, password_hash, display_name, private_account)
    SELECT id, 'user_' || n, n || '@example.com', '', '', n = 2 FROM unnest($1::uuid[]) WITH ORDINALITY u (id, n)"""


async def test_a_filter_finds_what_the_ranking_has_no_room_for(servers: Servers, tmp_path: Path) -> None:
    async with new_database(servers) as url:
        server = make_server(url, str(servers.redis_url), tmp_path)
        await server.start()
        try:
            author = await register(server.url, "author")
            async with aclosing(author.client) as client:
                wanted = [
                    (await client.post("/api/posts", json={"content": "x", "metadata": {"category": "rare"}})).json()[
                        "id"
                    ]
                    for _ in range(3)
                ]
                async with aclosing((await register(server.url, "fan")).client) as fan:
                    await fan.post(f"/api/posts/{wanted[1]}/like")
                database = await asyncpg.connect(url)
                await database.execute(LIKED, author.id, [new_id() for _ in range(RANKED + 5)])
                await database.close()
                first = (await read(client, limit="2")).json()
                second = (await read(client, limit="2", before=first["next_cursor"])).json()
                everything = (await client.get("/api/timeline/trending", params={"limit": 1, "count": "true"})).json()
        finally:
            assert server.stop() == 0, server.read_log()
            server.listener.close()

    assert everything["posts"][0]["content"] == "liked"
    assert everything["total"] == RANKED, "it ends there"
    assert [post["id"] for page in (first, second) for post in page["posts"]] == [wanted[1], wanted[2], wanted[0]]
    assert (first["total"], second["next_cursor"]) == (3, None)


async def test_posts_without_a_reaction_of_an_account_that_turned_private_leave_no_hole(servers: Servers) -> None:
    async with new_database(servers) as url:
        connection = await db.connect(url)
        try:
            users = [new_id(), new_id()]
            await connection.execute(ACCOUNTS, users)
            posts = [new_id() for _ in range(6)]
            for author, some in zip(users, (posts[:3], posts[3:]), strict=True):
                await connection.execute(UNLIKED, author, some)
            async with db.using(connection):
                shown = await show_trending(None, Page(limit=3), Filters(), "1h")
        finally:
            await connection.close()

    assert [post.id for post in shown.posts] == posts[2::-1]


async def read(client: httpx.AsyncClient, **query: str) -> httpx.Response:
    """A page of the filtered list."""
    return await client.get("/api/timeline/trending", params={"category": "rare", "count": "true", **query})
