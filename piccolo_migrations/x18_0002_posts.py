"""Posts, media, reactions, and the narrow tables of the hot reads."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-24T00:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "posts"

UP = """
CREATE TABLE posts (
    id            uuid PRIMARY KEY,
    author_id     uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    visibility    smallint    NOT NULL DEFAULT 0 CHECK (visibility BETWEEN 0 AND 2),
    content       text        NOT NULL,
    metadata      jsonb       NOT NULL DEFAULT '{}',
    category      text,
    market        text,
    terms         text[]      NOT NULL DEFAULT '{}',
    hashtags      text[]      NOT NULL DEFAULT '{}',
    mentions      text[]      NOT NULL DEFAULT '{}',
    media_count   smallint    NOT NULL DEFAULT 0,
    reply_to_id   uuid        REFERENCES posts ON DELETE SET NULL,
    root_post_id  uuid        REFERENCES posts ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX posts_author   ON posts (author_id, id DESC);
CREATE INDEX posts_public   ON posts (id DESC) WHERE visibility = 0;
CREATE INDEX posts_category ON posts (category, id DESC) WHERE visibility = 0;
CREATE INDEX posts_market   ON posts (market, id DESC) WHERE visibility = 0;
CREATE INDEX posts_terms    ON posts USING gin (terms);
CREATE INDEX posts_replies  ON posts (reply_to_id, id) WHERE reply_to_id IS NOT NULL;
CREATE INDEX posts_root     ON posts (root_post_id) WHERE root_post_id IS NOT NULL;

-- Only the primary key: every update of a counter stays HOT.
CREATE TABLE post_stats (
    post_id         uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    likes_count     int NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    retweets_count  int NOT NULL DEFAULT 0 CHECK (retweets_count >= 0),
    replies_count   int NOT NULL DEFAULT 0 CHECK (replies_count >= 0),
    bookmarks_count int NOT NULL DEFAULT 0 CHECK (bookmarks_count >= 0)
) WITH (fillfactor = 80);

-- A table of its own: an index over an expression would parse the text again at every recheck.
CREATE TABLE post_fts (
    post_id uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    fts     tsvector NOT NULL
);
CREATE INDEX post_fts_words ON post_fts USING gin (fts);

-- Home reads nothing but indexes of this table, so it must be vacuumed also when rows are only added.
CREATE TABLE feed_entries (
    id         uuid     NOT NULL,
    actor_id   uuid     NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    uuid     NOT NULL REFERENCES posts ON DELETE CASCADE,
    visibility smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (id) INCLUDE (actor_id, post_id, visibility)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE UNIQUE INDEX feed_entries_actor ON feed_entries (actor_id, id DESC) INCLUDE (post_id, visibility);
CREATE INDEX feed_entries_post         ON feed_entries (post_id);

CREATE TABLE likes (
    id         uuid PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    uuid        NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX likes_pair ON likes (user_id, post_id);
CREATE INDEX likes_post        ON likes (post_id);

CREATE TABLE retweets (
    id         uuid PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    uuid        NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX retweets_pair ON retweets (user_id, post_id);
CREATE INDEX retweets_post        ON retweets (post_id, id DESC) INCLUDE (user_id);

CREATE TABLE bookmarks (
    id         uuid PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    uuid        NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX bookmarks_pair ON bookmarks (user_id, post_id);
CREATE INDEX bookmarks_user        ON bookmarks (user_id, id DESC) INCLUDE (post_id);
CREATE INDEX bookmarks_post        ON bookmarks (post_id);

CREATE TABLE media (
    id             uuid PRIMARY KEY,
    user_id        uuid         NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id        uuid         REFERENCES posts ON DELETE SET NULL,
    position       smallint     NOT NULL DEFAULT 0,
    type           varchar(8)   NOT NULL CHECK (type IN ('image', 'gif', 'video')),
    mime_type      varchar(64)  NOT NULL,
    file_name      varchar(128) NOT NULL,
    thumbnail_name varchar(128),
    alt_text       text         NOT NULL DEFAULT '',
    width          int,
    height         int,
    duration_ms    int,
    size_bytes     bigint       NOT NULL,
    blurhash       varchar(64),
    status         varchar(16)  NOT NULL DEFAULT 'ready' CHECK (status IN ('processing', 'ready', 'failed')),
    created_at     timestamptz  NOT NULL DEFAULT now()
);
CREATE INDEX media_user ON media (user_id, id DESC);
CREATE INDEX media_post ON media (post_id, position) WHERE post_id IS NOT NULL;

CREATE TABLE post_tombstones (
    post_id       uuid PRIMARY KEY,
    author_id     uuid        NOT NULL,
    level         smallint    NOT NULL,
    terms         text[]      NOT NULL DEFAULT '{}',
    has_media     boolean     NOT NULL DEFAULT false,
    retweeter_ids uuid[]      NOT NULL DEFAULT '{}',
    deleted_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX post_tombstones_deleted ON post_tombstones (deleted_at);

CREATE TABLE idempotency_keys (
    id          uuid PRIMARY KEY,
    user_id     uuid         NOT NULL REFERENCES users ON DELETE CASCADE,
    key         varchar(255) NOT NULL,
    fingerprint bytea        NOT NULL,
    status      smallint,
    body        bytea,
    created_at  timestamptz  NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idempotency_keys_user ON idempotency_keys (user_id, key);
CREATE INDEX idempotency_keys_created     ON idempotency_keys (created_at);
"""

DOWN = """
DROP TABLE idempotency_keys, post_tombstones, media, bookmarks, retweets, likes, feed_entries, post_fts, post_stats, posts;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
