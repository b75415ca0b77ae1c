"""What the users of the data set write: skewed like the real thing, the same for every run."""

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, product
from typing import Any, Final
from uuid import UUID

from x18.posts.metadata import check_metadata, terms_of
from x18.posts.text import read_entities

WINDOW: Final = timedelta(days=60)
RECENTLY: Final = timedelta(days=45)
"""Of ``ipo`` nobody has written for so long."""

CATEGORIES: Final = {"crypto": 30, "stocks": 25, "fx": 15, "commodities": 10, "macro": 3, "rates": 1, "": 16}
MARKETS: Final = [f"market{number}" for number in range(40)]
SYMBOLS: Final = [f"SYM{number}-USD" for number in range(1_000)]
TAGS: Final = [f"tag{number}" for number in range(3_000)]
WORDS: Final = ["".join(syllables) for syllables in product(["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra",
                "se", "ti", "vo", "xu", "za", "be", "ci", "do", "fu", "ga", "ke", "li", "mo", "nu", "pa", "re"], repeat=3)]  # fmt: skip

REPLIES: Final = 0.12
HOT_REPLIES: Final = 3_000
"""How many replies the first post has."""

COLUMNS: Final = [
    "id", "author_id", "visibility", "content", "metadata", "category", "market", "terms", "hashtags",
    "reply_to_id", "root_post_id", "created_at", "updated_at",
]  # fmt: skip


class Zipf:
    """Draws items of a list, the first most often: the share of the n-th is proportional to 1/n."""

    def __init__(self, items: list[str], seed: random.Random) -> None:
        self._items = items
        self._sums = list(accumulate(1 / (number + 1) for number in range(len(items))))
        self._seed = seed

    def draw(self, count: int) -> list[str]:
        """So many, with repetitions."""
        total, uniform = self._sums[-1], self._seed.random
        return [self._items[bisect(self._sums, uniform() * total)] for _ in range(count)]


def user_rows(count: int, seed: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """Username, e-mail, display name and bio of each user."""
    words = Zipf(WORDS, seed)
    for number in range(1, count + 1):
        first, second = seed.sample(WORDS, 2)
        name = "star" if number == 1 else f"{first}_{number}"
        yield name, f"{name}@example.com", f"{first} {second}".title(), " ".join(words.draw(6))


def post_rows(count: int, authors: list[UUID], now: datetime, seed: random.Random) -> Iterator[tuple[Any, ...]]:
    """Rows of ``posts`` in the order of ``COLUMNS``, oldest first. The n-th author of a thousand writes as n**(-2/3)."""
    words, markets, symbols, tags = (Zipf(items, seed) for items in (WORDS, MARKETS, SYMBOLS, TAGS))
    names, weights = list(CATEGORIES), list(accumulate(CATEGORIES.values()))
    ids: list[UUID] = []
    roots: dict[UUID, UUID] = {}
    uniform = seed.random
    for number in range(count):
        created_at = now - WINDOW + WINDOW * (number / count)
        category = names[bisect(weights, uniform() * weights[-1])]
        if created_at < now - RECENTLY and uniform() < 0.2:
            category = "ipo"
        metadata: dict[str, Any] = {"price": round(uniform() * 1e5, 2)}
        if category:
            metadata |= {"category": category, "market": markets.draw(1)[0]}
        if uniform() < 0.6:
            metadata["symbol"] = symbols.draw(1)[0]
        metadata["tags"] = tags.draw(int(uniform() * 4))
        text = words.draw(8 + int(uniform() * 17)) + ["#" + tag for tag in tags.draw(int(uniform() * 3))]
        if uniform() < 0.15:
            text.append("$" + symbols.draw(1)[0])
        content = " ".join(text)
        checked, found = check_metadata(metadata), read_entities(content)
        post_id = id_at(created_at, seed)
        parent = _parent(number, count, ids, seed)
        if parent:
            roots[post_id] = roots.get(parent, parent)
        ids.append(post_id)
        level = uniform()
        yield (
            post_id, authors[int(len(authors) * uniform() ** 3)], 0 if level < 0.9 else 1 if level < 0.98 else 2, content,
            checked.json, checked.category, checked.market, terms_of(checked, found), found.hashtags, parent,
            roots.get(post_id), created_at, created_at,
        )  # fmt: skip


def id_at(moment: datetime, seed: random.Random) -> UUID:
    """A UUIDv7 of a moment."""
    milliseconds = int(moment.astimezone(UTC).timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | seed.getrandbits(12) << 64 | 0x2 << 62 | seed.getrandbits(62))


def batches(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """The rows in lists of a size."""
    while batch := list(islice(rows, size)):
        yield batch


def _parent(number: int, count: int, ids: list[UUID], seed: random.Random) -> UUID | None:
    """What the post replies to: one of the last thousands, now and then the first of all."""
    if not number or seed.random() > REPLIES:
        return None
    if seed.random() < HOT_REPLIES / (count * REPLIES):
        return ids[0]
    return ids[max(0, number - 1 - int(seed.expovariate(1 / 2_000)))]
