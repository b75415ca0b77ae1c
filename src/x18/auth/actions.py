"""Accounts: making one and getting into it."""

import logging
from contextlib import suppress
from uuid import UUID

import asyncpg
from msgspec import UNSET

from x18.auth.guesses import give_back, reserve_guess
from x18.auth.new_passwords import check_password
from x18.auth.schemas import Credentials, Registration
from x18.auth.sessions import Owner
from x18.core import db
from x18.core.addresses import network_of
from x18.core.errors import BadInput, NotAuthenticated, Problem, Unavailable
from x18.core.ids import new_id
from x18.core.limits import Limiter
from x18.core.passwords import HERE, MAX_BYTES, Match, Passwords, normal_form
from x18.core.text import UNSTORABLE, clean_email, clean_name
from x18.users.former_names import refuse_resting
from x18.users.names import clean_username, forms_of, is_reserved, taken

logger = logging.getLogger("x18.auth")


async def register(draft: Registration, passwords: Passwords, network: str = HERE) -> UUID:
    """Create an account. Its id.

    Raises:
        BadInput: names the field.
        Conflict: ``username_taken`` or ``email_taken``, both without regard to case.
    """
    username = clean_username(draft.username)
    email = clean_email(draft.email)
    name = "" if draft.display_name is UNSET else clean_name("display_name", draft.display_name, most=100)
    check_password(draft.password, username, email, email.partition("@")[0])
    await _refuse_taken(username, email)
    await refuse_resting(username)
    user_id, hashed = new_id(), await passwords.hash(draft.password, network)
    async with db.transaction():
        try:
            await db.execute(
                """INSERT INTO users (id, username, email, password_hash, display_name, folded_name, words)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)""",
                user_id,
                username,
                email,
                hashed,
                name or username,
                *forms_of(name or username, ""),
            )
        except asyncpg.UniqueViolationError as error:  # somebody was faster
            raise taken(error.constraint_name) from error
        await refuse_resting(username)
    return user_id


async def log_in(credentials: Credentials, address: str, passwords: Passwords, limiter: Limiter) -> Owner:
    """The account whose name and password these are.

    Raises:
        BadInput: no name was sent.
        TooManyRequests: there were too many wrong passwords for this account or from this network.
        NotAuthenticated: ``invalid_credentials``; the same answer after the same time whether the account exists or not.
    """
    if credentials.email is UNSET and credentials.username is UNSET:
        raise BadInput.of("email", "send the e-mail address or the username")
    name = str(credentials.email if credentials.email is not UNSET else credentials.username).strip()
    # Clients of the original send a username as ``email`` too, and no username has an @.
    account = await _find_account(name, by_email=credentials.email is not UNSET and "@" in name)
    guesses = await reserve_guess(name, account and account["id"], address, limiter)
    try:
        match = await passwords.check(credentials.password, account and account["password_hash"], network_of(address))
    except Problem:  # nothing was learned
        await give_back(guesses, limiter)
        raise
    if not match or account is None:
        logger.info("log-in failed for %r", name[:254])
        raise NotAuthenticated("The name or the password is wrong.", code="invalid_credentials")
    await give_back(guesses, limiter)
    logger.info("logged in", extra={"user_id": str(account["id"])})
    return Owner(account["id"], await _renew(credentials.password, match, account, passwords, network_of(address)))


async def _renew(password: str, match: Match, account: asyncpg.Record, passwords: Passwords, network: str) -> str:
    """The hash of the account, made anew where it is of a lower cost than today's or of another form. A change meanwhile wins."""
    stored: str = account["password_hash"]
    is_current = match is Match.NORMAL and not passwords.is_outdated(stored)
    if is_current or len(normal_form(password).encode()) > MAX_BYTES:
        return stored
    try:
        renewed = await passwords.hash(password, network)
    except Unavailable:  # at the next log-in
        return stored
    done = await db.fetch_value(
        "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING true",
        account["id"],
        stored,
        renewed,
    )
    return renewed if done else stored


async def _refuse_taken(username: str, email: str) -> None:
    """Tell early, before a third of a second of hashing; the unique indexes have the last word. A reserved name is as one taken."""
    if is_reserved(username):
        raise taken("users_username")
    row = await db.fetch_row(
        """SELECT EXISTS (SELECT 1 FROM users WHERE lower(username) = lower($1)) AS users_username,
                  EXISTS (SELECT 1 FROM users WHERE lower(email) = lower($2)) AS users_email""",
        username,
        email,
    )
    for name, exists in (row or {}).items():
        if exists:
            raise taken(name)


async def _find_account(name: str, *, by_email: bool) -> asyncpg.Record | None:
    if UNSTORABLE.search(name):
        return None
    if by_email:  # as it was registered
        with suppress(BadInput):
            name = clean_email(name)
    column = "email" if by_email else "username"
    return await db.fetch_row(
        f"SELECT id, password_hash FROM users WHERE lower({column}) = lower($1) AND disabled_at IS NULL", name
    )
