"""Who used which symbol when, for trending symbols and the pages of symbols."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000024"
VERSION = "1.38.0"
DESCRIPTION = "symbol uses"

# Symbols are compared byte by byte, so that those with a beginning are one range of the key. Counted are the posts of the last
# month whose events are counted already; those of the others will be. A node of the version before counts nothing meanwhile.
UP = """
SELECT FROM hashtag_state FOR UPDATE;

CREATE TABLE symbol_uses (
    symbol    text COLLATE "C" NOT NULL,
    hour      timestamptz      NOT NULL,
    author_id uuid             NOT NULL,
    posts     int              NOT NULL CHECK (posts > 0),
    PRIMARY KEY (symbol, hour, author_id)
) WITH (fillfactor = 80);

INSERT INTO symbol_uses (symbol, hour, author_id, posts)
SELECT substr(term, 3), date_trunc('hour', p.created_at, 'UTC'), p.author_id, count(*)
FROM posts p, unnest(p.terms) term
WHERE p.in_trends AND p.created_at > now() - interval '31 days' AND term LIKE 's:%'
  AND p.id NOT IN (SELECT object_id FROM event_outbox WHERE kind = 1)
  AND p.id NOT IN (SELECT object_id FROM event_log WHERE kind = 1 AND seq > (SELECT seq FROM hashtag_state))
GROUP BY 1, 2, 3;

CREATE INDEX symbol_uses_hour ON symbol_uses (hour);
"""

DOWN = "DROP TABLE symbol_uses;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
