"""The durable events of the live channel, one by one.

On the wire they are made of a head and of what a feature's renderer wrote (``realtime/wire.py``); these Structs say what that comes to.
"""

from msgspec import UNSET, Struct, UnsetType

from x18.notifications.schemas import NotificationBody, NotificationsGone, NotificationsRead
from x18.posts.schemas import PostGone, PostView, RetweetBody, RetweetGone
from x18.realtime.protocol import Cursor, TopicName
from x18.users.schemas import UserView


class Durable(Struct, frozen=True):
    """The fields of all events: ``topics`` are those of the connection that the event belongs to."""

    cursor: Cursor
    topics: list[TopicName]


class Post(Durable, frozen=True, tag="post"):
    """A post was published; as everybody sees it, without the flags of a viewer. ``client_id`` is there for its author alone."""

    payload: PostView
    client_id: str | UnsetType = UNSET


class PostDeleted(Durable, frozen=True, tag="post.deleted"):
    """A post was deleted; to whoever could have received it."""

    payload: PostGone


class Retweet(Durable, frozen=True, tag="retweet"):
    """Somebody retweeted a post; to the retweeter's followers."""

    payload: RetweetBody


class RetweetDeleted(Durable, frozen=True, tag="retweet.deleted"):
    """A retweet was taken back."""

    payload: RetweetGone


class Notification(Durable, frozen=True, tag="notification"):
    """Somebody did something that concerns the user; to nobody else."""

    payload: NotificationBody


class NotificationRead(Durable, frozen=True, tag="notification.read"):
    """The user read notifications on some device: keeps the others in step."""

    payload: NotificationsRead


class NotificationDeleted(Durable, frozen=True, tag="notification.deleted"):
    """A notification was deleted or taken back, or all about a post were, with it."""

    payload: NotificationsGone


class NotificationRestored(Durable, frozen=True, tag="notification.restored"):
    """An undone action was done again: its notification stands in the list as before. It was announced once; show it without a sign."""

    payload: NotificationBody


class UserUpdated(Durable, frozen=True, tag="user.updated"):
    """A user's public profile was changed, as everybody sees it; at most once in ten seconds, with what it is by then."""

    payload: UserView


EVENTS = (
    Post,
    PostDeleted,
    Retweet,
    RetweetDeleted,
    Notification,
    NotificationRead,
    NotificationDeleted,
    NotificationRestored,
    UserUpdated,
)
