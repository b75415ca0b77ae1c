"""A server and an account at it, for the programs here: logs in, and keeps its access token fresh."""

import argparse
import asyncio
import os
import time
from collections.abc import Mapping
from typing import Any

import httpx
from dotenv import dotenv_values

SPARE_S = 30.0
"""A token is renewed this long before it expires."""


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
        """Create an account."""
        body = {
            "username": username,
            "email": f"{username}@example.com",
            "password": password,
            "display_name": display_name,
        }
        return cls(client, _tokens_in(await client.post("/api/auth/register", json=body)))

    @classmethod
    async def log_in(cls, client: httpx.AsyncClient, username: str, password: str) -> "Account":
        """Log in to one."""
        body = {"username": username, "password": password}
        return cls(client, _tokens_in(await client.post("/api/auth/login", json=body)))

    async def token(self) -> str:
        """An access token that is still good for a while.

        Raises:
            CannotLogIn: the session has ended.
            httpx.HTTPError: the server cannot give one now.
        """
        async with self._refreshing:  # a refresh token is good once
            if time.monotonic() > self._good_until:
                answer = await self._client.post("/api/auth/refresh", json={"refresh_token": self._refresh})
                self._take(_tokens_in(answer))
            return self._access

    async def headers(self) -> dict[str, str]:
        """The header that logs a request in."""
        return {"Authorization": f"Bearer {await self.token()}"}

    def _take(self, tokens: dict[str, Any]) -> None:
        self._access: str = tokens["access_token"]
        self._refresh: str = tokens["refresh_token"]
        self._good_until = time.monotonic() + tokens["expires_in"] - SPARE_S


def _tokens_in(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_server_error:
        answer.raise_for_status()
    if answer.is_error:
        raise CannotLogIn(answer.json()["detail"])
    tokens: dict[str, Any] = answer.json()
    return tokens
