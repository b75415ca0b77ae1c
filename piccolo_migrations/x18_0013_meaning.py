"""What counts and who may see: disabled accounts, deletions, mentions by id, people instead of posts in trends, what was told."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration
from x18.realtime.terms import term
from x18.tables.engine import DB

ID = "2026-11-30T00:00:00:000013"
VERSION = "1.38.0"
DESCRIPTION = "visibility, counters, mentions, trends"

DELETIONS = """
-- When an account last stopped being public: what was written before then was for everybody once.
ALTER TABLE users ADD COLUMN public_until timestamptz;
UPDATE users u SET public_until = w.newest + interval '2 milliseconds'
FROM (SELECT author_id, max(created_at) AS newest FROM posts WHERE in_trends GROUP BY author_id) w
WHERE w.author_id = u.id AND u.private_account;

ALTER TABLE post_tombstones ADD COLUMN private_retweeter_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE post_tombstones SET level = 1 WHERE level = 0 AND NOT in_trends;
UPDATE post_tombstones SET private_retweeter_ids = ARRAY(
    SELECT id FROM users WHERE id = ANY(retweeter_ids) AND private_account) WHERE retweeter_ids <> '{}';

-- Who could have had a retweet that was undone. An event of the log names the row here; before, it named the post.
CREATE TABLE retweet_tombstones (
    id        uuid PRIMARY KEY,
    post_id   uuid        NOT NULL,
    level     smallint    NOT NULL,
    undone_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX retweet_tombstones_undone ON retweet_tombstones (undone_at);
CREATE TEMP TABLE undone ON COMMIT DROP AS
    SELECT 'log' AS source, seq AS place, actor_id, object_id, gen_random_uuid() AS id FROM event_log WHERE kind = 4
    UNION ALL SELECT 'outbox', id, actor_id, object_id, gen_random_uuid() FROM event_outbox WHERE kind = 4;
INSERT INTO retweet_tombstones (id, post_id, level)
    SELECT o.id, o.object_id, u.private_account::int FROM undone o JOIN users u ON u.id = o.actor_id;
UPDATE event_log e SET object_id = o.id FROM undone o WHERE o.source = 'log' AND o.place = e.seq;
UPDATE event_outbox e SET object_id = o.id FROM undone o WHERE o.source = 'outbox' AND o.place = e.id;
"""

POSTS = """
-- A reply stays a reply when what it answers is gone, and a thread holds together without its first post.
ALTER TABLE posts DROP CONSTRAINT posts_reply_to_id_fkey, DROP CONSTRAINT posts_root_post_id_fkey;
DROP INDEX posts_root;

-- json keeps the text: numbers with all their digits, keys in their order.
ALTER TABLE posts ALTER COLUMN metadata DROP DEFAULT, ALTER COLUMN metadata TYPE json USING metadata::json,
    ALTER COLUMN metadata SET DEFAULT '{}';

ALTER TABLE posts ADD COLUMN mention_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE posts p SET mention_ids = ARRAY(
    SELECT u.id FROM unnest(p.mentions) WITH ORDINALITY m (name, place) JOIN users u ON lower(u.username) = lower(m.name) ORDER BY m.place)
WHERE p.mentions <> '{}';
ALTER TABLE posts DROP COLUMN mentions;

CREATE TABLE former_usernames (
    name     varchar(50) PRIMARY KEY,
    user_id  uuid        NOT NULL,
    freed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_usernames_user ON former_usernames (user_id);

-- Home asks for newer entries of the same post.
DROP INDEX feed_entries_post;
CREATE INDEX feed_entries_post ON feed_entries (post_id, id DESC) INCLUDE (actor_id);
"""

COUNTERS = """
-- One counter for each level of visibility: what a viewer may see can be added up.
ALTER TABLE users ADD COLUMN follower_posts_count int NOT NULL DEFAULT 0 CHECK (follower_posts_count >= 0),
    ADD COLUMN private_posts_count int NOT NULL DEFAULT 0 CHECK (private_posts_count >= 0);
UPDATE users u SET posts_count = c.public, follower_posts_count = c.followers, private_posts_count = c.private
FROM (SELECT author_id AS id, count(*) FILTER (WHERE visibility = 0) AS public, count(*) FILTER (WHERE visibility = 1) AS followers,
             count(*) FILTER (WHERE visibility = 2) AS private FROM posts GROUP BY 1) c
WHERE c.id = u.id;
UPDATE users u SET followers_count = c.n
FROM (SELECT f.followee_id AS id, count(*) FILTER (WHERE x.disabled_at IS NULL) AS n
      FROM follows f JOIN users x ON x.id = f.follower_id GROUP BY 1) c
WHERE c.id = u.id AND c.n <> u.followers_count;
UPDATE users u SET following_count = c.n
FROM (SELECT f.follower_id AS id, count(*) FILTER (WHERE x.disabled_at IS NULL) AS n
      FROM follows f JOIN users x ON x.id = f.followee_id GROUP BY 1) c
WHERE c.id = u.id AND c.n <> u.following_count;
UPDATE post_stats s SET replies_count = c.n
FROM (SELECT p.reply_to_id AS id, count(*) FILTER (WHERE p.visibility = 0 AND NOT u.private_account AND u.disabled_at IS NULL) AS n
      FROM posts p JOIN users u ON u.id = p.author_id WHERE p.reply_to_id IS NOT NULL GROUP BY 1) c
WHERE c.id = s.post_id AND c.n <> s.replies_count;
UPDATE post_stats s SET replies_count = 0
WHERE replies_count > 0 AND NOT EXISTS (SELECT FROM posts p WHERE p.reply_to_id = s.post_id);

-- What the author's own like and retweet add to the rank, which does not count them.
ALTER TABLE post_stats ADD COLUMN own_score smallint NOT NULL DEFAULT 0;
UPDATE post_stats s SET own_score = c.score
FROM (SELECT p.id, 2 * count(l.id) + 3 * count(r.id) AS score FROM posts p
      LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = p.author_id
      LEFT JOIN retweets r ON r.post_id = p.id AND r.user_id = p.author_id
      WHERE l.id IS NOT NULL OR r.id IS NOT NULL GROUP BY p.id) c
WHERE c.id = s.post_id;
"""

# Whoever changes the row: an operator's statement moves the counters as an action does. Kind 12 is EventKind.COUNTS; who watches an
# older parent than the thousand newest learns the number when it moves next.
ACCOUNTS = """
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;

CREATE FUNCTION account_turns_private() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.public_until := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER account_turns_private BEFORE UPDATE OF private_account ON users FOR EACH ROW
    WHEN (NEW.private_account AND NOT OLD.private_account) EXECUTE FUNCTION account_turns_private();

CREATE FUNCTION account_appears() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE step int := CASE WHEN NEW.private_account OR NEW.disabled_at IS NOT NULL THEN -1 ELSE 1 END;
BEGIN
    PERFORM FROM post_stats WHERE post_id IN (
        SELECT reply_to_id FROM posts WHERE author_id = NEW.id AND visibility = 0 AND reply_to_id IS NOT NULL)
    ORDER BY post_id FOR NO KEY UPDATE;
    UPDATE post_stats s SET replies_count = GREATEST(s.replies_count + step * r.n, 0)
    FROM (SELECT reply_to_id, count(*) AS n FROM posts
          WHERE author_id = NEW.id AND visibility = 0 AND reply_to_id IS NOT NULL GROUP BY 1) r
    WHERE s.post_id = r.reply_to_id;
    INSERT INTO event_outbox (kind, actor_id, object_id)
    SELECT DISTINCT 12, NEW.id, reply_to_id FROM (
        SELECT reply_to_id FROM posts WHERE author_id = NEW.id AND visibility = 0 AND reply_to_id IS NOT NULL ORDER BY id DESC LIMIT 1000) r;
    RETURN NULL;
END $$;
CREATE TRIGGER account_appears AFTER UPDATE OF private_account, disabled_at ON users FOR EACH ROW
    WHEN ((NEW.private_account OR NEW.disabled_at IS NOT NULL) <> (OLD.private_account OR OLD.disabled_at IS NOT NULL))
    EXECUTE FUNCTION account_appears();

CREATE FUNCTION account_disabled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE step int := CASE WHEN NEW.disabled_at IS NULL THEN 1 ELSE -1 END;
BEGIN
    UPDATE users SET followers_count = GREATEST(followers_count + step, 0)
    WHERE id IN (SELECT followee_id FROM follows WHERE follower_id = NEW.id);
    UPDATE users SET following_count = GREATEST(following_count + step, 0)
    WHERE id IN (SELECT follower_id FROM follows WHERE followee_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER account_disabled AFTER UPDATE OF disabled_at ON users FOR EACH ROW
    WHEN ((NEW.disabled_at IS NULL) <> (OLD.disabled_at IS NULL)) EXECUTE FUNCTION account_disabled();
"""

TRENDS = """
-- Who used a hashtag when. hashtag_hours.authors counts each author in the hour of the newest use: the sum of a window's hours is how
-- many people used it in that window.
CREATE TABLE hashtag_uses (
    hashtag   text        NOT NULL,
    author_id uuid        NOT NULL,
    hour      timestamptz NOT NULL,
    posts     int         NOT NULL CHECK (posts > 0),
    PRIMARY KEY (hashtag, author_id, hour)
) WITH (fillfactor = 80);
CREATE INDEX hashtag_uses_author ON hashtag_uses (author_id);
CREATE INDEX hashtag_uses_hour   ON hashtag_uses (hour);
INSERT INTO hashtag_uses (hashtag, author_id, hour, posts)
SELECT tag, p.author_id,
       date_trunc('hour', to_timestamp(('x' || substr(replace(p.id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0), 'UTC'), count(*)
FROM posts p JOIN users u ON u.id = p.author_id AND u.disabled_at IS NULL, unnest(p.hashtags) tag
WHERE p.in_trends AND p.created_at > now() - interval '31 days'
  AND p.id NOT IN (SELECT object_id FROM event_outbox WHERE kind = 1
                   UNION ALL SELECT object_id FROM event_log WHERE kind = 1 AND seq > (SELECT seq FROM hashtag_state))
GROUP BY 1, 2, 3;
"""

HOURS = """
ALTER TABLE hashtag_hours ADD COLUMN authors int NOT NULL DEFAULT 0 CHECK (authors >= 0);
TRUNCATE hashtag_hours;
INSERT INTO hashtag_hours (hour, hashtag, posts, authors)
SELECT hour, hashtag, sum(posts), count(*) FILTER (WHERE hour = newest) FROM (
    SELECT *, max(hour) OVER (PARTITION BY hashtag, author_id) AS newest FROM hashtag_uses) x GROUP BY 1, 2 ORDER BY 1, 2;
"""

NOTIFICATIONS = """
-- What was undone is kept for a while, so that doing it again tells nobody a second time; what its owner deleted stays deleted.
ALTER TABLE notifications ADD COLUMN gone_at timestamptz, ADD COLUMN dismissed boolean NOT NULL DEFAULT false;
DROP INDEX notifications_unread;
CREATE INDEX notifications_unread ON notifications (user_id, id DESC) WHERE read_at IS NULL AND gone_at IS NULL;
CREATE INDEX notifications_gone   ON notifications (gone_at) WHERE gone_at IS NOT NULL;
"""

UP = DELETIONS + POSTS + COUNTERS + ACCOUNTS + NOTIFICATIONS + TRENDS

DOWN = """
DELETE FROM notifications WHERE gone_at IS NOT NULL;
DROP INDEX notifications_gone, notifications_unread;
ALTER TABLE notifications DROP COLUMN gone_at, DROP COLUMN dismissed;
CREATE INDEX notifications_unread ON notifications (user_id, id DESC) WHERE read_at IS NULL;
ALTER TABLE hashtag_hours DROP COLUMN authors;
DROP TABLE hashtag_uses;
DROP TRIGGER account_disabled ON users;
DROP TRIGGER account_appears ON users;
DROP TRIGGER account_turns_private ON users;
DROP FUNCTION account_disabled(), account_appears(), account_turns_private();
DROP INDEX users_disabled;
ALTER TABLE post_stats DROP COLUMN own_score;
UPDATE users SET posts_count = posts_count + follower_posts_count + private_posts_count;
ALTER TABLE users DROP COLUMN follower_posts_count, DROP COLUMN private_posts_count;
DROP INDEX feed_entries_post;
CREATE INDEX feed_entries_post ON feed_entries (post_id);
DROP TABLE former_usernames;
ALTER TABLE posts ADD COLUMN mentions text[] NOT NULL DEFAULT '{}';
UPDATE posts p SET mentions = ARRAY(
    SELECT u.username FROM unnest(p.mention_ids) WITH ORDINALITY m (id, place) JOIN users u ON u.id = m.id ORDER BY m.place)
WHERE p.mention_ids <> '{}';
ALTER TABLE posts DROP COLUMN mention_ids;
ALTER TABLE posts ALTER COLUMN metadata DROP DEFAULT, ALTER COLUMN metadata TYPE jsonb USING metadata::jsonb,
    ALTER COLUMN metadata SET DEFAULT '{}';
UPDATE posts p SET reply_to_id = NULL WHERE reply_to_id IS NOT NULL AND NOT EXISTS (SELECT FROM posts x WHERE x.id = p.reply_to_id);
UPDATE posts p SET root_post_id = NULL WHERE root_post_id IS NOT NULL AND NOT EXISTS (SELECT FROM posts x WHERE x.id = p.root_post_id);
ALTER TABLE posts ADD FOREIGN KEY (reply_to_id) REFERENCES posts ON DELETE SET NULL,
    ADD FOREIGN KEY (root_post_id) REFERENCES posts ON DELETE SET NULL;
CREATE INDEX posts_root ON posts (root_post_id) WHERE root_post_id IS NOT NULL;
UPDATE event_log e SET object_id = t.post_id FROM retweet_tombstones t WHERE e.kind = 4 AND t.id = e.object_id;
UPDATE event_outbox e SET object_id = t.post_id FROM retweet_tombstones t WHERE e.kind = 4 AND t.id = e.object_id;
DROP TABLE retweet_tombstones;
ALTER TABLE post_tombstones DROP COLUMN private_retweeter_ids;
ALTER TABLE users DROP COLUMN public_until;
"""


async def forwards() -> MigrationManager:
    manager = sql_migration(ID, DESCRIPTION, UP, DOWN)
    manager.add_raw(count_hours)
    return manager


async def count_hours() -> None:
    """Fold the hashtags of posts that were not read anew yet (migration 0012), then count."""
    transaction = DB.current_transaction.get()
    assert transaction is not None, "migrations run inside a transaction"
    connection = transaction.connection
    rows = await connection.fetch("SELECT DISTINCT hashtag FROM hashtag_uses WHERE hashtag ~ '[^ -~]'")
    folded = {row["hashtag"]: term("hashtag", row["hashtag"])[2:] for row in rows}
    changed = [(old, new) for old, new in folded.items() if old != new]
    await connection.executemany(
        """INSERT INTO hashtag_uses AS h SELECT $2, author_id, hour, posts FROM hashtag_uses WHERE hashtag = $1
           ON CONFLICT (hashtag, author_id, hour) DO UPDATE SET posts = h.posts + EXCLUDED.posts""",
        [(old, new) for old, new in changed if new],
    )
    await connection.executemany("DELETE FROM hashtag_uses WHERE hashtag = $1", [(old,) for old, _ in changed])
    await connection.execute(HOURS)
