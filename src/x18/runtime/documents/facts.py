"""Errors and habits of each REST operation beyond what its signature says."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Facts(NamedTuple):
    """``codes`` of errors by status; ``tagged`` answers carry an ETag; ``once``: takes an Idempotency-Key; ``repeatable``: 201 the first
    time, 200 after that; ``by_offset``: a list without cursors.
    """

    codes: Mapping[int, tuple[str, ...]] = {}
    tagged: bool = False
    once: bool = False
    repeatable: bool = False
    by_offset: bool = False


REFUSED_TOKEN: Final = ("invalid_token", "token_expired", "session_revoked")
REFUSED: Final = ("not_authenticated", *REFUSED_TOKEN)
NO_POST: Final = {404: ("post_not_found",)}
NO_USER: Final = {404: ("user_not_found",)}
NO_MEDIA: Final = {404: ("media_not_found",)}
NO_NOTIFICATION: Final = {404: ("notification_not_found",)}
TAKEN: Final = {409: ("username_taken", "email_taken")}
UNSELLABLE: Final = ("bad_input", "paywall_unavailable", "visibility_unsupported", "reply_policy_unavailable")
KEY_REUSED: Final = {409: ("idempotency_key_reused",)}

FACTS: Final[dict[str, Facts]] = {
    "auth_register": Facts({**TAKEN, 503: ("unavailable", "busy")}),
    "auth_log_in": Facts({401: ("invalid_credentials",), 503: ("unavailable", "busy")}),
    "auth_refresh": Facts({401: ("invalid_token", "token_expired", "session_revoked", "refresh_token_reused")}),
    "users_show_me": Facts(NO_USER),
    "users_change_me": Facts({**NO_USER, 409: (*TAKEN[409], "too_many_names")}),
    "users_show": Facts(NO_USER, tagged=True),
    "users_show_by_username": Facts(NO_USER, tagged=True),
    "users_followers": Facts(NO_USER),
    "users_following": Facts(NO_USER),
    "users_posts": Facts(NO_USER),
    "users_follow": Facts({**NO_USER, 400: ("cannot_follow_yourself", "too_many_follows")}, repeatable=True),
    "users_unfollow": Facts(NO_USER),
    "posts_create": Facts({400: UNSELLABLE, **NO_POST, **KEY_REUSED}, once=True),
    "posts_show": Facts(NO_POST, tagged=True),
    "posts_remove": Facts({**NO_POST, 403: ("not_your_post",)}),
    "posts_replies": Facts(NO_POST),
    "posts_like": Facts(NO_POST, repeatable=True),
    "posts_unlike": Facts(NO_POST),
    "posts_retweet": Facts({**NO_POST, 403: ("not_retweetable",)}, repeatable=True),
    "posts_unretweet": Facts(NO_POST),
    "posts_bookmark": Facts(NO_POST, repeatable=True),
    "posts_unbookmark": Facts(NO_POST),
    "timeline_search": Facts({400: ("bad_input", "filter_required")}),
    "timeline_of_user": Facts(NO_USER),
    "search_users": Facts(by_offset=True),
    "search_trending_hashtags": Facts(by_offset=True),
    "media_upload": Facts(
        {
            400: ("bad_input", "bad_media"),
            415: ("unsupported_media_type",),
            429: ("rate_limited", "media_quota_exceeded"),
            503: ("unavailable", "storage_full"),
            **KEY_REUSED,
        },
        once=True,
    ),
    "media_show": Facts(NO_MEDIA),
    "media_remove": Facts({**NO_MEDIA, 403: ("not_your_media",)}),
    "media_of_user": Facts(NO_USER),
    "notifications_mark_read": Facts(NO_NOTIFICATION),
    "notifications_remove": Facts(NO_NOTIFICATION),
}


def errors_of(operation: dict[str, Any], facts: Facts, *, is_limited: bool) -> dict[int, tuple[str, ...]]:
    """The codes of the errors that it can answer, by status."""
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    found: dict[int, tuple[str, ...]] = {}
    if "query" in places or "header" in places or "requestBody" in operation or "path" in places:
        found[400] = ("bad_input",)
    if "requestBody" in operation:
        found[413] = ("too_large",)
    if places:
        found |= {414: ("uri_too_long",), 431: ("head_too_large",)}
    if "path" in places:
        found[404] = ("not_found",)
    if "security" in operation:
        found[401] = REFUSED_TOKEN if {} in operation["security"] else REFUSED
    if is_limited:
        found |= {429: ("rate_limited",), 503: ("unavailable",)}
    return {**found, **facts.codes}
