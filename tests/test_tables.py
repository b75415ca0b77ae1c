"""The table classes say what the migrations made. ``post_fts`` has none: Piccolo does not know tsvector."""

import asyncpg

from x18.piccolo_app import APP_CONFIG


async def test_every_table_has_the_columns_of_its_class(database: asyncpg.Pool) -> None:
    rows = await database.fetch(
        """SELECT table_name, column_name, is_nullable = 'YES' AS nullable FROM information_schema.columns
           WHERE table_schema = 'public' AND table_name NOT IN ('migration', 'post_fts') AND table_name !~ '^event_log_'"""
    )
    made: dict[str, dict[str, bool]] = {}
    for row in rows:
        made.setdefault(row["table_name"], {})[row["column_name"]] = row["nullable"]
    said = {
        table._meta.tablename: {
            column._meta.db_column_name: column._meta.null and not column._meta.primary_key
            for column in table._meta.columns
        }
        for table in APP_CONFIG.table_classes
    }

    assert made == said
