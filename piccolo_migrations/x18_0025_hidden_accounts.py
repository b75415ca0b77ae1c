"""An index of the accounts that not everybody sees, which are left out of what is counted of all."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000025"
VERSION = "1.38.0"
DESCRIPTION = "hidden accounts"

UP = "CREATE INDEX users_hidden ON users (id) WHERE private_account OR disabled_at IS NOT NULL;"
DOWN = "DROP INDEX users_hidden;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
