"""``clients/live.py`` against a server that misbehaves."""

import asyncio
from functools import partial

import httpx
import pytest

from tests.peer import Message, Peer, Refusal, acting, is_subscribe, stay
from x18.clients.account import Account
from x18.clients.live import LONGEST_DELAY_S, Event, Live, Refused
from x18.clients.tail import _token_of

DEADLINE_S = 30.0
TOKENS = {"access_token": "new", "refresh_token": "", "expires_in": 900, "user": {"id": "", "username": ""}}


async def read_until(live: Live, kind: str) -> list[Event]:
    """The events up to the first of a kind."""
    events = []
    async with asyncio.timeout(DEADLINE_S):
        async for event in live:
            events.append(event)
            if event.type == kind:
                break
    return events


def cursors(received: list[Message]) -> list[str]:
    """From where each subscription was asked for."""
    return [one["payload"]["since"] for one in received if is_subscribe(one)]


async def bring(peer: Peer) -> None:
    await peer.serve(is_subscribe)
    await peer.post(11, "e.11")
    await peer.socket.wait_closed()


async def test_a_refusal_before_connected_is_final_by_its_close_code() -> None:
    async with acting(Refusal("too_many_connections", 4409)) as (url, _):
        with pytest.raises(Refused, match=r"^No: too_many_connections\.$"):
            await read_until(Live(url, ["explore"]), "connected")


@pytest.mark.parametrize(("code", "close_code"), [("unavailable", 1013), ("token_expired", 4001)])
async def test_an_outage_or_an_old_token_before_connected_passes(code: str, close_code: int) -> None:
    async with acting(Refusal(code, close_code), bring) as (url, received):
        events = await read_until(Live(url, ["explore"], since="e.9"), "post")

    assert [event.type for event in events] == ["disconnected", "connected", "post"]
    assert events[0].payload["reason"] == f"closed with {close_code}"
    assert cursors(received) == ["e.9"]


@pytest.mark.parametrize(("code", "has_id"), [("unavailable", True), ("rate_limited", False)])
async def test_a_subscription_that_was_not_taken_is_asked_for_again_from_the_same_cursor(
    code: str, has_id: bool
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.answer_with_error("subscribe", code, has_id=has_id)
        await peer.send("heartbeat", {"cursor": "e.99"})
        await peer.socket.wait_closed()  # as the real one, which does not close for these

    async with acting(refuse, bring) as (url, received):
        events = await read_until(Live(url, ["explore"]), "post")

    assert [event.type for event in events] == ["connected", "disconnected", "connected", "post"]
    assert cursors(received) == ["e.10", "e.10"]


async def test_only_heartbeats_after_the_subscription_move_the_cursor() -> None:
    async def beat_before(peer: Peer) -> None:
        await peer.hear("subscribe")
        await peer.send("ok", {"topics": []}, id="auth")
        await peer.send("heartbeat", {"cursor": "e.99"})

    async def beat_after(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.send("heartbeat", {"cursor": "e.10"})
        await peer.send("heartbeat", {"cursor": "e.11"})

    async def go_on(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.post(12, "e.12")

    async with acting(beat_before, beat_after, go_on) as (url, received):
        await read_until(Live(url, ["explore"]), "post")

    assert cursors(received) == ["e.10", "e.10", "e.11"]


async def test_events_of_the_topic_test_are_given_without_a_cursor() -> None:
    async def act(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.send("test", {"number": 7, "sent_at": 1}, topics=["test"])

    async with acting(act) as (url, _):
        events = await read_until(Live(url, ["test"]), "test")

    assert events[-1] == Event("test", {"number": 7, "sent_at": 1}, ("test",), None)


@pytest.mark.parametrize("has_id", [True, False])
async def test_an_expired_token_is_followed_by_another(has_id: bool) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.answer_with_error("auth", "token_expired", has_id=has_id)
        await peer.socket.close(4001, "token_expired")

    tokens = iter(["old", "new"])

    async def source() -> str:
        return next(tokens)

    async with acting(refuse, bring) as (url, received):
        await read_until(Live(url, ["explore"], token=source), "post")

    assert [one["payload"]["token"] for one in received if one["type"] == "auth"] == ["old", "new"]


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), 502, 503])
async def test_a_token_that_cannot_be_had_now_is_asked_for_again(failure: httpx.ConnectError | int) -> None:
    answers = iter([failure, 200])

    def refresh(_: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json=TOKENS) if answer == 200 else httpx.Response(answer, text="<html>")

    async with httpx.AsyncClient(base_url="http://x18", transport=httpx.MockTransport(refresh)) as client:
        account = Account(client, {**TOKENS, "expires_in": 0})
        async with acting(bring) as (url, received):
            events = await read_until(Live(url, ["home"], token=partial(_token_of, account), since="e.10"), "post")

    assert [event.type for event in events] == ["disconnected", "connected", "post"]
    assert [one["payload"]["token"] for one in received if one["type"] == "auth"] == ["new"]


@pytest.mark.parametrize("has_id", [True, False])
async def test_another_error_is_final(has_id: bool) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.answer_with_error("subscribe", "unknown_topic", has_id=has_id)
        await peer.socket.wait_closed()

    async with acting(refuse, stay) as (url, received):
        with pytest.raises(Refused, match=r"^No: unknown_topic\.$"):
            await read_until(Live(url, ["nothing"]), "post")

    assert len(cursors(received)) == 1


async def test_callers_at_once_refresh_once() -> None:
    asked: list[httpx.Request] = []

    async def refresh(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        await asyncio.sleep(0)
        return httpx.Response(200, json={**TOKENS, "expires_in": 900})

    async with httpx.AsyncClient(base_url="http://x18", transport=httpx.MockTransport(refresh)) as client:
        account = Account(client, {**TOKENS, "expires_in": 0})
        tokens = await asyncio.gather(*(account.token() for _ in range(5)))

    assert (len(asked), len(set(tokens))) == (1, 1)


def test_however_often_it_failed_it_tries_again() -> None:
    stream = Live("http://x18", ["explore"])
    stream._failures = 100_000

    assert 0 <= stream._next_delay() <= LONGEST_DELAY_S
