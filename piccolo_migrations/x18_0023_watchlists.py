"""The symbols that a user watches."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000023"
VERSION = "1.38.0"
DESCRIPTION = "watchlists"

UP = """
CREATE TABLE watchlists (
    user_id    uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    symbols    text[]      NOT NULL CHECK (cardinality(symbols) <= 100),
    updated_at timestamptz NOT NULL DEFAULT now()
);
"""

DOWN = "DROP TABLE watchlists;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
