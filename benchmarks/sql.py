"""The statements of the data set. PostgreSQL 18 or later, for ``uuidv7(interval)``."""

from typing import Any, Final

from x18.realtime.events import EventKind

LOADING: Final = {
    "session_replication_role": "replica",  # no checks of foreign keys, which the statements below keep by themselves
    "synchronous_commit": "off",
    "work_mem": "512MB",
    "maintenance_work_mem": "1GB",
    "jit": "off",
}

TABLES: Final = [
    "users", "follows", "posts", "post_stats", "post_fts", "feed_entries", "likes", "retweets", "bookmarks", "notifications",
    "hashtag_hours", "hashtag_uses", "symbol_uses", "event_log",
]  # fmt: skip

INDEXES: Final = """
    SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid::regclass::text = ANY($1) AND c.relkind = 'i'
      AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)"""

# Users by how active and popular they are, posts by how popular; the numbers say nothing of when a post was written.
NUMBERED: Final = "CREATE TEMP TABLE numbered_users (n int PRIMARY KEY, id uuid NOT NULL)"
NUMBER_USERS: Final = "INSERT INTO numbered_users SELECT n, id FROM unnest($1::uuid[]) WITH ORDINALITY AS u (id, n)"

ADD_VIEWER: Final = """
    INSERT INTO users (id, username, email, password_hash, display_name)
    VALUES ($1, $2::text, $2::text || '@example.com', '', $2::text)"""

POPULAR: Final = "-ln(1 - random()) * power(n, 0.6)"
"""Orders users so that the n-th comes first with a weight of n**-0.6."""

SELDOM: Final = "CASE WHEN n > $3 * 0.3 THEN random() ELSE 2 END"
"""Orders users so that those come first who write least."""

FOLLOW: Final = """
    INSERT INTO follows (id, follower_id, followee_id)
    SELECT uuidv7(-random() * interval '60 days'), v.id, u.id FROM users v,
        (SELECT id FROM numbered_users WHERE $3::int > 0 ORDER BY {order} LIMIT $2) u WHERE v.username = $1"""

EVENTS: Final = 50_000
UNCOUNTED: Final = 1_000
BOOKMARKS_OF_ONE: Final = 40_000

_PAIRS: Final = """
    SELECT DISTINCT 1 + floor($1::int * power(random(), 1.5))::int AS u, 1 + floor($2::int * power(random(), {power}))::int AS p
    FROM generate_series(1, $3::int)"""

_REACTION: Final = """
    INSERT INTO {table} (id, user_id, post_id)
    SELECT uuidv7(-random() * interval '60 days'), u.id, p.id
    FROM ({pairs}) x JOIN numbered_users u ON u.n = x.u JOIN numbered_posts p ON p.n = x.p {condition}"""


