"""The symbols that one watches."""

import httpx
import pytest

from tests.conftest import MakeUser

PATH = "/api/users/me/watchlist"


async def test_a_watchlist_is_kept_with_the_account_as_it_was_put(make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    assert (await user.client.get(PATH)).json() == {"symbols": []}

    put = await user.client.put(
        PATH, json={"symbols": ["$eth-usd", " btc/usd ", "BRK.B", "ＡＡＰＬ", "ETH-USD", "^gspc"]}
    )

    kept = {"symbols": ["ETH-USD", "BTC/USD", "BRK.B", "AAPL", "^GSPC"]}
    assert (put.status_code, put.json()) == (200, kept)
    assert (await user.client.get(PATH)).json() == kept
    assert (await other.client.get(PATH)).json() == {"symbols": []}, "nobody else has it"
    assert (await user.client.put(PATH, json={"symbols": ["SOL"]})).json() == {"symbols": ["SOL"]}
    assert (await user.client.put(PATH, json={"symbols": []})).json() == {"symbols": []}
    assert (await user.client.get(PATH)).json() == {"symbols": []}


async def test_a_hundred_symbols_and_no_more(make_user: MakeUser) -> None:
    user = await make_user()
    hundred = [f"S{number}" for number in range(100)]

    assert (await user.client.put(PATH, json={"symbols": hundred})).json() == {"symbols": hundred}
    refused = await user.client.put(PATH, json={"symbols": [*hundred, "ONE-MORE"]})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "symbols")
    assert (await user.client.get(PATH)).json() == {"symbols": hundred}


@pytest.mark.parametrize("bad", ["", "  ", "$", "#$ ", "\u200b", "a\x00b", "x" * 65, "\ufb03" * 40])
async def test_what_is_no_symbol_is_named_and_changes_nothing(make_user: MakeUser, bad: str) -> None:
    user = await make_user()
    await user.client.put(PATH, json={"symbols": ["BTC"]})

    answer = await user.client.put(PATH, json={"symbols": ["ETH", bad]})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "symbols[1]"), answer.text
    assert (await user.client.get(PATH)).json() == {"symbols": ["BTC"]}


@pytest.mark.parametrize("body", [{}, [], {"symbols": None}, {"symbols": "BTC"}, {"symbols": [1]}, {"symbols": [None]}])
async def test_another_shape_is_a_400(make_user: MakeUser, body: object) -> None:
    user = await make_user()

    answer = await user.client.put(PATH, json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


async def test_what_is_watched_can_be_subscribed_to_and_filtered_by(
    make_user: MakeUser, api: httpx.AsyncClient
) -> None:
    user = await make_user()
    (symbol,) = (await user.client.put(PATH, json={"symbols": ["$wátch/usd"]})).json()["symbols"]
    made = (await user.client.post("/api/posts", json={"content": "x", "metadata": {"symbol": "WATCH/USD"}})).json()

    found = (await api.get("/api/timeline/explore", params={"symbol": symbol})).json()["posts"]

    assert [post["id"] for post in found] == [made["id"]]
