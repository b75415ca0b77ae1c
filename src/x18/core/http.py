"""The viewer of a request, read from its token once."""

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from structlog.contextvars import bind_contextvars

from x18.core.errors import NotAuthenticated
from x18.core.limits import limit_rate
from x18.core.viewer import Viewer

CurrentUser = NamedDependency[Viewer]
"""A handler with ``viewer: CurrentUser`` needs a good token: 401 without."""

Visitor = NamedDependency[Viewer | None]
"""A handler with ``visitor: Visitor`` takes a token where one is sent; a bad one is a 401, never silently anonymous."""


async def identify(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of all API routes: reads the token where the handler's signature asks for a viewer.

    As a guard it runs before the body is read, so that a stranger is told 401 whatever was sent. A 401 counts against the limit
    of the address: a flood of forged tokens ends in 429.
    """
    try:
        await _identify(connection, handler)
    except NotAuthenticated:
        await limit_rate(connection, handler)
        raise


async def _identify(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    wanted = handler.parsed_fn_signature.parameters
    if "viewer" not in wanted and "visitor" not in wanted:
        return
    token = bearer_token(connection)
    if token is None and "viewer" in wanted:
        raise NotAuthenticated("Send an access token: Authorization: Bearer <token>.")
    viewer = await connection.app.state.authenticate(token) if token is not None else None
    connection.scope["state"]["viewer"] = viewer
    if viewer is not None:
        bind_contextvars(user_id=str(viewer.user_id))


def bearer_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The token of the ``Authorization`` header; None without the header.

    Raises:
        NotAuthenticated: the header holds something else.
    """
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("The Authorization header must have the form: Bearer <token>.", code="invalid_token")
    return token.strip()


async def provide_viewer(request: Request[Any, Any, Any]) -> Viewer:
    """The viewer that ``identify`` found."""
    viewer: Viewer = request.scope["state"]["viewer"]
    return viewer


async def provide_visitor(request: Request[Any, Any, Any]) -> Viewer | None:
    """The viewer that ``identify`` found, if any."""
    visitor: Viewer | None = request.scope["state"]["viewer"]
    return visitor


DEPENDENCIES: Final = {"viewer": Provide(provide_viewer), "visitor": Provide(provide_visitor)}
