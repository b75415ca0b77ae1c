"""The filters of timelines: which terms a post must have."""

from typing import Annotated, Final

import msgspec
from litestar.params import QueryParameter

from x18.core.errors import BadInput
from x18.core.text import clean_text
from x18.realtime.terms import PREFIX, term

MAX_VALUES: Final = 20
MAX_VALUE: Final = 64

Values = Annotated[
    list[str] | None, QueryParameter(description="Repeat it for OR; different filters are joined by AND.")
]


class Filters(msgspec.Struct, frozen=True):
    """The filter of a request, by name, and the same as groups of terms: OR within a group, AND between them."""

    by_name: dict[str, list[str]] = {}
    groups: list[list[str]] = []

    @property
    def single(self) -> tuple[str, str] | None:
        """The column and the value where the filter is one category or one market, which have indexes of their own."""
        names = list(self.by_name)
        if len(names) == 1 and names[0] in ("category", "market") and len(self.groups[0]) == 1:
            return names[0], self.groups[0][0][2:]
        return None

    @property
    def single_value(self) -> list[str]:
        """The value of ``single`` as arguments of a query; none where there is no such filter."""
        return [self.single[1]] if self.single else []

    def condition(self, alias: str, first: int) -> str:
        """SQL over ``alias.terms``; the groups are the arguments from ``$first`` on."""
        parts = [f"{alias}.terms && ${place}::text[]" for place in range(first, first + len(self.groups))]
        return " AND ".join(parts) or "true"


async def provide_filters(
    category: Values = None, market: Values = None, symbol: Values = None, tag: Values = None
) -> Filters:
    """The filters of the query string.

    Raises:
        BadInput: too many values, or one that no post can have.
    """
    sent = {"category": category, "market": market, "symbol": symbol, "tag": tag}
    by_name: dict[str, list[str]] = {}
    for name, values in sent.items():
        if values and len(values) > MAX_VALUES:
            raise BadInput.of(name, f"at most {MAX_VALUES} values")
        cleaned = [clean_text(name, value, most=MAX_VALUE) for value in values or []]
        if kept := [value for value in cleaned if value]:
            by_name[name] = kept
    groups = [[term(name, value) for value in values] for name, values in by_name.items()]
    for name, group in zip(by_name, groups, strict=True):
        if PREFIX[name] in group:
            raise BadInput.of(name, "must not contain a value without a letter, a digit or a sign")
    return Filters(by_name, groups)
