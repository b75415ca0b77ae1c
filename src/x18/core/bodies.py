"""JSON bodies, read by the letter: Litestar itself takes ``0`` for false and ``"5"`` for 5."""

import re
from typing import Any, Final

import msgspec
from litestar import Request

from x18.core.errors import BadInput

PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`$")
MISSING: Final = re.compile(r"Object missing required field `(.+)`")
MAX_ECHO: Final = 300
"""A message may hold the value that was sent, of any length."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON is the Struct that its handler takes."""

    async def json(self) -> Any:
        """The body.

        Raises:
            BadInput: it is no JSON, or names the field that has another type.
        """
        field = self.route_handler.parsed_data_field
        try:
            return msgspec.json.decode(await self.body(), type=field.annotation if field is not None else Any)
        except msgspec.ValidationError as error:
            message = str(error)
            if missing := MISSING.fullmatch(message):
                raise BadInput.of(missing[1], "is required") from error
            place = PLACE.search(message)
            raise BadInput.of((place and place[1]) or "body", PLACE.sub("", message)[:MAX_ECHO]) from error
        except msgspec.DecodeError as error:
            raise BadInput(f"The body is not JSON: {error}.") from error
