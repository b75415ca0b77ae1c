"""Ids by which lists are ordered, made by PostgreSQL, and below which of them nothing can appear any more."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-30T00:00:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "order keys"

# Why this is so, and what holds: docs/architecture.md, "Reading on". 5818 marks our locks among those of two numbers; with the
# kind of list and the upper bits of a time in milliseconds it is the first number, the lower 31 bits are the second.
UP = """
-- Microseconds of the newest id: from here ids go on when the clock of the server goes back. Of ids that were made by a clock
-- ahead of its time the first day counts.
CREATE SEQUENCE order_clock;
SELECT setval('order_clock', greatest(now.micros, least(given.micros, now.micros + 86400000000)))
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS now,
     (SELECT max(('x' || translate(left(newest::text, 13), '-', ''))::bit(48)::bigint) * 1000 + 999 AS micros FROM (
         (SELECT id FROM feed_entries ORDER BY id DESC LIMIT 1) UNION ALL (SELECT id FROM notifications ORDER BY id DESC LIMIT 1)
         UNION ALL (SELECT id FROM bookmarks ORDER BY id DESC LIMIT 1) UNION ALL (SELECT id FROM follows ORDER BY id DESC LIMIT 1)
         UNION ALL (SELECT id FROM media ORDER BY id DESC LIMIT 1)
         UNION ALL SELECT '00000000-0000-7000-8000-000000000000') AS ids (newest)) AS given;

-- A UUIDv7 (RFC 9562, method 3: twelve more bits of time), greater than all that were made before this call. Whoever reads a
-- list sees by the lock that one may come, as long as the transaction is open; it is taken before the id is made.
CREATE FUNCTION order_id(kind int) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    known  bigint := pg_sequence_last_value('order_clock');
    micros bigint := greatest(known, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    millis bigint := micros / 1000;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(((5818 * 8 + kind) * 4096 + (millis >> 31))::int, (millis & 2147483647)::int);
    known := pg_sequence_last_value('order_clock');
    micros := greatest(micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    micros := CASE WHEN micros > known THEN setval('order_clock', micros) ELSE nextval('order_clock') END;
    RETURN (lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4096 / 1000), 3, '0')
            || right(gen_random_uuid()::text, 17))::uuid;
END $$;

-- For each kind of list whose ids are being made, and as kind 0 for the others, the microseconds from which on ids may still
-- appear. The sequence is read before the locks: who takes one later makes greater ids.
CREATE FUNCTION order_horizon() RETURNS TABLE (kind int, micros bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN QUERY SELECT 0, pg_sequence_last_value('order_clock') + 1;
    RETURN QUERY
        SELECT (classid::bigint / 4096 % 8)::int, min((((classid::bigint % 4096) << 31) + objid::bigint) * 1000)
        FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 2 AND classid::bigint / 32768 = 5818
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        GROUP BY 1;
END $$;

-- The time in an id, to the millisecond. As a function of plain SQL it would be parsed again by every statement that calls it.
CREATE FUNCTION order_time(id uuid) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);
END $$;

ALTER TABLE retweets      ALTER COLUMN id SET DEFAULT order_id(1);
ALTER TABLE notifications ALTER COLUMN id SET DEFAULT order_id(2);
ALTER TABLE bookmarks     ALTER COLUMN id SET DEFAULT order_id(3);
ALTER TABLE follows       ALTER COLUMN id SET DEFAULT order_id(4);
ALTER TABLE likes         ALTER COLUMN id SET DEFAULT order_id(6);

-- A file's id is its name and made long before its row.
ALTER TABLE media ADD COLUMN order_key uuid;
UPDATE media SET order_key = id;
ALTER TABLE media ALTER COLUMN order_key SET NOT NULL, ALTER COLUMN order_key SET DEFAULT order_id(5);
DROP INDEX media_user;
CREATE INDEX media_user ON media (user_id, order_key DESC);
"""

DOWN = """
DROP INDEX media_user;
CREATE INDEX media_user ON media (user_id, id DESC);
ALTER TABLE media DROP COLUMN order_key;
ALTER TABLE likes         ALTER COLUMN id DROP DEFAULT;
ALTER TABLE follows       ALTER COLUMN id DROP DEFAULT;
ALTER TABLE bookmarks     ALTER COLUMN id DROP DEFAULT;
ALTER TABLE notifications ALTER COLUMN id DROP DEFAULT;
ALTER TABLE retweets      ALTER COLUMN id DROP DEFAULT;
DROP FUNCTION order_time(uuid), order_horizon(), order_id(int);
DROP SEQUENCE order_clock;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
