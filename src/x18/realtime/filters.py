"""Filters: which posts of a topic a client wants. OR within a key, AND between keys."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import msgspec

from x18.core.errors import BadInput
from x18.realtime.events import Event
from x18.realtime.terms import PREFIX, term

TERM_KEYS: Final = ("symbol", "tag", "market", "category")
"""The rarest first: under its terms a filter is found."""

MAX_VALUES: Final = 20
MAX_VALUE: Final = 64
HAS_MEDIA: Final = "media"
NO_MEDIA: Final = "no media"


class Filter(msgspec.Struct, frozen=True):
    """A compiled filter. ``wanted`` is what was sent, in its canonical form."""

    wanted: dict[str, Any]
    groups: tuple[frozenset[str], ...] = ()
    authors: frozenset[UUID] = frozenset()
    has_media: bool | None = None

    def accepts(self, event: Event) -> bool:
        """Whether the event, which has content, is wanted. The author of a retweet's post counts, not the retweeter."""
        content = event.content
        if content is None:
            return False
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


def keys_of(event: Event) -> Iterator[str]:
    """The keys under which filters that may accept an event are found."""
    content = event.content
    if content is not None:
        yield from content.terms
        yield str(content.owner_id)
        yield HAS_MEDIA if content.has_media else NO_MEDIA


def parse_filter(sent: dict[str, Any] | None) -> Filter | None:
    """The filter; None where everything is wanted.

    Raises:
        BadInput: ``bad_filter``: an unknown key or a bad value.
    """
    if not sent:
        return None
    if unknown := sent.keys() - {*TERM_KEYS, "author", "has_media"}:
        raise _bad(f"a filter has no key {min(unknown)!r}: use {', '.join(TERM_KEYS)}, author or has_media")
    wanted: dict[str, Any] = {}
    groups = []
    for key in TERM_KEYS:
        if values := _values(sent, key):
            terms = [term(key, value) for value in values]
            if PREFIX[key] in terms:
                raise _bad(f"{key} must hold no value without a letter, a digit or a sign")
            groups.append(frozenset(terms))
            wanted[key] = [found[2:] for found in terms]
    authors = _authors(_values(sent, "author"))
    if authors:
        wanted["author"] = [str(author) for author in authors]
    has_media = sent.get("has_media")
    if has_media is not None:
        if not isinstance(has_media, bool):
            raise _bad("has_media must be true or false")
        wanted["has_media"] = has_media
    return Filter(wanted, tuple(groups), frozenset(authors), has_media) if wanted else None


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
