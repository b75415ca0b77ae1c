"""Accounts: making one and getting into it."""

import hashlib
import logging
from uuid import UUID

import asyncpg
from msgspec import UNSET

from x18.auth.schemas import MIN_PASSWORD_BYTES, Credentials, Registration
from x18.core import db
from x18.core.errors import BadInput, NotAuthenticated
from x18.core.ids import new_id
from x18.core.limits import Limiter, Rates
from x18.core.passwords import MAX_BYTES, Passwords
from x18.core.text import UNSTORABLE, clean_email, clean_text
from x18.users.names import clean_username, taken

logger = logging.getLogger("x18.auth")


async def register(draft: Registration, passwords: Passwords) -> UUID:
    """Make an account. Its id.

    Raises:
        BadInput: names the field.
        Conflict: ``username_taken`` or ``email_taken``, both without regard to case.
    """
    username = clean_username(draft.username)
    email = clean_email(draft.email)
    name = "" if draft.display_name is UNSET else clean_text("display_name", draft.display_name, most=100)
    check_password(draft.password)
    await _refuse_taken(username, email)
    user_id = new_id()
    try:
        await db.execute(
            "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, $2, $3, $4, $5)",
            user_id,
            username,
            email,
            await passwords.hash(draft.password),
            name or username,
        )
    except asyncpg.UniqueViolationError as error:  # somebody was faster
        raise taken(error.constraint_name) from error
    return user_id


async def log_in(credentials: Credentials, address: str, passwords: Passwords, limiter: Limiter) -> UUID:
    """The id of the account whose name and password these are.

    Raises:
        BadInput: no name was sent.
        TooManyRequests: ten wrong passwords for this account from this address in a quarter of an hour.
        NotAuthenticated: ``invalid_credentials``; the same answer after the same time whether the account exists or not.
    """
    if credentials.email is UNSET and credentials.username is UNSET:
        raise BadInput.of("email", "send the e-mail address or the username")
    name = credentials.email if credentials.email is not UNSET else credentials.username
    # By account and address: a stranger's guesses from elsewhere do not lock the owner out.
    guesser = hashlib.sha256(f"{address} {str(name).strip().lower()}".encode(errors="replace")).hexdigest()
    await limiter.take(Rates.LOGIN_FAILURES.value, guesser, cost=0)
    account = await _find_account(str(name).strip(), by_email=credentials.email is not UNSET)
    if not await passwords.check(credentials.password, account and account["password_hash"]) or account is None:
        logger.info("log-in failed for %r", str(name)[:254])
        await limiter.take(Rates.LOGIN_FAILURES.value, guesser)
        raise NotAuthenticated("The name or the password is wrong.", code="invalid_credentials")
    user_id: UUID = account["id"]
    logger.info("logged in", extra={"user_id": str(user_id)})
    return user_id


def check_password(value: str) -> None:
    """Refuse a password that is too short or that bcrypt would cut.

    Raises:
        BadInput: not 8 to 72 bytes.
    """
    if not MIN_PASSWORD_BYTES <= len(value.encode()) <= MAX_BYTES:
        raise BadInput.of("password", f"must have {MIN_PASSWORD_BYTES} to {MAX_BYTES} bytes")


async def _refuse_taken(username: str, email: str) -> None:
    """Tell early, before a third of a second of hashing; the unique indexes have the last word."""
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
    column = "email" if by_email else "username"
    return await db.fetch_row(
        f"SELECT id, password_hash FROM users WHERE lower({column}) = lower($1) AND disabled_at IS NULL", name
    )
