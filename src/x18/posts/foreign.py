"""Fields of posts that clients of the original system send, in X18's terms. Nothing is published wider than it was meant.

Fields that nobody knows are ignored everywhere else; here one that narrows who may see would be ignored at the author's cost.
"""

import re
from typing import Any, Final

import msgspec

from x18.core.errors import BadInput

OURS: Final = ("content", "metadata", "media_ids", "visibility", "reply_to_id", "client_id")
PRICED: Final = ("access_level", "price_cents", "is_premium")
NARROWING: Final = (
    "audience", "is_private", "private", "followers_only", "is_followers_only", "subscribers_only", "is_subscribers_only",
    "price", "is_paid", "paid", "paywall", "is_paywalled", "is_locked", "tier", "tier_id", "subscription_tier", "group_id",
    "visible_to", "access", "subscriber_only", "for_subscribers", "members_only", "is_members_only",
    "exclusive", "is_exclusive", "premium", "locked", "hidden", "is_hidden", "unlisted", "is_unlisted", "direct", "is_direct", "min_tier",
    "recipients", "recipient_ids", "allowed_users", "allowed_user_ids", "circle_id", "community_id", "list_id", "channel_id", "draft",
    "is_draft", "scheduled_at", "scheduled_for", "publish_at",
)  # fmt: skip
"""Names by which other systems, or later versions of this one, limit who sees a post, or when."""

REPLIES: Final = (
    "reply_policy",
    "who_can_reply",
    "reply_audience",
    "reply_settings",
    "replies_disabled",
    "disable_replies",
)
KNOWN: Final = {name.replace("_", ""): name for name in (*OURS, *PRICED, *NARROWING, *REPLIES)}
LONGEST: Final = 32

FREE: Final = frozenset({"", "free", "public", "everyone", "all", "none"})
ZERO: Final = re.compile(r"-?0+(\.0*)?([eE][+-]?\d+)?", re.ASCII)
FOLLOWERS: Final = frozenset({"followers", "followers-only", "followers_only"})


def translate(sent: dict[str, Any]) -> dict[str, Any]:
    """The same with our names, and without what says only that everybody may see it.

    Raises:
        BadInput: one thing said twice and differently; ``paywall_unavailable``, ``visibility_unsupported`` and
            ``reply_policy_unavailable`` for limits that this server does not have.
    """
    ours: dict[str, Any] = {}
    for key, value in sent.items():
        _put(ours, _name_of(key), value)
    for name in (*PRICED, *NARROWING):
        if name in ours:
            _narrow(ours, name, ours.pop(name))
    for name in REPLIES:
        if not _is_free(ours.pop(name, None)):
            raise _refusal(name, "reply_policy_unavailable", "is not supported yet: everyone can reply")
    return ours


def _name_of(key: str) -> str:
    """``mediaIds``, ``MediaIds`` and ``media-ids`` are ``media_ids``; other names stay."""
    if len(key) > LONGEST:
        return key
    return KNOWN.get(key.replace("_", "").replace("-", "").lower(), key)


def _put(ours: dict[str, Any], name: str, value: Any) -> None:
    if ours.get(name) is not None:
        if value is None or value == ours[name]:
            return
        raise BadInput.of(name, "was sent twice with different values: send it once")
    ours[name] = value


def _narrow(ours: dict[str, Any], name: str, value: Any) -> None:
    if _is_free(value):
        return
    if isinstance(value, str) and value.lower() in FOLLOWERS and name in ("access_level", "access", "audience"):
        _put(ours, "visibility", "followers")
    elif name in PRICED:
        raise _refusal(
            name, "paywall_unavailable", "is not supported, as posts cannot be sold: leave it out, or set visibility"
        )
    else:
        raise _refusal(
            name,
            "visibility_unsupported",
            "is not supported: visibility says who can see a post, and it is published at once",
        )


def _is_free(value: Any) -> bool:
    """Whether it limits nobody. A number comes as text, or as it was written."""
    if value is None or value is False:
        return True
    if not isinstance(value, str | msgspec.Raw):
        return False
    text = value if isinstance(value, str) else bytes(value).decode()
    return text.lower() in FREE or ZERO.fullmatch(text) is not None


def _refusal(field: str, code: str, message: str) -> BadInput:
    return BadInput(f"{field}: {message}", code=code, fields=((field, message),))
