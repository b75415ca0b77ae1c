"""``/api/auth``."""

from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET

from x18.auth import actions, sessions
from x18.auth.schemas import Credentials, LogoutRequest, RefreshRequest, Registration, TicketView, TokensView
from x18.auth.tickets import TTL, make_ticket
from x18.core.addresses import address_of, network_of_client
from x18.core.answers import Success
from x18.core.errors import BadInput
from x18.core.http import CurrentUser, bearer_token
from x18.core.limits import Limiter, Rates
from x18.core.passwords import Passwords
from x18.core.tokens import Tokens
from x18.users import queries as users


class AuthController(Controller):
    """Registration, log-in, sessions."""

    path = "/auth"
    tags = ["auth"]
    opt = {"rate": Rates.AUTH}

    @post("/register", summary="Create an account", opt={"rate": Rates.REGISTER})
    async def register(
        self,
        data: JSONBody[Registration],
        request: Request[Any, Any, Any],
        passwords: NamedDependency[Passwords],
        tokens: NamedDependency[Tokens],
        limiter: NamedDependency[Limiter],
    ) -> TokensView:
        """Create an account and log it in. A network makes so many an hour, ten unless the server is set otherwise."""
        network = network_of_client(request)
        async with limiter.counted(limiter.registrations, network):
            owner = sessions.Owner(await actions.register(data, passwords, network))
        return await _show(await sessions.open_session(owner, _device(request), tokens), tokens)

    @post("/login", summary="Log in", status_code=200)
    async def log_in(
        self,
        data: JSONBody[Credentials],
        request: Request[Any, Any, Any],
        passwords: NamedDependency[Passwords],
        tokens: NamedDependency[Tokens],
        limiter: NamedDependency[Limiter],
    ) -> TokensView:
        """Open a session by e-mail address or username, and password."""
        owner = await actions.log_in(data, _device(request).ip, passwords, limiter)
        return await _show(await sessions.open_session(owner, _device(request), tokens), tokens)

    @post("/logout", summary="Log out", status_code=200)
    async def log_out(self, viewer: CurrentUser, data: JSONBody[LogoutRequest | None] = None) -> Success:
        """End this session at once, or all of the user's."""
        await sessions.revoke(viewer.user_id, None if data and data.all else viewer.session_id)
        return Success()

    @post("/refresh", summary="Refresh the tokens", status_code=200)
    async def refresh(
        self,
        request: Request[Any, Any, Any],
        tokens: NamedDependency[Tokens],
        data: JSONBody[RefreshRequest | None] = None,
    ) -> TokensView:
        """Exchange a refresh token, in the body or as the Bearer token, for a new pair."""
        sent = data.refresh_token if data is not None else UNSET
        token = bearer_token(request) if sent is UNSET else sent
        if token is None:
            raise BadInput.of("refresh_token", "send it in the body or as the Bearer token")
        return await _show(await sessions.rotate(str(token), tokens), tokens)


class TicketController(Controller):
    """Live connections where no header can be sent."""

    path = "/ws"
    tags = ["live"]
    opt = {"rate": Rates.AUTH}

    @post("/ticket", summary="Get a ticket for the live channel")
    async def get_ticket(self, viewer: CurrentUser, tokens: NamedDependency[Tokens]) -> TicketView:
        """For `/ws?ticket=…` or `/api/stream?ticket=…`: good once, for 30 seconds."""
        return TicketView(make_ticket(viewer, tokens), int(TTL.total_seconds()))


async def _show(pair: sessions.TokenPair, tokens: Tokens) -> TokensView:
    return TokensView(
        user=await users.get_me(pair.user_id),
        access_token=pair.access,
        refresh_token=pair.refresh,
        expires_in=int(tokens.access_ttl.total_seconds()),
    )


def _device(request: Request[Any, Any, Any]) -> sessions.Device:
    agent = request.headers.get("user-agent", "")[:512]
    return sessions.Device(agent.replace("\x00", ""), address_of(request))


controllers = [AuthController, TicketController]
