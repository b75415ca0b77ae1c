"""Posts in Chinese and Japanese are indexed character by character, as ``x18/posts/words.py`` does since."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-27T00:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "words without space between them"

UNSPACED = (
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd]"
)

UP = rf"""
UPDATE post_fts f SET fts = to_tsvector('simple', regexp_replace(lower(p.content), '({UNSPACED})', ' \1 ', 'g'))
FROM posts p WHERE p.id = f.post_id AND p.content ~ '{UNSPACED}';
"""

DOWN = rf"""
UPDATE post_fts f SET fts = to_tsvector('simple', lower(p.content)) FROM posts p WHERE p.id = f.post_id AND p.content ~ '{UNSPACED}';
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
