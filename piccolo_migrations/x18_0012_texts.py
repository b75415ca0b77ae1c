"""Texts are compared in one form: what is needed to read old posts and names anew, which the server then does beside serving.

Reading a million posts takes half an hour, so it is not done here: ``x18/posts/reading.py`` does it in batches, the newest first.
Until a row is read it is found by what the new forms left as it was: words and tags of plain letters. What is small is folded at once:
counted hours and tombstones. The new columns rewrite nothing; building the indexes holds up writes to users and posts, for some
seconds with a hundred thousand users and a million posts.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration
from x18.realtime.terms import NAMES, term
from x18.tables.engine import DB

ID = "2026-11-30T00:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "texts in one form"

UP = """
ALTER TABLE post_fts ADD COLUMN version smallint NOT NULL DEFAULT 0;
CREATE INDEX post_fts_unread ON post_fts (post_id) WHERE version < 1;

ALTER TABLE users ADD COLUMN folded_name text, ADD COLUMN words text;
CREATE INDEX users_unread ON users (id) WHERE folded_name IS NULL;
DROP INDEX users_name_prefix, users_trigrams, users_bio;
CREATE INDEX users_name_prefix ON users (COALESCE(folded_name, lower(display_name)) text_pattern_ops);
CREATE INDEX users_trigrams    ON users USING gin ((lower(username) || ' ' || COALESCE(folded_name, lower(display_name))) gin_trgm_ops);
CREATE INDEX users_words       ON users USING gin (COALESCE(words::tsvector, to_tsvector('simple'::regconfig, bio)));
"""

DOWN = """
DROP INDEX users_name_prefix, users_trigrams, users_words;
CREATE INDEX users_name_prefix ON users (lower(display_name) text_pattern_ops);
CREATE INDEX users_trigrams    ON users USING gin ((lower(username) || ' ' || lower(display_name)) gin_trgm_ops);
CREATE INDEX users_bio         ON users USING gin (to_tsvector('simple'::regconfig, bio));
ALTER TABLE users DROP COLUMN folded_name, DROP COLUMN words;
ALTER TABLE post_fts DROP COLUMN version;
UPDATE post_fts f SET fts = to_tsvector('simple', lower(p.content)) FROM posts p WHERE p.id = f.post_id;
"""


async def forwards() -> MigrationManager:
    manager = sql_migration(ID, DESCRIPTION, UP, DOWN)
    manager.add_raw(fold_what_is_small)
    return manager


async def fold_what_is_small() -> None:
    """The hours of trending hashtags (31 days) and the terms of tombstones (as long as the log)."""
    transaction = DB.current_transaction.get()
    assert transaction is not None, "migrations run inside a transaction"
    connection = transaction.connection
    hours = await connection.fetch("SELECT hour, hashtag, posts FROM hashtag_hours WHERE hashtag ~ '[^ -~]'")
    folded = [(row, term("hashtag", row["hashtag"])[2:]) for row in hours]
    changed = [(row, tag) for row, tag in folded if tag != row["hashtag"]]
    await connection.executemany(
        "DELETE FROM hashtag_hours WHERE hour = $1 AND hashtag = $2",
        [(row["hour"], row["hashtag"]) for row, _ in changed],
    )
    await connection.executemany(
        """INSERT INTO hashtag_hours AS h (hour, hashtag, posts) VALUES ($1, $2, $3)
           ON CONFLICT (hour, hashtag) DO UPDATE SET posts = h.posts + EXCLUDED.posts""",
        [(row["hour"], tag, row["posts"]) for row, tag in changed if tag],
    )
    stones = await connection.fetch("SELECT post_id, terms FROM post_tombstones WHERE terms::text ~ '[^ -~]|:[#$]'")
    await connection.executemany(
        "UPDATE post_tombstones SET terms = $2 WHERE post_id = $1",
        [(row["post_id"], [term(NAMES[old[:2]], old[2:]) for old in row["terms"]]) for row in stones],
    )
