"""Deletions of posts in the log, for the replay of a few users' posts: they are read whoever deleted."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-27T00:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "index of deletions"

UP = "CREATE INDEX event_log_deletions ON event_log (seq) WHERE kind = 2;"

DOWN = "DROP INDEX event_log_deletions;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
