"""Each kind of token opens what it is for, and nothing else; each of the two secrets makes its own kinds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from x18.core.clock import reckon_clock
from x18.core.errors import NotAuthenticated
from x18.core.ids import new_id
from x18.core.tokens import Tokens

ACCESS, REFRESH = "a" * 32, "r" * 32
TTL = {"access_ttl": timedelta(minutes=15), "refresh_ttl": timedelta(days=30)}
TOKENS = Tokens(ACCESS, REFRESH, **TTL)
USER, SESSION = new_id(), new_id()
LATER = datetime.now(UTC) + timedelta(hours=1)
MADE = {
    "access": TOKENS.make_access(USER, SESSION),
    "refresh": TOKENS.make_refresh(USER, SESSION, LATER),
    "ticket": TOKENS.make_ticket(USER, SESSION, LATER, until=LATER),
}
READ: dict[str, Any] = {"access": TOKENS.read_access, "refresh": TOKENS.read_refresh, "ticket": TOKENS.read_ticket}


@pytest.mark.parametrize("use", READ)
@pytest.mark.parametrize("made", MADE)
def test_a_token_is_good_for_one_use(made: str, use: str) -> None:
    if made == use:
        claims = READ[use](MADE[made])
        assert (claims.user_id, claims.session_id) == (USER, SESSION)
    else:
        with pytest.raises(NotAuthenticated):
            READ[use](MADE[made])


@pytest.mark.parametrize("use", READ)
@pytest.mark.parametrize("secrets", [(REFRESH, ACCESS), ("x" * 32, REFRESH), (ACCESS, "x" * 32)])
def test_whoever_has_one_secret_makes_no_token_of_the_other(use: str, secrets: tuple[str, str]) -> None:
    other = Tokens(*secrets, **TTL)
    forged = {
        "access": other.make_access(USER, SESSION),
        "refresh": other.make_refresh(USER, SESSION, LATER),
        "ticket": other.make_ticket(USER, SESSION, LATER, until=LATER),
    }[use]
    own = 1 if use == "refresh" else 0
    if secrets[own] == (ACCESS, REFRESH)[own]:
        assert READ[use](forged).user_id == USER
    else:
        with pytest.raises(NotAuthenticated):
            READ[use](forged)


@pytest.mark.parametrize("use", READ)
@pytest.mark.parametrize("change", [{"iss": "y19"}, {"aud": "x18:other"}, {"exp": 1}, {"sub": "me"}, {"sid": None}])
def test_a_claim_that_is_not_ours_is_refused(use: str, change: dict[str, Any]) -> None:
    token = MADE[use]
    claims = {**jwt.decode(token, options={"verify_signature": False}), **change}
    secret = REFRESH if use == "refresh" else ACCESS
    with pytest.raises(NotAuthenticated):
        READ[use](jwt.encode(claims, secret, "HS256", headers={"typ": f"{use}+jwt"}))


def test_a_token_that_was_read_before_still_ends_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(ACCESS, REFRESH, **TTL)
    token = tokens.make_access(USER, SESSION, until=datetime.now(UTC) + timedelta(seconds=60))
    assert tokens.read_access(token) == tokens.read_access(token)

    later = reckon_clock() + timedelta(seconds=61)
    monkeypatch.setattr("x18.core.tokens.reckon_clock", lambda: later)
    with pytest.raises(NotAuthenticated) as refused:
        tokens.read_access(token)
    assert refused.value.code == "token_expired"


def test_only_good_tokens_are_remembered_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("x18.core.tokens.MOST_KEPT", 10)
    tokens = Tokens(ACCESS, REFRESH, **TTL)
    for bad in ("", "a.b.c", MADE["refresh"], MADE["access"] + "x"):
        with pytest.raises(NotAuthenticated):
            tokens.read_access(bad)
    assert not tokens._good
    for _ in range(30):
        tokens.read_access(tokens.make_access(USER, SESSION))
    assert len(tokens._good) == 10
