"""Hashtags rolled up by the hour, for trending."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-24T00:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "hashtags"

UP = """
CREATE TABLE hashtag_hours (
    hour    timestamptz NOT NULL,
    hashtag text        NOT NULL,
    posts   int         NOT NULL CHECK (posts >= 0),
    PRIMARY KEY (hour, hashtag)
) WITH (fillfactor = 80);

-- Up to which event of the log the hours are counted.
CREATE TABLE hashtag_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL
);
INSERT INTO hashtag_state (seq) SELECT floor FROM event_state;
"""

DOWN = "DROP TABLE hashtag_state, hashtag_hours;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
