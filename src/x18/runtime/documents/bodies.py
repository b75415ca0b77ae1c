"""An example of each body of REST, by the name of its schema."""

from typing import Any, Final

from x18.runtime.documents.samples import (
    FAN,
    ME,
    MEDIA,
    NEWEST_CURSOR,
    NEXT_CURSOR,
    NOTIFICATION,
    PASSWORD,
    SEEN_POST,
    SEEN_USER,
    TOKEN,
)

PAGE: Final = {"limit": 20, "offset": 0, "next_cursor": NEXT_CURSOR, "newest_cursor": NEWEST_CURSOR}
LAST_PAGE: Final = {**PAGE, "next_cursor": None}
POSTS: Final = {**PAGE, "posts": [SEEN_POST]}

SENT: Final[dict[str, Any]] = {
    "Registration": {
        "username": "alice_trades",
        "email": "alice@example.com",
        "password": PASSWORD,
        "display_name": "Alice",
    },
    "Credentials": {"email": "alice@example.com", "password": PASSWORD},
    "RefreshRequest": {"refresh_token": TOKEN},
    "LogoutRequest": {"all": False},
    "ProfileChange": {
        "display_name": "Alice",
        "bio": "Swing trader. Crypto and FX.",
        "website": "https://alice.example",
    },
    "PostDraft": {
        "content": "$BTC-USD breaks out on volume. Stop below 62k. #bitcoin",
        "metadata": {
            "category": "crypto",
            "market": "btc",
            "symbol": "BTC-USD",
            "tags": ["breakout"],
            "timeframe": "4h",
        },
        "visibility": "public",
    },
    "WatchlistChange": {"symbols": ["$btc-usd", "AAPL"]},
    "UploadForm": {"file": "(the bytes)", "alt_text": "BTC-USD, four hours: a breakout above 64,000"},
}

ANSWERED: Final[dict[str, Any]] = {
    "Addresses": {
        "name": "x18",
        "version": "1.0.0",
        "docs": "/docs",
        "openapi": "/openapi.json",
        "asyncapi": "/asyncapi.json",
        "websocket": "/ws",
        "health": "/health",
    },
    "HealthView": {"status": "ok", "checks": {"postgres": "ok", "redis": "ok", "relay": "ok"}, "trouble": []},
    "TokensView": {
        "user": ME,
        "access_token": TOKEN,
        "refresh_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 900,
    },
    "TicketView": {"ticket": TOKEN, "expires_in_s": 30},
    "Success": {"success": True},
    "UserView": SEEN_USER,
    "MeUser": ME,
    "UserList": {**LAST_PAGE, "users": [FAN]},
    "FoundUsers": {**LAST_PAGE, "newest_cursor": None, "users": [FAN]},
    "FoundView": {"users": [FAN], "posts": [SEEN_POST], "total": {"users": 1, "posts": 214}, **LAST_PAGE},
    "PostView": SEEN_POST,
    "PostList": POSTS,
    "UserTimeline": {**POSTS, "user": SEEN_USER},
    "MetadataSearch": {**POSTS, "filters": {"symbol": ["BTC-USD"]}},
    "HashtagPosts": {**POSTS, "hashtag": "bitcoin"},
    "TrendingHashtags": {
        **LAST_PAGE,
        "hashtags": [{"tag": "bitcoin", "count": 512, "authors": 230}, {"tag": "eth", "count": 207, "authors": 98}],
        "timeframe": "7d",
    },
    "Watchlist": {"symbols": ["BTC-USD", "AAPL"]},
    "Suggestions": {"users": [{**FAN, "is_following": False, "is_followed_by": True}]},
    "SymbolList": {"symbols": [{"symbol": "BTC-USD", "count": 512}, {"symbol": "BTC-USD-PERP", "count": 31}]},
    "SymbolView": {
        "symbol": "BTC-USD",
        "timeframe": "7d",
        "posts_count": 3,
        "authors_count": 2,
        "posts_over_time": [
            {"start": "2026-09-03T10:00:00Z", "count": 1},
            {"start": "2026-09-03T16:00:00Z", "count": 2},
        ],
        "top_authors": [{"user": SEEN_USER, "posts_count": 2}],
        "related_symbols": [{"symbol": "ETH-USD", "count": 1}],
        "related_hashtags": [{"tag": "bitcoin", "count": 2}],
    },
    "Ticker": {"ticker": "BTC-USD", "count": 512, "authors": 230, "change": 12.5},
    "MediaView": MEDIA,
    "MediaList": {**LAST_PAGE, "media": [MEDIA]},
    "NotificationView": {**NOTIFICATION, "is_read": True},
    "NotificationList": {**PAGE, "notifications": [NOTIFICATION], "unread_count": 3},
    "UnreadCount": {"unread_count": 3},
    "AllRead": {"success": True, "updated_count": 3},
}

BODIES: Final = {**SENT, **ANSWERED}
