"""Tickets that were used, so that they are not used again."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-25T00:00:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "used tickets"

UP = "CREATE TABLE used_tickets (id uuid PRIMARY KEY, expires_at timestamptz NOT NULL);"

DOWN = "DROP TABLE used_tickets;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
