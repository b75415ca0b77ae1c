"""Realistic values for the examples of both documents."""

from typing import Any, Final

CURSOR: Final = "5f0c9a1e.48213"
CONNECTION_ID: Final = "01990c1e-6a55-7c1f-9d3b-2f6f3f1f8a10"
USER_ID: Final = "01990b7a-41c7-7d0e-8f57-6b1f6a3f0c21"
FAN_ID: Final = "01990b7c-0a4d-7b55-a0e2-19cdb2a0b9d4"
POST_ID: Final = "01990c1d-93f2-7a66-b1a4-7c0d5e8f2b33"
MEDIA_ID: Final = "01990c1c-7d10-7e21-8c44-0a9b8c7d6e5f"
NOTIFICATION_ID: Final = "01990c20-5b7e-7f13-9a28-3d4c5b6a7f81"
NEXT_CURSOR: Final = "01990a55-1f2e-7d3c-8b4a-5c6d7e8f9a0b"
NEWEST_CURSOR: Final = "01990a7c-4b1d-7a52-9c3e-2f8d6b0a1e47"
TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk5MGI3YSJ9.c2lnbmF0dXJl"  # noqa: S105
PASSWORD: Final = "correct horse battery"  # noqa: S105

USER: Final[dict[str, Any]] = {
    "id": USER_ID,
    "username": "alice_trades",
    "display_name": "Alice",
    "bio": "Swing trader. Crypto and FX.",
    "location": "Lisbon",
    "website": "https://alice.example",
    "avatar_url": f"/storage/media/{MEDIA_ID}_thumb.webp",
    "header_url": "",
    "verified": True,
    "subscription_price": 9.99,
    "followers_count": 1204,
    "following_count": 87,
    "posts_count": 311,
    "private_account": False,
    "created_at": "2026-03-02T09:14:07Z",
}
FAN: Final[dict[str, Any]] = {
    **USER,
    "id": FAN_ID,
    "username": "bob_fx",
    "display_name": "Bob",
    "bio": "",
    "location": "",
    "website": "",
    "avatar_url": "",
    "verified": False,
    "subscription_price": 0.0,
    "followers_count": 12,
    "following_count": 40,
    "posts_count": 3,
}
ME: Final[dict[str, Any]] = {
    **USER,
    "email": "alice@example.com",
    "updated_at": "2026-09-01T08:00:00Z",
    "last_active_at": "2026-09-03T16:20:11Z",
}
MEDIA: Final[dict[str, Any]] = {
    "id": MEDIA_ID,
    "user_id": USER_ID,
    "post_id": POST_ID,
    "type": "image",
    "mime_type": "image/png",
    "url": f"/storage/media/{MEDIA_ID}.png",
    "thumbnail_url": f"/storage/media/{MEDIA_ID}_thumb.webp",
    "alt_text": "BTC-USD, four hours: a breakout above 64,000",
    "width": 1600,
    "height": 900,
    "duration_ms": None,
    "size_bytes": 182340,
    "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    "status": "ready",
    "created_at": "2026-09-03T16:18:52Z",
}
POST: Final[dict[str, Any]] = {
    "id": POST_ID,
    "user_id": USER_ID,
    "user": USER,
    "content": "$BTC-USD breaks out on volume. Stop below 62k. #bitcoin @bob_fx",
    "metadata": {"category": "crypto", "market": "btc", "symbol": "BTC-USD", "tags": ["breakout"], "timeframe": "4h"},
    "media": [MEDIA],
    "hashtags": ["bitcoin"],
    "mentions": ["bob_fx"],
    "visibility": "public",
    "reply_to_id": None,
    "reply_to_user": None,
    "root_post_id": None,
    "likes_count": 3,
    "retweets_count": 1,
    "replies_count": 0,
    "bookmarks_count": 2,
    "created_at": "2026-09-03T16:20:11Z",
    "updated_at": "2026-09-03T16:20:11Z",
}
SEEN_USER: Final = {**USER, "is_following": True, "is_followed_by": False}
SEEN_POST: Final = {**POST, "user": SEEN_USER, "is_liked": True, "is_retweeted": False, "is_bookmarked": False}
NOTIFICATION: Final[dict[str, Any]] = {
    "id": NOTIFICATION_ID,
    "user_id": USER_ID,
    "actor_id": FAN_ID,
    "actor": FAN,
    "type": "like",
    "post_id": POST_ID,
    "post": POST,
    "is_read": False,
    "created_at": "2026-09-03T16:21:40Z",
}
