"""Filters: which posts of a topic a client wants. OR within a key, AND between keys."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from x18.core.errors import BadInput
from x18.realtime.events import Event, EventKind
from x18.realtime.notify import NotificationKind
from x18.realtime.protocol import MAX_FILTER_BYTES, MAX_FILTER_VALUES
from x18.realtime.terms import PREFIX, term
from x18.realtime.topics import NOTIFICATION_KINDS

TERM_KEYS: Final = ("symbol", "tag", "market", "category")
"""The rarest first: under its terms a filter is found."""

TYPE_PREFIX: Final = "n:"
TYPES: Final = frozenset(kind.name.lower() for kind in NotificationKind)
"""The keys of a filter of notifications."""

NAME_OF_PREFIX: Final = {prefix: name for name, prefix in PREFIX.items()} | {TYPE_PREFIX: "type"}

MAX_VALUES: Final = 20
MAX_VALUE: Final = 64
HAS_MEDIA: Final = "media"
NO_MEDIA: Final = "no media"


class Filter(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """A compiled filter of posts or of notifications. Equal ones are one object, so an event is compared once for all who sent it."""

    groups: tuple[frozenset[str], ...] = ()
    authors: frozenset[UUID] = frozenset()
    has_media: bool | None = None

    def accepts(self, event: Event) -> bool:
        """Whether the event, which has content, is wanted. The author of a retweet's post counts, not the retweeter."""
        content = event.content
        if content is None or event.kind == EventKind.USER_UPDATED:
            return False  # a filter asks for posts
        if event.kind in NOTIFICATION_KINDS and not content.terms:
            return True  # read or gone: whoever has not got the notification ignores it, and the number of unread ones is for all
        if self.has_media is not None and content.has_media is not self.has_media:
            return False
        if self.authors and content.owner_id not in self.authors:
            return False
        return all(not group.isdisjoint(content.terms) for group in self.groups)

    @property
    def keys(self) -> list[str]:
        """Under which of the keys of ``keys_of`` the filter is to be found: an event that it accepts has at least one of them."""
        if self.groups:
            return list(self.groups[0])
        if self.authors:
            return [str(author) for author in self.authors]
        return [HAS_MEDIA if self.has_media else NO_MEDIA]

    @property
    def wanted(self) -> dict[str, Any]:
        """The filter as it was sent, in canonical form: each value once, sorted."""
        shown: dict[str, Any] = {}
        for group in self.groups:
            values = sorted(group)
            shown[NAME_OF_PREFIX[values[0][:2]]] = [value[2:] for value in values]
        if self.authors:
            shown["author"] = [str(author) for author in sorted(self.authors)]
        if self.has_media is not None:
            shown["has_media"] = self.has_media
        return shown

    @property
    def size(self) -> tuple[int, int]:
        """The number of values, and their bytes together."""
        values = sum(map(len, self.groups)) + len(self.authors) + (self.has_media is not None)
        texts = sum(len(value.encode()) - 2 for group in self.groups for value in group)
        return values, texts + 36 * len(self.authors)


_made: WeakValueDictionary[Any, Filter] = WeakValueDictionary()
"""The filters that connections have, by what they want; no more are kept."""


def check_budget(filters: Iterable[Filter | None]) -> None:
    """Nothing where one connection may have all of these.

    Raises:
        BadInput: ``filters_too_large``.
    """
    sizes = [chosen.size for chosen in filters if chosen is not None]
    values, size = sum(one[0] for one in sizes), sum(one[1] for one in sizes)
    if values > MAX_FILTER_VALUES or size > MAX_FILTER_BYTES:
        raise BadInput(
            f"The filters of a connection have at most {MAX_FILTER_VALUES} values and {MAX_FILTER_BYTES} bytes together; with these "
            f"they would have {values} and {size}: ask for less, or on another connection.",
            code="filters_too_large",
        )


def keys_of(event: Event) -> Iterator[str]:
    """The keys under which filters that may accept an event are found."""
    content = event.content
    if content is not None:
        yield from content.terms
        yield str(content.owner_id)
        yield HAS_MEDIA if content.has_media else NO_MEDIA


def type_term(kind: NotificationKind) -> str:
    """The term of notifications of a kind."""
    return TYPE_PREFIX + kind.name.lower()


def parse_notification_filter(sent: dict[str, Any] | None) -> Filter | None:
    """The same for notifications, which are chosen by ``type``."""
    if not sent:
        return None
    if unknown := sent.keys() - {"type"}:
        raise _bad(f"a filter of notifications has no key {min(unknown)!r}: use type")
    values = _values(sent, "type")
    if unknown := {*values} - TYPES:
        raise _bad(f"there is no notification type {min(unknown)!r}: use {', '.join(sorted(TYPES))}")
    return _one_of((frozenset(TYPE_PREFIX + value for value in values),), frozenset(), None) if values else None


def parse_filter(sent: dict[str, Any] | None) -> Filter | None:
    """The filter; None where everything is wanted.

    Raises:
        BadInput: ``bad_filter``: an unknown key or a bad value.
    """
    if not sent:
        return None
    if unknown := sent.keys() - {*TERM_KEYS, "author", "has_media"}:
        raise _bad(f"a filter has no key {min(unknown)!r}: use {', '.join(TERM_KEYS)}, author or has_media")
    groups = tuple(_group(key, values) for key in TERM_KEYS if (values := _values(sent, key)))
    authors = frozenset(_authors(_values(sent, "author")))
    has_media = sent.get("has_media")
    if has_media is not None and not isinstance(has_media, bool):
        raise _bad("has_media must be true or false")
    if not groups and not authors and has_media is None:
        return None
    return _one_of(groups, authors, has_media)


def _group(key: str, values: list[str]) -> frozenset[str]:
    terms = frozenset(term(key, value) for value in values)
    if PREFIX[key] in terms:
        raise _bad(f"{key} must not contain a value without a letter, a digit or a sign")
    return terms


def _one_of(groups: tuple[frozenset[str], ...], authors: frozenset[UUID], has_media: bool | None) -> Filter:
    key = (groups, authors, has_media)
    made = _made.get(key)
    if made is None:
        made = _made[key] = Filter(groups, authors, has_media)
    return made


def _values(sent: dict[str, Any], key: str) -> list[str]:
    values = sent.get(key)
    if values is None:
        return []
    if isinstance(values, str):
        values = [values]
    if (
        not isinstance(values, list)
        or len(values) > MAX_VALUES
        or not all(isinstance(value, str) and 0 < len(value.strip()) <= MAX_VALUE for value in values)
    ):
        raise _bad(f"{key} must be a list of at most {MAX_VALUES} texts of at most {MAX_VALUE} characters")
    return values


def _authors(values: list[str]) -> list[UUID]:
    try:
        return [UUID(value) for value in values]
    except ValueError as error:
        raise _bad("author must be a list of user ids") from error


def _bad(detail: str) -> BadInput:
    return BadInput(f"Bad filter: {detail}.", code="bad_filter")
