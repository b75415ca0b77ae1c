"""An example of each message of the live channel."""

from typing import Any, Final

import msgspec

from x18.realtime.protocol import Limits
from x18.runtime.documents import samples

COUNTS: Final = {"likes_count": 4, "retweets_count": 1, "replies_count": 0, "bookmarks_count": 2}
FILTERED: Final = {"topic": "symbol:BTC-USD", "filter": {"category": ["crypto"], "has_media": True}}


def _event(kind: str, topics: list[str], payload: Any) -> dict[str, Any]:
    return {"type": kind, "cursor": samples.CURSOR, "topics": topics, "payload": payload}


CLIENT: Final[list[dict[str, Any]]] = [
    {"type": "auth", "id": 1, "payload": {"token": samples.TOKEN}},
    {"type": "subscribe", "id": 2, "payload": {"topics": [{"topic": "explore"}, FILTERED]}},
    {"type": "unsubscribe", "id": 3, "payload": {"topics": ["symbol:BTC-USD"]}},
    {"type": "watch", "id": 4, "payload": {"posts": [samples.POST_ID]}},
    {"type": "unwatch", "id": 5, "payload": {"posts": [samples.POST_ID]}},
    {
        "type": "call",
        "id": 6,
        "payload": {"method": "GET", "path": "/api/timeline/explore", "query": {"limit": 20, "symbol": ["BTC-USD"]}},
    },
    {"type": "ping", "id": 7, "payload": "still there?"},
]

CONTROL: Final[list[dict[str, Any]]] = [
    {
        "type": "connected",
        "payload": {
            "connection_id": samples.CONNECTION_ID,
            "user_id": samples.USER_ID,
            "cursor": samples.CURSOR,
            "epoch": "5f0c9a1e",
            "limits": msgspec.to_builtins(Limits()),
            "heartbeat_s": 25,
            "protocol": "x18.v1",
        },
    },
    {"type": "ok", "id": 2, "payload": {"topics": [{"topic": "explore"}, FILTERED], "user_id": samples.USER_ID}},
    {
        "type": "error",
        "id": 2,
        "payload": {"code": "unknown_topic", "detail": "There is no topic 'hom': use home, notifications, explore, …"},
    },
    {"type": "result", "id": 6, "payload": {"status": 200, "headers": {}, "body": {"unread_count": 3}}},
    {"type": "pong", "id": 7, "payload": "still there?"},
    {"type": "heartbeat", "payload": {"cursor": samples.CURSOR}},
    {"type": "replayed", "payload": {"cursor": samples.CURSOR, "events": 17}},
    {
        "type": "gap",
        "payload": {"reason": "cursor_too_old", "cursor": samples.CURSOR, "backfill": ["/api/timeline/home"]},
    },
    {"type": "counts", "payload": {"posts": {samples.POST_ID: COUNTS}}},
    {"type": "test", "topics": ["test?rate=50"], "payload": {"number": 1834, "sent_at": 1788452411250}},
    {"type": "auth_expiring", "payload": {"expires_in_s": 60}},
    {"type": "reconnect", "payload": {"after_ms": 1700}},
]

EVENTS: Final[list[dict[str, Any]]] = [
    _event("post", ["home", "symbol:BTC-USD"], samples.POST),
    _event("post.deleted", ["home"], {"id": samples.POST_ID}),
    _event(
        "retweet",
        ["home"],
        {"post": samples.POST, "retweeted_by": samples.FAN, "retweeted_at": "2026-09-03T16:25:02Z"},
    ),
    _event("retweet.deleted", ["home"], {"id": samples.POST_ID, "retweeted_by": samples.FAN_ID}),
    _event("notification", ["notifications"], {**samples.NOTIFICATION, "unread_count": 3}),
    _event("notification.read", ["notifications"], {"all": True, "unread_count": 0}),
    _event("notification.deleted", ["notifications"], {"id": samples.NOTIFICATION_ID, "unread_count": 2}),
    _event("notification.restored", ["notifications"], {**samples.NOTIFICATION, "is_read": True, "unread_count": 2}),
    _event("user.updated", ["home"], samples.FAN),
]

EXAMPLES: Final = {example["type"]: example for example in (*CLIENT, *CONTROL, *EVENTS)}
"""By type of message."""
