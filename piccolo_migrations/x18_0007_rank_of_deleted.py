"""What a deleted post's rank was, so that a page of trending that ended at it goes on from there."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-27T00:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "rank of deleted posts"

UP = "ALTER TABLE post_tombstones ADD COLUMN score integer NOT NULL DEFAULT 0;"

DOWN = "ALTER TABLE post_tombstones DROP COLUMN score;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
