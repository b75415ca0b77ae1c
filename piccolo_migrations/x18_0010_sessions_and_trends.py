"""The refresh token before the present one; which posts count in trends; an index for where somebody logged in."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-27T00:00:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "sessions and trends"

UP = """
ALTER TABLE auth_sessions ADD COLUMN previous_token_hash bytea;
DROP INDEX auth_sessions_user;
CREATE INDEX auth_sessions_user ON auth_sessions (user_id, ip);

ALTER TABLE posts ADD COLUMN in_trends boolean NOT NULL DEFAULT true;
UPDATE posts p SET in_trends = false FROM users u WHERE u.id = p.author_id AND (u.private_account OR p.visibility > 0);
ALTER TABLE post_tombstones ADD COLUMN in_trends boolean NOT NULL DEFAULT true;
UPDATE post_tombstones t SET in_trends = false FROM users u WHERE u.id = t.author_id AND (u.private_account OR t.level > 0);

ALTER TABLE idempotency_keys DROP COLUMN status;
"""

DOWN = """
ALTER TABLE idempotency_keys ADD COLUMN status smallint;
ALTER TABLE post_tombstones DROP COLUMN in_trends;
ALTER TABLE posts DROP COLUMN in_trends;
DROP INDEX auth_sessions_user;
CREATE INDEX auth_sessions_user ON auth_sessions (user_id);
ALTER TABLE auth_sessions DROP COLUMN previous_token_hash;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
