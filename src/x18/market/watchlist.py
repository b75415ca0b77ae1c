"""The symbols that a user watches, kept with the account."""

from uuid import UUID

from x18.core import db
from x18.core.errors import BadInput
from x18.market.schemas import MOST_WATCHED
from x18.market.symbols import clean_symbol


async def read_watchlist(user_id: UUID) -> list[str]:
    """The symbols in the user's order; none where no list was ever put."""
    return await db.fetch_value("SELECT symbols FROM watchlists WHERE user_id = $1", user_id) or []


async def put_watchlist(user_id: UUID, sent: list[str]) -> list[str]:
    """Put a list in the place of the one that there is. As it is kept: each symbol once, in its canonical form.

    Raises:
        BadInput: more than 100, or names the one that is no symbol.
    """
    if len(sent) > MOST_WATCHED:
        raise BadInput.of("symbols", f"must hold at most {MOST_WATCHED}")
    symbols = list(dict.fromkeys(clean_symbol(f"symbols[{place}]", symbol) for place, symbol in enumerate(sent)))
    await db.execute(
        """INSERT INTO watchlists (user_id, symbols) VALUES ($1, $2)
           ON CONFLICT (user_id) DO UPDATE SET symbols = EXCLUDED.symbols, updated_at = now()""",
        user_id,
        symbols,
    )
    return symbols
