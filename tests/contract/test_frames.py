"""Every frame that a live client of the tests gets is held against the document: that this can fail."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.frames import Undocumented, check_received, check_sent
from tests.live import Live
from x18.runtime.documents.live_examples import EXAMPLES

POST = EXAMPLES["post"]


def without(message: dict[str, Any], name: str) -> dict[str, Any]:
    return {field: value for field, value in message.items() if field != name}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "surprise", "payload": {}},
        {"payload": {}},
        EXAMPLES["subscribe"],
        without(POST, "cursor"),
        without(POST, "topics"),
        {**POST, "extra": 1},
        {**POST, "payload": without(POST["payload"], "user")},
        {**POST, "payload": {**POST["payload"], "likes_count": -1}},
        {**POST, "payload": {**POST["payload"], "created_at": "yesterday"}},
        {**POST, "payload": {**POST["payload"], "user": {**POST["payload"]["user"], "email": "alice@example.com"}}},
        {"type": "error", "payload": {"code": "made_up", "detail": "…"}, "id": None},
        {"type": "notification.read", "payload": {"unread_count": 1}, "cursor": "a.1", "topics": ["notifications"]},
        {**EXAMPLES["gap"], "payload": {**EXAMPLES["gap"]["payload"], "reason": "bad luck"}},
    ],
)
def test_a_frame_that_the_document_does_not_describe_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Undocumented):
        check_received(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        EXAMPLES["ok"],
        {"type": "subscribe", "payload": {"topics": "home"}},
        {"type": "subscribe", "payload": {"topics": [{"topic": "home", "filter": {"colour": ["red"]}}]}},
        {"type": "call", "payload": {"method": "BREW", "path": "/"}},
    ],
)
def test_what_a_client_sent_is_held_against_it_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(Undocumented):
        check_sent(wrong)


async def test_the_live_client_of_the_tests_fails_on_the_first_wrong_frame() -> None:
    async def speak(socket: ServerConnection) -> None:
        await socket.send(json.dumps(EXAMPLES["connected"]))
        await socket.send(json.dumps({**POST, "payload": {}}))
        await socket.wait_closed()

    async with serve(speak, "127.0.0.1", 0) as server:
        live = Live(await connect(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"))
        with pytest.raises(Undocumented, match="post"):
            await live.wait_for_type("post")
        with pytest.raises(Undocumented, match="post"):
            await live.close()
