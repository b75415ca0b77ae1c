"""Answers that say nothing but that it is done: existing clients parse every body, so none is empty."""

import msgspec


class Success(msgspec.Struct, kw_only=True):
    """Done."""

    success: bool = True
