"""The uses of hashtags in the order of their authors: one key for an author's uses and for the last use of one hashtag."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000021"
VERSION = "1.38.0"
DESCRIPTION = "uses by author"

# With the hashtag first, and an index of authors beside it, the planner took that one to find a single use among all of an author.
UP = """
ALTER TABLE hashtag_uses DROP CONSTRAINT hashtag_uses_pkey, ADD PRIMARY KEY (author_id, hashtag, hour);
DROP INDEX hashtag_uses_author;
"""

DOWN = """
ALTER TABLE hashtag_uses DROP CONSTRAINT hashtag_uses_pkey, ADD PRIMARY KEY (hashtag, author_id, hour);
CREATE INDEX hashtag_uses_author ON hashtag_uses (author_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
