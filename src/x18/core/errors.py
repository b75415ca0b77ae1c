"""Everything that can be answered with an error, over HTTP and over sockets alike."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar


class Problem(Exception):
    """An error that a client is told about.

    ``status`` is an HTTP status, ``code`` stable and snake_case, ``detail`` one sentence that says what to do. ``fields`` names
    each bad input: (field, message).
    """

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: str = "internal_error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        fields: tuple[tuple[str, str], ...] = (),
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.fields = fields
        self.retry_after_s = retry_after_s
        self.headers = dict(headers or {})


class BadInput(Problem):
    """The input cannot be accepted."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad_input"

    @classmethod
    def of(cls, field: str, message: str) -> "BadInput":
        """The error of one field."""
        return cls(f"{field}: {message}", fields=((field, message),))


class NotAuthenticated(Problem):
    """No token, or one that is not good (any more)."""

    status = HTTPStatus.UNAUTHORIZED
    code = "not_authenticated"


class Forbidden(Problem):
    """Known, but not allowed."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(Problem):
    """No such thing, or none that the viewer may see."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Conflict(Problem):
    """Taken."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class TooLarge(Problem):
    """More bytes than are accepted."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class UnsupportedMedia(Problem):
    """A kind of file that is not accepted."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class NoSuchRange(Problem):
    """A part of a file that it does not have."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    code = "range_not_satisfiable"


class UpgradeRequired(Problem):
    """Spoken to in HTTP where another protocol is spoken."""

    status = HTTPStatus.UPGRADE_REQUIRED
    code = "upgrade_required"


class TooManyRequests(Problem):
    """Over a rate limit."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"


class Unavailable(Problem):
    """A part is down or too busy; nothing was done, asking again is right."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
