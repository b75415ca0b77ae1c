"""Reading old posts and profiles anew after the rules of texts have changed, a few at a time, beside a server that serves.

Each row tells by which version of the rules it was read. A batch locks its posts against being changed or deleted for a fraction of a
second, and passes over what others have locked; two processes at it take different ones. Likes, replies and reads wait for nothing.
"""

import asyncio
from typing import Any, Final

import msgspec

from x18.core import db
from x18.core.words import words_of
from x18.posts.metadata import MAX_TERMS
from x18.posts.text import read_entities
from x18.realtime.terms import PREFIX, term
from x18.users.names import forms_of

VERSION: Final = 1
"""Of the rules by which words, hashtags and terms are read from a post. With a new one comes a migration of ``post_fts_unread``."""

BATCH: Final = 100
PAUSE_S: Final = 0.1
"""The pause between two batches: a tenth of a processor at most goes into them."""

UNREAD: Final = f"""
    SELECT p.id, p.content, p.metadata->>'symbol' AS symbol, p.terms, p.hashtags, p.category, p.market
    FROM (SELECT post_id FROM post_fts WHERE version < {VERSION} ORDER BY post_id DESC LIMIT {BATCH}) f
    JOIN posts p ON p.id = f.post_id ORDER BY p.id FOR NO KEY UPDATE OF p SKIP LOCKED"""


class _Read(msgspec.Struct):
    """The words, terms and hashtags of a post, as they are stored."""

    id: str
    words: str
    terms: list[str]
    hashtags: list[str]
    category: str | None
    market: str | None


async def read_posts() -> int:
    """Read a hundred of the newest posts of an older version anew; how many that were."""
    async with db.transaction():
        rows = await db.fetch(UNREAD)
        read, changed = [], []
        for row in rows:
            post = _read(row)
            read.append(post)
            if any(getattr(post, name) != row[name] for name in ("terms", "hashtags", "category", "market")):
                changed.append(post)
            await asyncio.sleep(0)  # a long post takes milliseconds
        await db.execute(
            """UPDATE posts p SET terms = n.terms, hashtags = n.hashtags, category = n.category, market = n.market
               FROM jsonb_to_recordset($1::text::jsonb) AS n (id uuid, terms text[], hashtags text[], category text, market text)
               WHERE p.id = n.id""",
            msgspec.json.encode(changed).decode(),
        )
        await db.execute(
            f"""UPDATE post_fts f SET fts = n.words::tsvector, version = {VERSION}
                FROM jsonb_to_recordset($1::text::jsonb) AS n (id uuid, words text) WHERE f.post_id = n.id""",
            msgspec.json.encode(read).decode(),
        )
    return len(rows)


async def read_users() -> int:
    """Read a hundred names and bios that have no folded form yet; how many those were."""
    async with db.transaction():
        rows = await db.fetch(
            f"""SELECT id, display_name, bio FROM users WHERE folded_name IS NULL ORDER BY id DESC LIMIT {BATCH}
                FOR NO KEY UPDATE SKIP LOCKED"""
        )
        forms = [(row["id"], *forms_of(row["display_name"], row["bio"])) for row in rows]
        await db.execute(
            """UPDATE users u SET folded_name = n.name, words = n.words
               FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (id, name, words) WHERE u.id = n.id""",
            *([form[place] for form in forms] for place in range(3)),
        )
    return len(rows)


async def read_the_rest() -> None:
    """Go on until nothing of an older version is left but what others have locked."""
    more = 1
    while more:
        await asyncio.sleep(PAUSE_S)
        more = await read_users() + await read_posts()


def _read(row: Any) -> _Read:
    """The metadata was checked when the post was written; of it only the forms are made anew."""
    entities = read_entities(row["content"])
    old = {name: [term(name, one[2:]) for one in row["terms"] if one.startswith(PREFIX[name])] for name in PREFIX}
    sent = [*old["category"], *old["market"], term("symbol", row["symbol"] or ""), *old["tag"]]
    symbols = [term("symbol", symbol) for symbol in entities.cashtags[:MAX_TERMS]]
    terms = [*sent, *symbols, *(term("hashtag", tag) for tag in entities.hashtags[:MAX_TERMS])]
    return _Read(
        str(row["id"]),
        words_of(row["content"]),
        [found for found in dict.fromkeys(terms) if found not in PREFIX.values()],
        entities.hashtags,
        *((term(name, row[name])[2:] if row[name] else None) for name in ("category", "market")),
    )
