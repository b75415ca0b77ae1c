"""live.js against a server that misbehaves, or says what a real one says only after a long time."""

import asyncio
import json
import time

import pytest

from tests.console.program import program
from tests.peer import Peer, Refusal, acting, is_subscribe, stay


async def test_an_event_that_comes_again_is_told_once() -> None:
    async def twice(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        for number in (11, 11, 12):
            await peer.post(number, f"e.{number}")

    async def again(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        for number in (11, 12, 13):
            await peer.post(number, f"e.{number}")
        await peer.socket.wait_closed()

    async with acting(twice, again) as (url, received), program(url, "explore") as client:
        await client.wait_for_post("13")

        assert client.post_ids == ["11", "12", "13"]
        assert [one["payload"]["since"] for one in received if is_subscribe(one)] == ["e.10", "e.12"]


async def test_a_gap_is_told_and_what_follows_continues_at_its_cursor() -> None:
    async def gap(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.send("gap", {"reason": "unknown_epoch", "cursor": "f.3", "backfill": ["/api/timeline/explore"]})
        await peer.post(4, "f.4")

    async with acting(gap, stay) as (url, received), program(url, "explore", since="e.9") as client:
        told = await client.wait_for(lambda one: one["type"] == "gap")
        await client.wait_for(lambda one: one["type"] == "disconnected")
        await client.wait_for_state("live", len(client.messages))

        assert told["payload"]["backfill"] == ["/api/timeline/explore"]
        assert [one["payload"]["since"] for one in received if is_subscribe(one)] == ["e.9", "f.4"]


async def test_a_heartbeat_moves_the_cursor() -> None:
    async def beat(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.send("heartbeat", {"cursor": "e.99"})

    async with acting(beat, stay) as (url, received), program(url, "explore") as client:
        await client.wait_for(lambda one: one["type"] == "disconnected")
        await client.wait_for_state("live", len(client.messages))

        assert [one["payload"]["since"] for one in received if is_subscribe(one)] == ["e.10", "e.99"]


async def test_a_replay_that_broke_off_begins_again_where_it_began() -> None:
    async def break_off(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.post(11, "e.11")
        message = json.loads(await peer.socket.recv())
        await peer.send("ok", {"topics": []}, id=message["id"])
        await peer.post(5, "e.5")  # and no pong: the replay from 3 on has not ended

    async def go_on(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        for number in (5, 6, 11):
            await peer.post(number, f"e.{number}")
        await peer.socket.wait_closed()

    async with acting(break_off, go_on) as (url, received), program(url, "explore") as client:
        await client.wait_for_post("11")
        await client.do("subscribe", ["user:x"], {"since": "e.3"})
        await client.wait_for_post("6")

        assert client.post_ids == ["11", "5", "6"]
        assert received[-1]["payload"] == {"topics": [{"topic": "explore"}, {"topic": "user:x"}], "since": "e.3"}


async def test_a_token_is_renewed_on_the_connection() -> None:
    async def expire(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.send("auth_expiring", {"expires_in_s": 60})
        await peer.serve(lambda one: one["type"] == "auth")
        await peer.post(11, "e.11")
        await peer.socket.wait_closed()

    async with acting(expire) as (url, received), program(url, "explore", tokens=["old", "new"]) as client:
        await client.wait_for_post("11")

        assert [one["payload"]["token"] for one in received if one["type"] == "auth"] == ["old", "new"]
        asked = [one["payload"]["mustBeNew"] for one in client.messages if one["type"] == "asked for a token"]
        assert asked == [False, True]
        assert sum(one["type"] == "connected" for one in client.messages) == 1


@pytest.mark.parametrize("has_id", [True, False])
async def test_after_4001_the_next_token_is_a_new_one(has_id: bool) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.answer_with_error("auth", "token_expired", has_id=has_id)
        await peer.socket.close(4001, "token_expired")

    async with acting(refuse, stay) as (url, received), program(url, "explore", tokens=["old", "new"]) as client:
        await client.wait_for_state("live")

        asked = [one["payload"]["mustBeNew"] for one in client.messages if one["type"] == "asked for a token"]
        assert asked == [False, True]
        assert [one["payload"]["token"] for one in received if one["type"] == "auth"] == ["old", "new"]


async def test_a_planned_restart_is_waited_for_as_long_as_was_told() -> None:
    moments: list[float] = []

    async def restart(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        moments.append(time.monotonic())
        await peer.send("reconnect", {"after_ms": 700})
        await peer.socket.close(1012)

    async def serve_again(peer: Peer) -> None:
        moments.append(time.monotonic())
        await stay(peer)

    async with acting(restart, serve_again) as (url, _), program(url, "explore") as client:
        told = await client.wait_for(lambda one: one["type"] == "disconnected")
        await client.wait_for_state("live", client.messages.index(told))

        assert told["payload"]["again_in_s"] == 0.7
        assert moments[1] - moments[0] >= 0.69


async def test_silence_is_a_broken_connection() -> None:
    async def fall_silent(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.socket.wait_closed()

    async with acting(fall_silent, heartbeat_s=0.2) as (url, _), program(url, "explore") as client:
        told = await client.wait_for(lambda one: one["type"] == "disconnected")

        assert told["payload"]["reason"] == "silence"


async def test_delays_grow_and_differ() -> None:
    async def close(peer: Peer) -> None:
        await peer.socket.close(1013)

    async with acting(close) as (url, _), program(url, "explore") as client:
        await client.wait_for(lambda _: sum(one["type"] == "disconnected" for one in client.messages) == 4)
        delays = [one["payload"]["again_in_s"] for one in client.messages if one["type"] == "disconnected"]

        assert len(set(delays)) == 4
        assert all(0 <= delay <= 0.2 * 2**number for number, delay in enumerate(delays, start=1))


@pytest.mark.parametrize("code", [1003, 1007, 1009, 4400, 4401, 4403, 4409])
async def test_after_a_final_code_it_does_not_come_again(code: int) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.socket.close(code, "no")

    async with acting(refuse) as (url, _), program(url, "explore") as client:
        assert await client.end() == 1
        assert client.messages[-1] == {"type": "refused", "payload": {"code": code, "detail": "no"}}
        assert sum(one["type"] == "connected" for one in client.messages) == 1


async def test_watched_posts_are_watched_again_in_messages_that_fit() -> None:
    async def cut(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.serve(lambda one: one["type"] == "unwatch")

    ids = [f"00000000-0000-7000-8000-{number:012}" for number in range(450)]
    async with acting(cut, stay_and_watch) as (url, received), program(url, "explore") as client:
        await client.wait_for_state("live")
        await client.do("watch", ids)
        async with asyncio.timeout(30):  # what is taken back in the same tick would never be sent
            while sum(one["type"] == "watch" for one in received) < 3:
                await asyncio.sleep(0.02)
        await client.do("unwatch", ids[:1])
        await client.wait_for(lambda one: one["type"] == "counts")

        sizes = [len(one["payload"]["posts"]) for one in received if one["type"] == "watch"]
        assert sizes == [200, 200, 50, 200, 200, 49]


async def stay_and_watch(peer: Peer) -> None:
    await peer.serve(is_subscribe)
    for _ in range(3):
        await peer.serve(lambda one: one["type"] == "watch")
    await peer.send("counts", {"posts": {}})
    await peer.socket.wait_closed()


async def test_a_call_that_was_cut_off_is_asked_again_with_the_same_key() -> None:
    async def cut(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.hear("call")

    async def answer(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        asked = await peer.hear("call")
        await peer.send("result", {"status": 201, "headers": {}, "body": {"id": "1"}}, id=asked["id"])
        await peer.socket.wait_closed()

    async with acting(cut, cut, answer) as (url, received), program(url, "explore") as client:
        result = await client.do("call", "POST", "/api/posts", {"body": {"content": "once"}})
        calls = [one["payload"] for one in received if one["type"] == "call"]

        assert result["body"] == {"id": "1"}
        assert len(calls) == 3
        assert calls[0] == calls[1] == calls[2]
        assert len(calls[0]["idempotency_key"]) > 20


async def test_what_was_refused_for_its_rate_is_sent_again_when_it_is_time() -> None:
    async def refuse_once(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        refused = await peer.hear("watch")
        await peer.refuse(refused, retry_after_s=0.2)
        await peer.serve(lambda one: one["type"] == "watch")
        await peer.send("test", {"number": 1, "sent_at": 0}, topics=["test"])
        refused = await peer.hear("unsubscribe")
        await peer.refuse(refused, retry_after_s=0.2)
        await peer.serve(lambda one: one["type"] == "unsubscribe")
        await peer.send("counts", {"posts": {}})
        await peer.socket.wait_closed()

    async with acting(refuse_once) as (url, received), program(url, "explore", "tag:x") as client:
        await client.wait_for_state("live")
        await client.do("watch", ["a", "b"])
        await client.wait_for(lambda one: one["type"] == "test")
        await client.do("unsubscribe", ["tag:x"])
        await client.wait_for(lambda one: one["type"] == "counts")

        watches = [one for one in received if one["type"] == "watch"]
        assert watches[0] == watches[1]
        assert [one["payload"] for one in received if one["type"] == "unsubscribe"] == [{"topics": ["tag:x"]}] * 2
        assert "disconnected" not in {one["type"] for one in client.messages}


async def test_a_watch_that_was_cut_off_is_sent_over_the_next_connection() -> None:
    async def cut(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.hear("watch")

    async def again(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.serve(lambda one: one["type"] == "watch")
        await peer.send("counts", {"posts": {}})
        await peer.socket.wait_closed()

    async with acting(cut, again) as (url, received), program(url, "explore") as client:
        await client.wait_for_state("live")
        await client.do("watch", ["a"])
        await client.wait_for(lambda one: one["type"] == "counts")

        assert [one["payload"]["posts"] for one in received if one["type"] == "watch"] == [["a"], ["a"]]


async def test_after_the_end_of_a_replay_its_topic_is_resumed_from_our_cursor() -> None:
    async def replay(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.post(11, "e.11")
        message = json.loads(await peer.socket.recv())
        await peer.send("ok", {"topics": []}, id=message["id"])
        await peer.post(5, "e.5")
        await peer.send("replayed", {"cursor": "e.11", "events": 1})

    async with acting(replay, stay) as (url, received), program(url, "explore") as client:
        await client.wait_for_post("11")
        await client.do("subscribe", ["user:x"], {"since": "e.3"})
        await client.wait_for(lambda one: one["type"] == "disconnected")
        await client.wait_for_state("live", len(client.messages))

        assert received[-1]["payload"]["since"] == "e.11"


async def test_a_refusal_before_connected_is_final_by_its_close_code() -> None:
    async with acting(Refusal("too_many_connections", 4409)) as (url, _), program(url, "explore") as client:
        refused = await client.wait_for(lambda message: message["type"] == "refused")

        assert (refused["payload"]["code"], await client.end()) == (4409, 1)


async def test_an_outage_before_connected_passes() -> None:
    async with acting(Refusal("unavailable", 1013), stay) as (url, received), program(url, "explore") as client:
        await client.wait_for_state("live")

        assert [one["payload"]["since"] for one in received if is_subscribe(one)] == ["e.10"]


@pytest.mark.parametrize(("code", "has_id"), [("unavailable", True), ("rate_limited", False)])
async def test_a_subscription_that_was_not_taken_is_asked_for_again_from_the_same_cursor(
    code: str, has_id: bool
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.answer_with_error("subscribe", code, has_id=has_id)
        await peer.send("heartbeat", {"cursor": "e.99"})
        await peer.socket.wait_closed()

    async with acting(refuse, stay) as (url, received), program(url, "explore") as client:
        await client.wait_for_state("live")

        assert [one["payload"]["since"] for one in received if is_subscribe(one)] == ["e.10", "e.10"]


async def test_a_heartbeat_before_the_subscription_moves_nothing() -> None:
    async def beat(peer: Peer) -> None:
        await peer.hear("subscribe")
        await peer.send("heartbeat", {"cursor": "e.99"})

    async with acting(beat, stay) as (url, received), program(url, "explore") as client:
        await client.wait_for_state("live")

        assert [one["payload"]["since"] for one in received if is_subscribe(one)] == ["e.10", "e.10"]


async def test_more_topics_than_a_message_holds_come_in_several_and_resume_from_the_same_cursor() -> None:
    async def move_on_and_break_off(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.post(11, "e.11")
        await peer.hear("subscribe")

    async def go_on(peer: Peer) -> None:
        for _ in range(3):
            await peer.serve(is_subscribe)
        await peer.socket.wait_closed()

    names = [f"users:{number}{'x' * 7000}" for number in range(5)]
    async with acting(move_on_and_break_off, go_on) as (url, received), program(url, *names, since="e.10") as client:
        await client.wait_for_state("live")

        asked = [one["payload"] for one in received if is_subscribe(one)]
        assert [[topic["topic"] for topic in one["topics"]] for one in asked[2:]] == [names[:2], names[2:4], names[4:]]
        assert [one["since"] for one in asked] == ["e.10", "e.10", "e.11", "e.10", "e.10"]
        assert all(len(json.dumps(one)) < 16_000 for one in asked)