def derived(posts: int, users: int) -> list[tuple[str, str, list[Any]]]:
    """Name, statement and arguments of each step after users and posts."""

    def reaction(table: str, each: float, power: float, condition: str = "") -> tuple[str, str, list[Any]]:
        pairs = _PAIRS.format(power=power)
        return table, _REACTION.format(table=table, pairs=pairs, condition=condition), [users, posts, int(posts * each)]

    return [
        ("follows", FOLLOWS, [users]),
        ("posts by popularity", NUMBER_POSTS, [posts]),
        ("their key", "ALTER TABLE numbered_posts ADD PRIMARY KEY (n)", []),
        ("their statistics", "ANALYZE numbered_users, numbered_posts", []),
        reaction("likes", 5.5, 3),
        reaction("retweets", 0.55, 3, "WHERE p.visibility = 0"),
        reaction("bookmarks", 0.5, 2),
        ("many bookmarks", MANY_BOOKMARKS, [min(BOOKMARKS_OF_ONE, posts // 4)]),
        ("counters of posts", STATS, []),
        ("words", WORDS, []),
        ("feed entries", ENTRIES, []),
        ("notifications", NOTIFICATIONS, [posts * 3]),
        ("hashtags", HASHTAGS, []),
        ("symbols", SYMBOL_USES, []),
        ("event log", LOG, [EVENTS, EventKind.POST]),
    ]


FOLLOWS: Final = """
    INSERT INTO follows (id, follower_id, followee_id)
    SELECT uuidv7(-random() * interval '60 days'), a.id, b.id FROM (
        SELECT n AS a, 1 + floor($1::int * power(random(), 2.5))::int AS b
        FROM generate_series(1, $1::int) n, generate_series(1, least(5000, (10 * power(n / $1::float, -0.6))::int))
        UNION SELECT n, 1 FROM generate_series(2, $1::int) n) x
    JOIN numbered_users a ON a.n = x.a JOIN numbered_users b ON b.n = x.b WHERE x.a <> x.b"""

NUMBER_POSTS: Final = """
    CREATE TEMP TABLE numbered_posts AS
    SELECT (1 + (row_number() OVER (ORDER BY id) * 7919) % (SELECT count(*) FROM posts))::int AS n, id, author_id, visibility
    FROM posts WHERE $1::int > 0"""

MANY_BOOKMARKS: Final = """
    INSERT INTO bookmarks (id, user_id, post_id)
    SELECT uuidv7(-random() * interval '60 days'), u.id, p.id FROM users u, numbered_posts p
    WHERE u.username = 'viewer_200' AND p.n <= $1"""

STATS: Final = """
    INSERT INTO post_stats (post_id, likes_count, retweets_count, bookmarks_count, replies_count)
    SELECT p.id, COALESCE(l.n, 0), COALESCE(r.n, 0), COALESCE(b.n, 0), COALESCE(c.n, 0) FROM posts p
    LEFT JOIN (SELECT post_id, count(*) AS n FROM likes GROUP BY 1) l ON l.post_id = p.id
    LEFT JOIN (SELECT post_id, count(*) AS n FROM retweets GROUP BY 1) r ON r.post_id = p.id
    LEFT JOIN (SELECT post_id, count(*) AS n FROM bookmarks GROUP BY 1) b ON b.post_id = p.id
    LEFT JOIN (SELECT reply_to_id, count(*) AS n FROM posts WHERE visibility = 0 GROUP BY 1) c ON c.reply_to_id = p.id ORDER BY p.id"""

WORDS: Final = """
    INSERT INTO post_fts (post_id, fts, version) SELECT id, to_tsvector('simple', lower(content)), 1 FROM posts ORDER BY id"""

ENTRIES: Final = """
    INSERT INTO feed_entries (id, actor_id, post_id, visibility) SELECT * FROM (
        SELECT id, author_id, id, visibility FROM posts UNION ALL SELECT id, user_id, post_id, 0 FROM retweets) x ORDER BY 1"""

NOTIFICATIONS: Final = """
    INSERT INTO notifications (id, user_id, actor_id, kind, post_id, read_at)
    SELECT l.id, p.author_id, l.user_id, 1, p.id, CASE WHEN random() < 0.9 THEN now() END
    FROM likes l JOIN posts p ON p.id = l.post_id WHERE p.author_id <> l.user_id ORDER BY l.id DESC LIMIT $1"""

HASHTAGS: Final = """
    WITH uses AS (
        INSERT INTO hashtag_uses (hashtag, author_id, hour, posts)
        SELECT tag, author_id, date_trunc('hour', created_at, 'UTC'), count(*) FROM posts, unnest(hashtags) tag
        WHERE visibility = 0 AND created_at > now() - interval '31 days' GROUP BY 1, 2, 3 RETURNING *)
    INSERT INTO hashtag_hours (hour, hashtag, posts, authors)
    SELECT hour, hashtag, sum(posts), count(*) FILTER (WHERE hour = newest)
    FROM (SELECT *, max(hour) OVER (PARTITION BY hashtag, author_id) AS newest FROM uses) x GROUP BY 1, 2 ORDER BY 1, 2"""

SYMBOL_USES: Final = """
    INSERT INTO symbol_uses (symbol, hour, author_id, posts)
    SELECT substr(term, 3), date_trunc('hour', created_at, 'UTC'), author_id, count(*) FROM posts, unnest(terms) term
    WHERE visibility = 0 AND created_at > now() - interval '31 days' AND term LIKE 's:%' GROUP BY 1, 2, 3 ORDER BY 2"""

LOG: Final = """
    INSERT INTO event_log (seq, kind, actor_id, object_id, created_at)
    SELECT row_number() OVER (ORDER BY id), $2::int, author_id, id, created_at
    FROM (SELECT * FROM posts ORDER BY id DESC LIMIT $1) p"""

# The star's account is one that everybody watches: all its notifications are unread.
FINISH: Final = [
    """UPDATE users u SET followers_count = COALESCE(a.n, 0), following_count = COALESCE(b.n, 0), posts_count = COALESCE(c.a, 0),
           follower_posts_count = COALESCE(c.b, 0), private_posts_count = COALESCE(c.c, 0),
           private_account = u.username <> 'star' AND right(u.id::text, 1) = '7' AND left(right(u.id::text, 2), 1) < '8'
       FROM users x LEFT JOIN (SELECT followee_id AS id, count(*) AS n FROM follows GROUP BY 1) a ON a.id = x.id
       LEFT JOIN (SELECT follower_id AS id, count(*) AS n FROM follows GROUP BY 1) b ON b.id = x.id
       LEFT JOIN (SELECT author_id AS id, count(*) FILTER (WHERE visibility = 0) AS a, count(*) FILTER (WHERE visibility = 1) AS b,
                         count(*) FILTER (WHERE visibility = 2) AS c FROM posts GROUP BY 1) c ON c.id = x.id WHERE x.id = u.id""",
    "UPDATE notifications SET read_at = NULL WHERE user_id = (SELECT id FROM users WHERE username = 'star')",
    "UPDATE event_state SET head = (SELECT max(seq) FROM event_log)",
    f"UPDATE hashtag_state SET seq = (SELECT head FROM event_state) - {UNCOUNTED}",
]
