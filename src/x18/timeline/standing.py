"""A post stands once in a viewer's home, at the newest of its entries there; on the page of an older one it is left out."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core.paging import Page

NEWER: Final = 1_000
"""So many newer entries of a post are looked through for one that stands in the same home; in between lie others' retweets."""

SPARE: Final = 2
GROWTH: Final = 4
"""As some entries may be of posts that stand elsewhere, two more are read than wanted; where that was not enough, four times as many more."""

# Of an entry ``e``, beside the followees ``f``. Only a retweet can be newer than another entry, and those are for everybody.
STANDS: Final = f"""
    NOT EXISTS (SELECT FROM (SELECT n.actor_id FROM feed_entries n WHERE n.post_id = e.post_id AND n.id > e.id ORDER BY n.id LIMIT {NEWER}) n
                WHERE (n.actor_id IN (SELECT u FROM f)) IS TRUE)"""


def stands_on(page: Page) -> str:
    """SQL of ``stands`` for the entries of a page: a page from the top holds all newer ones itself, and ``collect`` sees them."""
    return "true" if page.before is None and not page.ascending else STANDS


async def collect(
    page: Page, wanted: int, read: Callable[[Page, int], Awaitable[list[asyncpg.Record]]]
) -> list[asyncpg.Record]:
    """So many entries, one of a post. ``read`` gives the next ones of a page, in its direction, with ``stands`` as by ``stands_on``."""
    found: dict[UUID, asyncpg.Record] = {}
    spare = SPARE
    while True:
        most = wanted - len(found) + spare
        rows = await read(page, most)
        for row in rows:
            if row["stands"]:
                found.setdefault(row["post_id"], row)
        if len(rows) < most or len(found) >= wanted:
            return list(found.values())[:wanted]
        page = msgspec.structs.replace(page, **{"after" if page.ascending else "before": rows[-1]["id"]})
        spare *= GROWTH
