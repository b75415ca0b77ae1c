"""Of which changed profiles was told lately, and of which it is to be told again."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000020"
VERSION = "1.38.0"
DESCRIPTION = "told profiles"

# Holds what was changed in the last seconds, so it needs no further index.
UP = """
CREATE TABLE told_profiles (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    told_at timestamptz NOT NULL DEFAULT now(),
    is_due  boolean NOT NULL DEFAULT false
);
"""

DOWN = "DROP TABLE told_profiles;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
