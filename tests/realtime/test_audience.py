"""The rule in Python and the rule in SQL are one."""

from itertools import product

import asyncpg

from x18.realtime.audience import Level, level_of, may_see, visible, visible_to_followers


async def test_sql_and_python_agree_in_every_case(database: asyncpg.Pool) -> None:
    viewers = ("author", "follower", "stranger", None)
    sql = f"""
        WITH u AS (SELECT '00000000-0000-0000-0000-000000000001'::uuid AS id, $2::bool AS private_account),
             p AS (SELECT $1::smallint AS visibility),
             follows AS (SELECT '00000000-0000-0000-0000-000000000002'::uuid AS follower_id, u.id AS followee_id FROM u)
        SELECT {visible("$3")} FROM p, u"""
    ids = {"author": 1, "follower": 2, "stranger": 3}
    for visibility, is_private, viewer in product(Level, (False, True), viewers):
        viewer_id = f"00000000-0000-0000-0000-{ids[viewer]:012}" if viewer else None
        in_sql = await database.fetchval(sql, visibility, is_private, viewer_id)
        in_python = may_see(
            level_of(visibility, is_private), is_author=viewer == "author", follows_author=viewer == "follower"
        )
        assert bool(in_sql) is in_python, (visibility, is_private, viewer)


async def test_what_followers_may_see_needs_no_look_at_the_account(database: asyncpg.Pool) -> None:
    sql = f"""SELECT {visible_to_followers("$2")} FROM (
                  SELECT $1::smallint AS visibility, '00000000-0000-0000-0000-000000000001'::uuid AS actor_id) e"""
    for visibility, is_private, is_author in product(Level, (False, True), (False, True)):
        viewer_id = f"00000000-0000-0000-0000-{1 if is_author else 2:012}"
        in_sql = await database.fetchval(sql, visibility, viewer_id)
        assert in_sql is may_see(level_of(visibility, is_private), is_author=is_author, follows_author=not is_author), (
            visibility,
            is_private,
            is_author,
        )
