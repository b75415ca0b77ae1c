"""Brings a database up to date, also when several nodes start at once."""

import contextlib
import importlib
import io
import sys
from typing import TYPE_CHECKING

import asyncpg

from x18.tables import ROOT
from x18.tables.engine import DB

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

LOCK_KEY = 7717
"""Advisory lock held while migrating, so that nodes that start together take turns."""


class MigrationFailed(Exception):
    """A migration did not run; the database is as it was."""


def sql_migration(migration_id: str, description: str, up: str, down: str) -> "MigrationManager":
    """A migration of plain SQL scripts, each run in the migration's transaction."""
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

    manager = MigrationManager(migration_id=migration_id, app_name="x18", description=description)

    async def forwards() -> None:
        await _run_script(up)

    async def backwards() -> None:
        await _run_script(down)

    manager.add_raw(forwards)
    manager.add_raw_backwards(backwards)
    return manager


async def _run_script(sql: str) -> None:
    transaction = DB.current_transaction.get()
    assert transaction is not None, "migrations run inside a transaction"
    await transaction.connection.execute(sql)


async def migrate(database_url: str) -> int:
    """Run the migrations that the database has not seen, all or none. How many those were.

    Raises:
        MigrationFailed: with what Piccolo said.
    """
    DB.config = {"dsn": database_url}
    # One transaction around all: Piccolo's inner ones join it, and the lock ends with it.
    async with DB.transaction() as transaction:
        connection = transaction.connection
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK_KEY)
        before = await _count_done(connection)
        if await list_pending(connection):
            await _run_pending()
        after = await _count_done(connection)
    return after - before


async def _run_pending() -> None:
    """By Piccolo. It is imported here: most starts have nothing to do, and it takes a quarter of a second."""
    from piccolo.apps.migrations.commands.forwards import run_forwards

    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))  # Piccolo imports ``piccolo_conf`` and the migrations as top-level modules
    importlib.import_module("piccolo_conf")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        result = await run_forwards("all")
    if not result.success:
        raise MigrationFailed(result.message or said.getvalue())


async def list_pending(connection: asyncpg.Connection) -> list[str]:
    """The migrations that the database has not seen."""
    known = sorted(path.stem for path in (ROOT / "piccolo_migrations").glob("x18_*.py"))
    return known[await _count_done(connection) :]


async def _count_done(connection: asyncpg.Connection) -> int:
    if await connection.fetchval("SELECT to_regclass('migration')") is None:
        return 0
    count: int = await connection.fetchval("SELECT count(*) FROM migration WHERE app_name = 'x18'")
    return count
