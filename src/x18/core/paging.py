"""Lists: limits, cursors and their envelope."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, NamedTuple, Protocol, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from x18.core.errors import BadInput
from x18.core.fields import Count
from x18.core.ids import MAX_ID, MIN_ID
from x18.core.order import Order, horizon

MAX_OFFSET: Final = 10_000
MOST_COUNTED: Final = 10_000
"""``total`` stops counting here."""

LONGEST_WAIT_S: Final = 1.0
"""So long a first page waits for what is being written and belongs below its newest item."""

WAIT_STEP_S: Final = 0.005

R = TypeVar("R")

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Maximum number of items.")]
Offset = Annotated[
    int, QueryParameter(ge=0, le=MAX_OFFSET, description="Number of items to skip; use `before` for deep pages.")
]


Before = Annotated[
    UUID,
    QueryParameter(
        description="A cursor: returns the items that follow it in the list. Send the `next_cursor` of the previous page."
    ),
]
After = Annotated[UUID, QueryParameter(description="A cursor: returns the items just before it in the list.")]
Total = Annotated[bool, QueryParameter(description="Whether to return `total`; counting takes time.")]


class Page(msgspec.Struct, frozen=True):
    """The part of a list that a request asks for: newest first, older than ``before``, newer than ``after``."""

    limit: int = 20
    offset: int = 0
    before: UUID | None = None
    after: UUID | None = None
    count: bool = False
    ceiling: UUID = MAX_ID
    """Only items with smaller ids are shown; set by ``read_page`` while it reads."""

    @property
    def below(self) -> UUID:
        """Items have a smaller id."""
        return min(self.before or MAX_ID, self.ceiling)

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
        """The SQL direction in which ``limit + 1`` rows are to be read, for ``read_page``."""
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


class Ends(NamedTuple):
    """The cursors at the two ends of a page, of ``Listing``."""

    next_cursor: UUID | None
    newest_cursor: UUID | None


async def read_page(
    order: Order,
    page: Page,
    read: Callable[[Page], Awaitable[Sequence[R]]],
    id_of: Callable[[R], UUID],
    *,
    oldest_first: bool = False,
) -> tuple[list[R], Ends]:
    """The rows of a page as they are shown, and its cursors.

    ``read`` gives the rows in ``page.direction``, one more than the limit where there are so many. Where the page reaches the newest
    items, what appears later is greater than all of its rows: whoever goes on after the newest one misses nothing. Only what was
    written in the last moments makes that cost anything. A poll leaves out what is not settled, a first page waits for it, and
    after ``LONGEST_WAIT_S`` shows it all the same: one sees at once what one wrote. Then its ``newest_cursor`` is below what is not settled,
    so that whoever goes on from there gets some of the page again, and misses nothing.
    """
    rows, settled = await _read_settled(order, page, read, id_of, page.after if oldest_first else page.before)
    shown = list(rows[: page.limit])
    if page.ascending:
        shown.reverse()
    if not shown:
        return shown, Ends(None, page.before if oldest_first else page.after)
    first, last = id_of(shown[0]), id_of(shown[-1])
    newest = max(first, last)
    return shown, Ends(last if page.ascending or len(rows) > page.limit else None, min(newest, settled or newest))


async def _read_settled(
    order: Order,
    page: Page,
    read: Callable[[Page], Awaitable[Sequence[R]]],
    id_of: Callable[[R], UUID],
    older_than: UUID | None,
) -> tuple[Sequence[R], UUID | None]:
    """The rows, and where they are not settled the greatest id below which they are."""
    known = horizon.known(order)  # before the rows are read, so that all below it are among them
    rows = await read(page)
    if not rows or older_than or page.offset:
        return rows, None
    newest = max(id_of(rows[0]), id_of(rows[: page.limit][-1]))
    if newest < known:
        return rows, None
    is_poll = page.before or page.after
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + LONGEST_WAIT_S
    await horizon.look()
    while not is_poll and horizon.known(order) <= newest:
        if loop.time() > give_up_at:
            return rows, UUID(int=max(0, horizon.known(order).int - 1))
        await asyncio.sleep(WAIT_STEP_S)
        await horizon.look()
    return await read(msgspec.structs.replace(page, ceiling=horizon.known(order))), None


class Listing(msgspec.Struct, kw_only=True):
    """Envelope of every list; subclasses add the items under their plural noun."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100, description="As requested.")]
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_OFFSET, description="As requested.")] = 0
    next_cursor: Annotated[
        UUID | None, msgspec.Meta(description="Send it as `before` to get the next page; null on the last page.")
    ] = None
    newest_cursor: Annotated[
        UUID | None,
        msgspec.Meta(
            description="Send it as `after` to get what is added to the list later (for replies, which are oldest first, as "
            "`before`); null for an empty list."
        ),
    ] = None
    total: Annotated[
        Count | msgspec.UnsetType, msgspec.Meta(description="Total number of items, with `count=true`.")
    ] = msgspec.UNSET


class Pageable(Protocol):
    """A listing that may have a next page."""

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
