"""The hot reads: functions of ``x18`` with the arguments that the controllers give them, the worst ones among them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks import dataset
from benchmarks.talk import SYMBOLS, TAGS, WORDS
from x18.core.paging import Page
from x18.core.windows import WINDOWS
from x18.market.completion import complete_symbol
from x18.market.pages import WIDTHS, show_symbol
from x18.market.suggestions import suggest_users
from x18.market.trending import TICKER_WINDOWS, list_trending
from x18.notifications.queries import count_unread, list_notifications
from x18.posts.queries import list_bookmarks, list_replies
from x18.search.hashtags import show_trending_hashtags
from x18.search.posts import count_posts, find_hashtag, find_posts
from x18.search.users import find_users
from x18.timeline.filters import provide_filters
from x18.timeline.queries import search_metadata, show_explore, show_home, show_posts_of, show_user
from x18.timeline.trending import show_trending
from x18.users.queries import list_follows

MIDDLE: Final = 27
"""The symbol of this number stands in about 0.4 % of posts, that of number 500 in 0.02 %, the first in 10 %."""

Work = Callable[[], Awaitable[object]]

FILTERS: Final[dict[str, dict[str, list[str]]]] = {
    "category 28 %": {"category": ["crypto"]},
    "category 3 %": {"category": ["macro"]},
    "category 5 %, none lately": {"category": ["ipo"]},
    "symbol 10 %": {"symbol": [SYMBOLS[0]]},
    "symbol 0.4 %": {"symbol": [SYMBOLS[MIDDLE]]},
    "symbol 0.02 %": {"symbol": [SYMBOLS[500]]},
    "symbol of no post": {"symbol": ["NONE"]},
    "category 28 % + symbol 0.4 %": {"category": ["crypto"], "symbol": [SYMBOLS[MIDDLE]]},
    "four frequent ones": {"category": ["crypto"], "market": ["market0"], "symbol": [SYMBOLS[0]], "tag": [TAGS[0]]},
}


SORTS: Final = [*dataset.VIEWERS, *dataset.QUIET]


async def list_reads(connection: asyncpg.Connection) -> list[tuple[str, Work]]:
    """The name of each read and what runs it."""
    rows = await connection.fetch("SELECT username, id FROM users WHERE username = ANY($1)", ["star", *SORTS])
    users: dict[str, UUID] = {row["username"]: row["id"] for row in rows}
    middle = await connection.fetchval(
        "SELECT id FROM posts ORDER BY id OFFSET (SELECT count(*) / 2 FROM posts) LIMIT 1"
    )
    hot = await connection.fetchval(
        "SELECT reply_to_id FROM posts WHERE reply_to_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    found = [*await _home(users, middle), *await _public(users["viewer_200"], middle), *await _of_users(users, middle)]
    return [*found, *_searches(users["viewer_200"], middle), *_others(users, hot)]


async def _home(users: dict[str, UUID], middle: UUID) -> list[tuple[str, Work]]:
    nothing, macro = await provide_filters(), await provide_filters(**FILTERS["category 3 %"])
    often = users["viewer_2000"]
    return [
        *((f"home, {viewer}", _call(show_home, users[viewer], Page(), nothing)) for viewer in SORTS),
        ("home, viewer_2000, 30 days deep", _call(show_home, often, Page(before=middle), nothing)),
        ("home, viewer_2000, upwards", _call(show_home, often, Page(after=middle), nothing)),
        ("home, viewer_2000, count", _call(show_home, often, Page(count=True), nothing)),
        ("home, viewer_5000, count", _call(show_home, users["viewer_5000"], Page(count=True), nothing)),
        ("home, viewer_2000, category 3 %, upwards", _call(show_home, often, Page(after=middle), macro)),
        ("home, viewer_2000, category 3 %, count", _call(show_home, often, Page(count=True), macro)),
        *[
            (f"home, {viewer}, {name}", _call(show_home, users[viewer], Page(), await provide_filters(**wanted)))
            for name, wanted in FILTERS.items()
            for viewer in SORTS
        ],
    ]


async def _public(viewer: UUID, middle: UUID) -> list[tuple[str, Work]]:
    nothing, found = await provide_filters(), list[tuple[str, Work]]()
    for name, wanted in FILTERS.items():
        filters = await provide_filters(**wanted)
        found += [
            (f"explore, {name}", _call(show_explore, viewer, Page(), filters)),
            (f"timeline/search, {name}, count", _call(search_metadata, viewer, Page(count=True), filters)),
            (f"trending, 30d, {name}", _call(show_trending, viewer, Page(), filters, "30d")),
        ]
    return [
        ("explore", _call(show_explore, viewer, Page(), nothing)),
        ("explore, anonymous", _call(show_explore, None, Page(), nothing)),
        ("explore, 30 days deep", _call(show_explore, viewer, Page(before=middle), nothing)),
        ("explore, count", _call(show_explore, viewer, Page(count=True), nothing)),
        *((f"trending, {window}", _call(show_trending, viewer, Page(), nothing, window)) for window in WINDOWS),
        *found,
        ("trending, 30d, count", _call(show_trending, viewer, Page(count=True), nothing, "30d")),
    ]


async def _of_users(users: dict[str, UUID], middle: UUID) -> list[tuple[str, Work]]:
    star, viewer, nothing = users["star"], users["viewer_200"], await provide_filters()
    return [
        ("user timeline, star", _call(show_user, star, viewer, Page(), nothing)),
        ("user timeline, star, 30 days deep", _call(show_user, star, viewer, Page(before=middle), nothing)),
        *[
            (f"user timeline, star, {name}", _call(show_user, star, viewer, Page(), await provide_filters(**wanted)))
            for name, wanted in FILTERS.items()
        ],
        ("posts of the star", _call(show_posts_of, star, viewer, Page())),
        ("posts of the star, 30 days deep", _call(show_posts_of, star, None, Page(before=middle))),
        ("followers of the star", _call(list_follows, star, "followers", Page(), viewer)),
        ("whom one follows", _call(list_follows, users["viewer_5000"], "following", Page(), viewer)),
    ]


TEXTS: Final = {
    "word in 77 %": WORDS[0],
    "word in 3 %": WORDS[50],
    "word in 0.2 %": WORDS[1_000],
    "rare word": WORDS[-1],
    "word of no post": "nothing-like-this",
    "two frequent words": f"{WORDS[0]} {WORDS[1]}",
    "frequent and rare word": f"{WORDS[0]} {WORDS[-1]}",
    "phrase": f'"{WORDS[0]} {WORDS[1]}"',
    "one word or another": f"{WORDS[-1]} or {WORDS[-2]}",
    "without a word": f"-{WORDS[50]}",
    "without the most frequent word": f"-{WORDS[0]}",
    "a frequent word, without phrases": f'{WORDS[0]} -"{WORDS[0]} {WORDS[1]}" -"{WORDS[0]} {WORDS[2]}"',
    "a phrase of frequent words that never was": f'"{WORDS[0]} {WORDS[1]} {WORDS[0]} {WORDS[2]} {WORDS[1]}"',
}

HASHTAGS: Final = {"in 13 %": TAGS[0], "in 0.1 %": TAGS[100], "rare": TAGS[-1], "of no post": "nothing"}

NAMES: Final = ["s", "ba", "star", "babaka", "bacebaa", "baba dibe", "%", "!!!", "nobody_at_all"]


def _searches(viewer: UUID, middle: UUID) -> list[tuple[str, Work]]:
    found = list[tuple[str, Work]]()
    for name, text in TEXTS.items():
        found += [
            (f"search posts, {name}", _call(find_posts, text, Page(), viewer)),
            (f"search posts, {name}, 30 days deep", _call(find_posts, text, Page(before=middle), viewer)),
            (f"count posts, {name}", _call(count_posts, text, viewer)),
        ]
    for name, tag in HASHTAGS.items():
        found += [
            (f"hashtag {name}", _call(find_hashtag, tag, Page(), viewer)),
            (f"hashtag {name}, count", _call(find_hashtag, tag, Page(count=True), viewer)),
        ]
    return [
        *found,
        ("search posts, word in 77 %, offset 10,000", _call(find_posts, WORDS[0], Page(offset=10_000), viewer)),
        *((f"search users, {name}", _call(find_users, name, Page(), viewer)) for name in NAMES),
        ("search users, word in most bios", _call(find_users, WORDS[0], Page(), viewer)),
        *((f"trending symbols, {window}", _call(list_trending, window, 5)) for window in TICKER_WINDOWS),
        ("symbols by their beginning", _call(complete_symbol, "SYM1", 8)),
        *(
            (f"page of the symbol {number}, {window}", _call(show_symbol, f"SYM{number}-USD", window, viewer))
            for number in (0, MIDDLE)
            for window in WIDTHS
        ),
        *((f"trending hashtags, {window}", _call(show_trending_hashtags, window, Page())) for window in WINDOWS),
    ]


def _others(users: dict[str, UUID], hot: UUID) -> list[tuple[str, Work]]:
    star, viewer = users["star"], users["viewer_200"]
    return [
        ("notifications", _call(list_notifications, star, Page(), unread_only=False)),
        ("notifications, unread", _call(list_notifications, star, Page(), unread_only=True)),
        ("notifications, count", _call(count_unread, star)),
        ("replies to the post with most", _call(list_replies, hot, Page(), viewer)),
        ("bookmarks, 40,000", _call(list_bookmarks, viewer, Page())),
        *((f"whom to follow, {name}", _call(suggest_users, user_id, 5)) for name, user_id in users.items()),
    ]


def _call(function: Callable[..., Awaitable[object]], *args: Any, **options: Any) -> Work:
    return lambda: function(*args, **options)
