"""What the author's client called a post, for its own live connections."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000022"
VERSION = "1.38.0"
DESCRIPTION = "client ids"

UP = "ALTER TABLE posts ADD COLUMN client_id text;"
DOWN = "ALTER TABLE posts DROP COLUMN client_id;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
