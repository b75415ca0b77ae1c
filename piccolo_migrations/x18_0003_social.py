"""Notifications and monetization."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-24T00:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "social"

UP = """
CREATE TABLE notifications (
    id       uuid PRIMARY KEY,
    user_id  uuid     NOT NULL REFERENCES users ON DELETE CASCADE,
    actor_id uuid     NOT NULL REFERENCES users ON DELETE CASCADE,
    kind     smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    post_id  uuid     REFERENCES posts ON DELETE CASCADE,
    read_at  timestamptz
);
CREATE INDEX notifications_user   ON notifications (user_id, id DESC);
CREATE INDEX notifications_unread ON notifications (user_id, id DESC) WHERE read_at IS NULL;
CREATE INDEX notifications_post   ON notifications (post_id) WHERE post_id IS NOT NULL;
CREATE UNIQUE INDEX notifications_cause ON notifications (actor_id, kind, post_id, user_id) NULLS NOT DISTINCT;

CREATE TABLE subscriptions (
    id            uuid PRIMARY KEY,
    subscriber_id uuid          NOT NULL REFERENCES users ON DELETE CASCADE,
    author_id     uuid          NOT NULL REFERENCES users ON DELETE CASCADE,
    price         numeric(10,2) NOT NULL,
    status        varchar(16)   NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'cancelled', 'expired')),
    created_at    timestamptz   NOT NULL DEFAULT now(),
    expires_at    timestamptz   NOT NULL
);
CREATE UNIQUE INDEX subscriptions_pair ON subscriptions (subscriber_id, author_id);
CREATE INDEX subscriptions_author      ON subscriptions (author_id);

CREATE TABLE purchases (
    id         uuid PRIMARY KEY,
    user_id    uuid          NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    uuid          NOT NULL REFERENCES posts ON DELETE CASCADE,
    price      numeric(10,2) NOT NULL,
    created_at timestamptz   NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX purchases_pair ON purchases (user_id, post_id);
CREATE INDEX purchases_post        ON purchases (post_id);
"""

DOWN = "DROP TABLE purchases, subscriptions, notifications;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
