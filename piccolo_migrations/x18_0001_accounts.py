"""Accounts, sessions, follows."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-24T00:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "accounts"

UP = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE users (
    id                  uuid PRIMARY KEY,
    username            varchar(50)   NOT NULL CHECK (username ~ '^[A-Za-z0-9_]{3,50}$'),
    email               varchar(254)  NOT NULL,
    password_hash       varchar(60)   NOT NULL,
    display_name        varchar(100)  NOT NULL,
    bio                 text          NOT NULL DEFAULT '',
    location            varchar(100)  NOT NULL DEFAULT '',
    website             varchar(2048) NOT NULL DEFAULT '',
    avatar_url          varchar(2048) NOT NULL DEFAULT '',
    header_url          varchar(2048) NOT NULL DEFAULT '',
    verified            boolean       NOT NULL DEFAULT false,
    is_admin            boolean       NOT NULL DEFAULT false,
    private_account     boolean       NOT NULL DEFAULT false,
    subscription_price  numeric(10,2) NOT NULL DEFAULT 0 CHECK (subscription_price >= 0),
    followers_count     int           NOT NULL DEFAULT 0 CHECK (followers_count >= 0),
    following_count     int           NOT NULL DEFAULT 0 CHECK (following_count >= 0),
    posts_count         int           NOT NULL DEFAULT 0 CHECK (posts_count >= 0),
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    last_active_at      timestamptz   NOT NULL DEFAULT now(),
    disabled_at         timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX users_username ON users (lower(username));
CREATE UNIQUE INDEX users_email    ON users (lower(email));
CREATE INDEX users_username_prefix ON users (lower(username) text_pattern_ops);
CREATE INDEX users_name_prefix     ON users (lower(display_name) text_pattern_ops);
CREATE INDEX users_trigrams        ON users USING gin ((lower(username) || ' ' || lower(display_name)) gin_trgm_ops);
CREATE INDEX users_bio             ON users USING gin (to_tsvector('simple'::regconfig, bio));

CREATE TABLE auth_sessions (
    id                 uuid PRIMARY KEY,
    user_id            uuid         NOT NULL REFERENCES users ON DELETE CASCADE,
    refresh_token_hash bytea        NOT NULL,
    family_id          uuid         NOT NULL,
    user_agent         varchar(512) NOT NULL DEFAULT '',
    ip                 varchar(45)  NOT NULL DEFAULT '',
    created_at         timestamptz  NOT NULL DEFAULT now(),
    last_used_at       timestamptz  NOT NULL DEFAULT now(),
    rotated_at         timestamptz,
    expires_at         timestamptz  NOT NULL,
    revoked_at         timestamptz
) WITH (fillfactor = 80);
CREATE INDEX auth_sessions_user    ON auth_sessions (user_id);
CREATE INDEX auth_sessions_expires ON auth_sessions (expires_at);

CREATE TABLE follows (
    id          uuid PRIMARY KEY,
    follower_id uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    followee_id uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (follower_id <> followee_id)
);
CREATE UNIQUE INDEX follows_pair   ON follows (follower_id, followee_id);
CREATE INDEX follows_followers     ON follows (followee_id, id DESC) INCLUDE (follower_id);
CREATE INDEX follows_following     ON follows (follower_id, id DESC) INCLUDE (followee_id);
"""

DOWN = "DROP TABLE follows, auth_sessions, users;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
