"""Lists: limits, cursors and their envelope."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Protocol, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from x18.core.errors import BadInput
from x18.core.fields import Count
from x18.core.ids import MAX_ID

MIN_ID: Final = UUID(int=0)
MAX_OFFSET: Final = 10_000
MOST_COUNTED: Final = 10_000
"""``total`` stops counting here."""

R = TypeVar("R")

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="How many items at most.")]
Offset = Annotated[
    int, QueryParameter(ge=0, le=MAX_OFFSET, description="How many items to skip; for deep pages use `before`.")
]


Before = Annotated[
    UUID,
    QueryParameter(
        description="A cursor: the items that come after it in the list, so `next_cursor` of the last page."
    ),
]
After = Annotated[
    UUID, QueryParameter(description="A cursor: the items that come before it in the list, those next to it.")
]
Total = Annotated[bool, QueryParameter(description="Whether `total` is wanted; counting takes time.")]


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for: newest first, older than ``before``, newer than ``after``."""

    limit: int = 20
    offset: int = 0
    before: UUID | None = None
    after: UUID | None = None
    count: bool = False

    @property
    def below(self) -> UUID:
        """Items have a smaller id."""
        return self.before or MAX_ID

    @property
    def above(self) -> UUID:
        """Items have a greater id."""
        return self.after or MIN_ID

    @property
    def ascending(self) -> bool:
        """``after`` alone asks for the items next to the cursor: read upwards from it, then shown newest first."""
        return self.after is not None and self.before is None

    @property
    def direction(self) -> str:
        """The SQL direction in which ``limit + 1`` rows are to be read, for ``cut``."""
        return "ASC" if self.ascending else "DESC"


async def provide_page(
    request: Request[Any, Any, Any],
    limit: Limit = 20,
    offset: Offset = 0,
    before: Before = MAX_ID,
    after: After = MIN_ID,
    count: Total = False,
) -> Page:
    """The page of the query string. The cursors are no optionals: of such ``before=null`` would be one.

    Raises:
        BadInput: a cursor together with an offset, be it 0.
    """
    page = Page(limit, offset, before if before != MAX_ID else None, after if after != MIN_ID else None, count)
    if "offset" in request.query_params and (page.before or page.after):
        raise BadInput.of("offset", "use either a cursor (before, after) or offset, not both")
    return page


def cut(rows: Sequence[R], page: Page, id_of: Callable[[R], UUID]) -> tuple[list[R], UUID | None]:
    """The rows of the page, newest first, and the cursor of the next one.

    ``rows`` were read in ``page.direction``, one more than the limit where there are so many.
    """
    shown = list(rows[: page.limit])
    if page.ascending:
        shown.reverse()
    older = bool(shown) and (page.ascending or len(rows) > page.limit)
    return shown, id_of(shown[-1]) if older else None


class Listing(msgspec.Struct, kw_only=True):
    """Envelope of every list; subclasses add the items under their plural noun."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100, description="What was asked for.")]
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_OFFSET, description="What was asked for.")] = 0
    next_cursor: Annotated[UUID | None, msgspec.Meta(description="The `before` of the next page; null at the end.")] = (
        None
    )
    total: Annotated[
        Count | msgspec.UnsetType, msgspec.Meta(description="How many there are in all, with `count=true`.")
    ] = msgspec.UNSET


class Pageable(Protocol):
    """What may have a next page."""

    next_cursor: UUID | None


L = TypeVar("L", bound=Pageable)


def listed(request: Request, listing: L, *, next_offset: int | None = None) -> Response[L]:  # type: ignore[type-arg]
    """The answer with a ``Link`` to the next page (RFC 8288) where there is one: by cursor, or by offset in lists without."""
    if listing.next_cursor is not None:
        step = ("before", str(listing.next_cursor))
    elif next_offset is not None and next_offset <= MAX_OFFSET:
        step = ("offset", str(next_offset))
    else:
        return Response(listing)
    asked = request.query_params
    # Of a list that is bounded on both sides the older bound stays; ``after`` alone only said where to begin.
    replaced = ("before", "offset") if "before" in asked else ("before", "offset", "after")
    query = [(k, v) for k, v in asked.multi_items() if k not in replaced]
    query.append(step)
    # The path came decoded: a header holds no Cyrillic, and a bare ``#`` or ``?`` would end it.
    return Response(listing, headers={"Link": f'<{quote(request.scope["path"])}?{urlencode(query)}>; rel="next"'})
