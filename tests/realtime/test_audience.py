"""The rule in Python and the rule in SQL are one."""

from datetime import timedelta
from itertools import product

import asyncpg

from x18.realtime.audience import (
    ACCOUNT_LEVEL,
    LEVEL,
    WIDEST,
    Level,
    is_enabled,
    level_of,
    may_see,
    visible,
    visible_to_followers,
    widest_level,
)

STORED = (Level.PUBLIC, Level.FOLLOWERS, Level.PRIVATE)
AUTHOR = "00000000-0000-0000-0000-000000000001"
ROWS = f"""
    u AS (SELECT '{AUTHOR}'::uuid AS id, $2::bool AS private_account, CASE WHEN $3::bool THEN now() END AS disabled_at),
    p AS (SELECT $1::smallint AS visibility),
    follows AS (SELECT '00000000-0000-0000-0000-000000000002'::uuid AS follower_id, u.id AS followee_id FROM u)"""


async def test_sql_and_python_agree_in_every_case(database: asyncpg.Pool) -> None:
    viewers = ("author", "follower", "stranger", None)
    sql = f"WITH {ROWS} SELECT {visible('$4')} AS seen, {LEVEL} AS level, {ACCOUNT_LEVEL} AS account FROM p, u"
    ids = {"author": 1, "follower": 2, "stranger": 3}
    for visibility, is_private, is_disabled, viewer in product(STORED, (False, True), (False, True), viewers):
        viewer_id = f"00000000-0000-0000-0000-{ids[viewer]:012}" if viewer else None
        in_sql = await database.fetchrow(sql, visibility, is_private, is_disabled, viewer_id)
        level = level_of(visibility, is_private, is_disabled)
        in_python = may_see(level, is_author=viewer == "author", follows_author=viewer == "follower")
        assert (bool(in_sql["seen"]), in_sql["level"]) == (in_python, level), (
            visibility,
            is_private,
            is_disabled,
            viewer,
        )
        assert in_sql["account"] == level_of(Level.PUBLIC, is_private, is_disabled)
        assert not (is_disabled and in_python)


async def test_what_followers_may_see_needs_no_look_at_the_account(database: asyncpg.Pool) -> None:
    sql = f"""SELECT {visible_to_followers("$2")} FROM (SELECT $1::smallint AS visibility, '{AUTHOR}'::uuid AS actor_id) e"""
    for visibility, is_private, is_author in product(STORED, (False, True), (False, True)):
        viewer_id = f"00000000-0000-0000-0000-{1 if is_author else 2:012}"
        in_sql = await database.fetchval(sql, visibility, viewer_id)
        assert in_sql is may_see(level_of(visibility, is_private), is_author=is_author, follows_author=not is_author), (
            visibility,
            is_private,
            is_author,
        )


async def test_the_accounts_that_home_leaves_out_are_those_of_which_nobody_sees_anything(
    database: asyncpg.Pool,
) -> None:
    sql = f"""WITH users AS (SELECT '{AUTHOR}'::uuid AS id, CASE WHEN $1::bool THEN now() END AS disabled_at)
              SELECT {is_enabled("f.followee_id")} FROM (SELECT '{AUTHOR}'::uuid AS followee_id) f"""
    for is_disabled in (False, True):
        level = level_of(Level.PUBLIC, False, is_disabled)
        assert await database.fetchval(sql, is_disabled) is may_see(level, is_author=True, follows_author=True)


async def test_the_widest_level_is_the_same_in_sql(database: asyncpg.Pool) -> None:
    sql = f"""WITH u AS (SELECT $2::bool AS private_account, now() + $3::interval AS public_until),
                   p AS (SELECT $1::smallint AS visibility, now() AS created_at, $4::bool AS in_trends) SELECT {WIDEST} FROM p, u"""
    hour = timedelta(hours=1)
    for visibility, is_private, since, in_trends in product(STORED, (False, True), (None, -hour, hour), (False, True)):
        was_public = in_trends or not is_private or since == hour
        in_sql = await database.fetchval(sql, visibility, is_private, since, in_trends)
        assert in_sql == widest_level(visibility, was_public=was_public), (visibility, is_private, since, in_trends)
