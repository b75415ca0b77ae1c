"""How much may be looked for at once."""

import httpx
import pytest

from x18.core.errors import BadInput
from x18.search.terms import check_terms


@pytest.mark.parametrize(
    "text",
    [
        "one two three four five six seven eight",
        "gold or silver or oil or corn or wheat or rice or tin or zinc",
        '"one two" "three four" five -six -seven',
        "pre-market after-hours state-of-the-art",
        "a - b - c - d - e",
        "$TSLA #options @anna up 3% -- why?",
        "比特币上涨了，以太坊下跌了，狗狗币没有变化",
        'unclosed "quote',
        "https://www.reuters.com/markets/bitcoin-hits-100-000-dollars-2024-12-05/?utm_source=x#top",
        "!!!",
        "as_long_as_names_may_be_and_one_underscore_more",
        "https://example.com/markets/btc-usd?from=2026-11-01&to=2026-11-30#chart",
    ],
)
def test_what_people_look_for_passes(text: str) -> None:
    assert check_terms(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one two three four five six seven eight nine", "at most 8"),
        ("https://x.example/" + "a/" * 40, "at most 32"),
        ("/".join("part" for _ in range(33)), "at most 32"),
        (" ".join("a-b.c/d;e" for _ in range(7)), "at most 32"),
        ('"one two three four" "five six seven eight nine"', "at most 8"),
        ('"a" "b" "c"', "phrases"),
        ('-"a"-"b"-"c"', "phrases"),
        ("word -a -b -c", "minus"),
        ("-a\t-b\n-c", "minus"),
        ('-"a b" -c -d', "minus"),
        ('word --a "x"-b -c', "minus"),
    ],
)
def test_what_is_too_dear_is_refused_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        check_terms(text)


@pytest.mark.parametrize("path", ["/api/search/", "/api/search/users", "/api/search/posts"])
async def test_every_search_refuses_it(api: httpx.AsyncClient, path: str) -> None:
    refused = await api.get(path, params={"q": " ".join(f"-word{number}" for number in range(30))})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "q")
