"""Uses of symbols: those of posts from before are counted when the table is made, and none twice."""

import importlib.util
from pathlib import Path
from types import ModuleType

from tests.databases import own_pool
from x18.core import db
from x18.realtime.events import EventKind
from x18.runtime.embedded import Servers
from x18.search.hashtags import roll_up

MIGRATION = Path(__file__).parents[2] / "piccolo_migrations" / "x18_0024_symbol_uses.py"

POST = """
    INSERT INTO posts (id, author_id, content, terms, in_trends, created_at)
    SELECT order_id(1), u.id, $1, ARRAY['c:crypto', 's:BTC', 's:' || $1], $2, now() - $3 * interval '1 day' FROM users u RETURNING id"""


def load_migration() -> ModuleType:
    spec = importlib.util.spec_from_file_location("symbol_uses", MIGRATION)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def count(symbol: str) -> int:
    total: int = await db.fetch_value("SELECT COALESCE(sum(posts), 0)::int FROM symbol_uses WHERE symbol = $1", symbol)
    return total


async def test_posts_from_before_are_counted_once_and_only_those_that_count(servers: Servers) -> None:
    migration = load_migration()
    async with own_pool(servers):
        await db.execute(
            "INSERT INTO users (id, username, email, password_hash, display_name) VALUES (gen_random_uuid(), 'ann', 'a@x.example', '', 'Ann')"
        )
        posts = {}
        for symbol, in_trends, age in (
            ("COUNTED", True, 2),
            ("HIDDEN", False, 2),
            ("OLD", True, 40),
            ("LOGGED", True, 0),
            ("WAITING", True, 0),
        ):
            posts[symbol] = await db.fetch_value(POST, symbol, in_trends, age)
        author = await db.fetch_value("SELECT id FROM users")
        await db.execute(
            "INSERT INTO event_log (seq, kind, actor_id, object_id, created_at) VALUES (1, $1, $2, $3, now())",
            EventKind.POST,
            author,
            posts["LOGGED"],
        )
        await db.execute(
            "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES ($1, $2, $3)",
            EventKind.POST,
            author,
            posts["WAITING"],
        )
        # What moved a counter of a post is no reason to leave the post out.
        await db.execute(
            "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES ($1, $2, $3)",
            EventKind.COUNTS,
            author,
            posts["COUNTED"],
        )
        async with db.transaction() as connection:
            await connection.execute(migration.DOWN)
            await connection.execute(migration.UP)
        assert [await count(symbol) for symbol in (*posts, "BTC")] == [1, 0, 0, 0, 0, 1]

        await db.execute("UPDATE event_state SET head = 1")
        assert await roll_up() == 1

        assert [await count(symbol) for symbol in (*posts, "BTC")] == [1, 0, 0, 1, 0, 2]
