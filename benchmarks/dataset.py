"""Fills an empty, migrated database: ``python -m benchmarks.dataset FOLDER [--posts 1000000]`` keeps it for ``benchmarks.queries``.

Sixty days of a network whose activity, popularity, words and metadata follow power laws. Rows are made as the application makes
them (``x18.posts.text``, ``x18.posts.metadata``), then copied; what follows from them is made by one statement a table.
"""

import argparse
import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import sql
from benchmarks.talk import COLUMNS, batches, post_rows, user_rows
from x18.core.ids import new_id
from x18.core.migrations import migrate
from x18.runtime.embedded import embedded_servers

SEED: Final = 18
BATCH: Final = 10_000
MIN_USERS: Final = 6_000
DEADLINE_S: Final = 3600

VIEWERS: Final = {"viewer_0": 0, "viewer_10": 10, "viewer_200": 200, "viewer_2000": 2_000, "viewer_5000": 5_000}
"""Users who follow so many, popular ones more likely."""

QUIET: Final = {"quiet_10": 10, "quiet_200": 200, "quiet_2000": 2_000}
"""Users who follow so many of those who seldom write: theirs are few among the newest entries."""


async def fill(database_url: str, posts: int) -> None:
    """Make the data set. The database must be empty and migrated; the role must be a superuser."""
    seed = random.Random(SEED)
    users = max(posts // 10, MIN_USERS)
    connection = await asyncpg.connect(database_url, server_settings=sql.LOADING)
    try:
        with _progress() as progress:
            dropped = await _drop_indexes(connection)
            authors = await _copy_users(connection, users, seed, progress)
            await _copy_posts(connection, posts, authors, seed, progress)
            await _derive(connection, posts, users, progress)
            for definition in progress.track(dropped, description="indexes"):
                await connection.execute(definition)
            for table in progress.track(sql.TABLES, description="vacuum"):
                await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()


def _progress() -> Progress:
    return Progress(TextColumn("{task.description:>20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


async def _drop_indexes(connection: asyncpg.Connection) -> list[str]:
    """Drop what no constraint needs; the statements that make it again."""
    rows = await connection.fetch(sql.INDEXES, sql.TABLES)
    for row in rows:
        await connection.execute(f"DROP INDEX {row['name']}")
    return [row["definition"] for row in rows]


async def _copy_users(
    connection: asyncpg.Connection, count: int, seed: random.Random, progress: Progress
) -> list[UUID]:
    """Users; the ids of those who write, the most active first."""
    task = progress.add_task("users", total=count)
    ids = []
    for batch in batches(user_rows(count, seed), BATCH):
        rows = [(new_id(), *row[:2], "", *row[2:]) for row in batch]
        ids += [row[0] for row in rows]
        columns = ["id", "username", "email", "password_hash", "display_name", "bio"]
        await connection.copy_records_to_table("users", records=rows, columns=columns)
        progress.advance(task, len(batch))
    await connection.execute(sql.NUMBERED)
    await connection.execute(sql.NUMBER_USERS, ids)
    for name in (*VIEWERS, *QUIET):
        await connection.execute(sql.ADD_VIEWER, new_id(), name)
    return ids


async def _copy_posts(
    connection: asyncpg.Connection, count: int, authors: list[UUID], seed: random.Random, progress: Progress
) -> None:
    task = progress.add_task("posts", total=count)
    for batch in batches(post_rows(count, authors, datetime.now(UTC), seed), BATCH):
        await connection.copy_records_to_table("posts", records=batch, columns=COLUMNS)
        progress.advance(task, len(batch))


async def _derive(connection: asyncpg.Connection, posts: int, users: int, progress: Progress) -> None:
    """Everything that follows from users and posts."""
    await connection.execute("SELECT setseed(0.18)")
    steps = sql.derived(posts, users)
    task = progress.add_task("", total=len(steps))
    for name, statement, args in steps:
        progress.update(task, description=name)
        await connection.execute(statement, *args)
        progress.advance(task)
    for names, order in ((VIEWERS, sql.POPULAR), (QUIET, sql.SELDOM)):
        for name, followees in names.items():
            await connection.execute(sql.FOLLOW.format(order=order), name, followees, users)
    for statement in sql.FINISH:
        await connection.execute(statement)


async def make(database_url: str, posts: int) -> None:
    """Migrate the database and fill it."""
    await migrate(database_url)
    async with asyncio.timeout(DEADLINE_S):
        await fill(database_url, posts)


def main() -> None:
    """Make the data set in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the embedded PostgreSQL keeps it")
    parser.add_argument("--posts", type=int, default=1_000_000)
    options = parser.parse_args()
    with embedded_servers(options.folder, postgres=True, redis=False) as servers:
        asyncio.run(make(str(servers.database_url), options.posts))


if __name__ == "__main__":
    main()
