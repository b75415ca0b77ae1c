"""A server and an account at it, for the programs here: logs in, and keeps its access token fresh."""

import argparse
import asyncio
import os
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
from dotenv import dotenv_values

SPARE_S = 30.0
"""A token is renewed this long before it expires."""

PATIENCE_S = 75
"""A limit that passes sooner, as those of a minute do, is waited for; of one that lasts longer the user is told."""

TOO_MANY = "(how many accounts an address may make in an hour is the server's setting REGISTRATIONS_PER_HOUR)"


def add_server(parser: argparse.ArgumentParser) -> None:
    """The option ``--url``."""
    try:
        default = _default_address({**dotenv_values(".env"), **os.environ})
    except (OSError, ValueError) as error:
        parser.error(f"the file .env cannot be read ({error}): write it as text in UTF-8")
    parser.add_argument("--url", type=_address, default=default, help="the server (X18_URL, %(default)s)")


def _default_address(settings: Mapping[str, str | None]) -> str:
    """``X18_URL``, or here, at the port of the settings."""
    port = settings.get("PORT") or settings.get("SERVER_PORT") or "8080"
    return settings.get("X18_URL") or f"http://localhost:{port.rpartition(':')[2]}"


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} must look like http://host:port or https://host")
    return text.rstrip("/")


class CannotLogIn(Exception):
    """The server refused a registration or log-in; the message is its own."""


class Account:
    """Made by ``register`` or ``log_in``."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
        self._client = client
        self._refreshing = asyncio.Lock()
        self._take(tokens)
        self.id: str = tokens["user"]["id"]
        self.username: str = tokens["user"]["username"]

    @classmethod
    async def register(cls, client: httpx.AsyncClient, username: str, password: str, display_name: str) -> "Account":
        """Create an account; wait while the server takes no more just now.

        Raises:
            CannotLogIn: the server refuses it, or takes no more for long.
            httpx.HTTPError: the server cannot answer.
        """
        body = {
            "username": username,
            "email": f"{username}@example.com",
            "password": password,
            "display_name": display_name,
        }
        answer = await _ask(client, "/api/auth/register", body)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise CannotLogIn(f"{_object_in(answer).get('detail', 'Too many requests')} {TOO_MANY}")
        return cls(client, _tokens_in(answer))

    @classmethod
    async def log_in(cls, client: httpx.AsyncClient, username: str, password: str) -> "Account":
        """Log in to one."""
        body = {"username": username, "password": password}
        return cls(client, _tokens_in(await _ask(client, "/api/auth/login", body)))

    async def token(self) -> str:
        """An access token that is still good for a while.

        Raises:
            CannotLogIn: the session has ended.
            httpx.HTTPError: the server cannot give one now.
        """
        async with self._refreshing:  # a refresh token is good once
            if time.monotonic() > self._good_until:
                answer = await _ask(self._client, "/api/auth/refresh", {"refresh_token": self._refresh})
                self._take(_tokens_in(answer))
            return self._access

    async def headers(self) -> dict[str, str]:
        """The header that logs a request in."""
        return {"Authorization": f"Bearer {await self.token()}"}

    def _take(self, tokens: dict[str, Any]) -> None:
        self._access: str = tokens["access_token"]
        self._refresh: str = tokens["refresh_token"]
        self._good_until = time.monotonic() + tokens["expires_in"] - SPARE_S


async def _ask(client: httpx.AsyncClient, path: str, body: dict[str, str]) -> httpx.Response:
    """The answer that is no limit, unless the limit lasts."""
    while True:
        answer = await client.post(path, json=body)
        text = answer.headers.get("Retry-After", "1")
        wait_s = int(text) if text.isdecimal() else 1
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS or wait_s > PATIENCE_S:
            return answer
        await asyncio.sleep(wait_s)


def _tokens_in(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_server_error:
        raise httpx.HTTPStatusError(f"it answered {answer.status_code}", request=answer.request, response=answer)
    said = _object_in(answer)
    if answer.is_success and "access_token" in said:
        return said
    if answer.next_request is not None:
        elsewhere = answer.next_request.url.copy_with(path="/", query=None)
        raise CannotLogIn(
            f"{answer.request.url.copy_with(path='/')} sends its visitors to {elsewhere}: is that the server?"
        )
    raise CannotLogIn(said.get("detail") or f"What answers at {answer.request.url.copy_with(path='/')} is no X18.")


def _object_in(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of the answer; an empty one if it has none, as those of other programs."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
