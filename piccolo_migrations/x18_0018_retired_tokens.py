"""The refresh tokens of a session that were good in the last seconds, as many as there were and not only the one before."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000018"
VERSION = "1.38.0"
DESCRIPTION = "retired tokens"

# What was before is taken over: a page may be waiting for its answer while this runs.
UP = """
ALTER TABLE auth_sessions ADD COLUMN retired jsonb NOT NULL DEFAULT '{}';
UPDATE auth_sessions SET retired = jsonb_build_object(encode(previous_token_hash, 'hex'), extract(epoch FROM rotated_at))
WHERE previous_token_hash IS NOT NULL AND rotated_at > now() - interval '1 minute';
ALTER TABLE auth_sessions DROP COLUMN previous_token_hash, DROP COLUMN rotated_at;
"""

DOWN = """
ALTER TABLE auth_sessions ADD COLUMN previous_token_hash bytea, ADD COLUMN rotated_at timestamptz;
ALTER TABLE auth_sessions DROP COLUMN retired;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
