"""The event log: outbox, numbered log, state."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from x18.core.migrations import sql_migration

ID = "2026-11-24T00:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "event log"

UP = """
-- Rows live for milliseconds; vacuum must not wait for a share of the table.
CREATE TABLE event_outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         smallint    NOT NULL,
    actor_id     uuid        NOT NULL,
    recipient_id uuid,
    object_id    uuid        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE event_log (
    seq          bigint      NOT NULL PRIMARY KEY,
    kind         smallint    NOT NULL,
    actor_id     uuid        NOT NULL,
    recipient_id uuid,
    object_id    uuid        NOT NULL,
    created_at   timestamptz NOT NULL
) PARTITION BY RANGE (seq);
CREATE INDEX event_log_actor     ON event_log (actor_id, seq);
CREATE INDEX event_log_recipient ON event_log (recipient_id, seq) WHERE recipient_id IS NOT NULL;
CREATE TABLE event_log_0 PARTITION OF event_log FOR VALUES FROM (0) TO (1000000);

CREATE TABLE event_state (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch uuid    NOT NULL DEFAULT gen_random_uuid(),
    head  bigint  NOT NULL DEFAULT 0,
    floor bigint  NOT NULL DEFAULT 0
);
INSERT INTO event_state DEFAULT VALUES;
"""

DOWN = "DROP TABLE event_state, event_log, event_outbox;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, UP, DOWN)
