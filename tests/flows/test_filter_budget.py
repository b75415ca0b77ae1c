"""What the filters of one connection may weigh together, and in how many topics one post may be."""

from itertools import count
from typing import Any

import pytest

from tests.conftest import MakeUser
from tests.flows.test_delivery import fence, post
from tests.live import live
from tests.server import Server
from x18.posts.metadata import MAX_TERMS
from x18.realtime.protocol import MAX_FILTER_BYTES, MAX_FILTER_VALUES

NUMBERS = count()


def topic(values: int, *, width: int = 1, letter: str = "a") -> dict[str, Any]:
    """A topic of its own whose filter has so many values of so many letters."""
    return {
        "topic": f"symbol:S{next(NUMBERS)}",
        "filter": {"tag": [letter * (width - 2) + f"{n:02}" for n in range(values)]},
    }


async def refused(client: Any, *topics: dict[str, Any]) -> str:
    answer = await client.ask("subscribe", {"topics": list(topics)})
    assert answer["type"] == "error", answer
    return str(answer["payload"]["code"])


async def test_the_values_of_all_filters_are_counted_together(server: Server) -> None:
    async with live(server) as client:
        told = client.messages[0]["payload"]["limits"]
        assert (told["filter_values"], told["filter_bytes"]) == (MAX_FILTER_VALUES, MAX_FILTER_BYTES)
        full = [topic(20, width=2) for _ in range(MAX_FILTER_VALUES // 20)]
        assert await refused(client, *full, {"topic": "explore", "filter": {"has_media": True}}) == "filters_too_large"
        await client.subscribe(*full)
        assert await refused(client, topic(1, width=3)) == "filters_too_large"
        answer = await client.subscribe({"topic": "explore"})
        assert len(answer["payload"]["topics"]) == len(full) + 1, (
            "what was refused changed nothing, and no filter costs nothing"
        )


async def test_a_filter_that_takes_the_place_of_another_is_counted_alone(server: Server) -> None:
    async with live(server) as client:
        full = [topic(20, width=2) for _ in range(MAX_FILTER_VALUES // 20)]
        await client.subscribe(*full)
        await client.subscribe({"topic": full[0]["topic"], "filter": {"category": [f"c{n}" for n in range(20)]}})
        both = {"category": ["x"], "tag": [f"t{n}" for n in range(20)]}
        assert await refused(client, {"topic": full[0]["topic"], "filter": both}) == "filters_too_large"
        await client.ask("unsubscribe", {"topics": [full[1]["topic"]]})
        await client.subscribe({"topic": full[0]["topic"], "filter": both})


@pytest.mark.parametrize(("letter", "size"), [("a", 1), ("ж", 2), ("語", 3), ("🚀", 4)])
async def test_the_bytes_of_all_filters_are_counted_together(server: Server, letter: str, size: int) -> None:
    width = 60
    most = MAX_FILTER_BYTES // (20 * ((width - 2) * size + 2))
    async with live(server) as client:
        for _ in range(min(most, MAX_FILTER_VALUES // 20)):
            await client.subscribe(topic(20, width=width, letter=letter))
        assert await refused(client, topic(20, width=width, letter=letter)) == "filters_too_large"


async def test_the_first_ten_hashtags_and_cashtags_are_topics_and_all_are_in_the_post(
    server: Server, make_user: MakeUser
) -> None:
    author = await make_user()
    letters = "abcdefghijkl"
    assert len(letters) > MAX_TERMS
    text = " ".join(f"#tag{letter} $SYM{letter.upper()}" for letter in letters)
    names = [f"hashtag:tag{letter}" for letter in letters] + [f"symbol:SYM{letter.upper()}" for letter in letters]
    async with (
        live(server, None, f"user:{author.id}", *names) as client,
        live(server, None, *names[MAX_TERMS:12]) as other,
    ):
        made = await post(author, text, metadata={"tags": [f"t{number}" for number in range(32)]})
        event = await client.wait_for_post(str(made["id"]))
        await other.subscribe(f"user:{author.id}")
        await fence(author, client, other)

        firsts = {*names[:MAX_TERMS], *names[12 : 12 + MAX_TERMS]}
        assert set(event["topics"]) == firsts | {f"user:{author.id}"}
        assert made["id"] not in other.post_ids
        assert made["content"] == text
        assert made["hashtags"] == [f"tag{letter}" for letter in letters]
    found = [
        [one["id"] for one in (await author.client.get(f"/api/search/hashtag/tag{letter}")).json()["posts"]]
        for letter in letters
    ]
    assert [made["id"] in ids for ids in found] == [True] * MAX_TERMS + [False] * 2
