"""The page finds in a text what the server finds in it: both read the same texts, those of all other tests and made-up ones."""

import ast
import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.console.program import node
from tests.posts import test_text
from x18.posts.text import MAX_HASHTAG, fold_hashtag, read_entities

FACTS = json.loads((Path(test_text.__file__).parent / "data/twitter_text.json").read_text())
DEADLINE_S = 60
MOST_LETTERS = 5_000

FRAGMENTS = [
    *"#＃@＠$＄_-/.:&?=^|()[]*aZ9 éßİKﬁ한漢เกへ・\n", "\u200c", "\u200d", "\u200e", "\u0301", "\ufe0f", "#a", "@abc", "@Bob_1", "$AB", "$btc",
    "http://", "https://x.example", "-USD", "-usd", "/USDT", "-PERP", "-240628", "-27DEC24-100000-C", ".US", ".st", "_F", "=F", "7203.T",
    "1INCH", "100USD", "$5k", "NASDAQ:", "x.com/", "www.", "example.com", "rt", "w/", "and ", "Inc", "日本", "ราคา", "שלום", " #", " @", " $",
]  # fmt: skip


async def read(texts: list[str]) -> list[dict[str, Any]]:
    """What the page finds."""
    process = await asyncio.create_subprocess_exec(
        node(),
        str(Path(__file__).with_name("tokens.mjs")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        answer, _ = await asyncio.wait_for(process.communicate(json.dumps(texts).encode()), DEADLINE_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    return list(json.loads(answer))


def published() -> list[str]:
    """All texts of twitter-text's tests, and all that stand in the tests of the server's reading, as a word and as a symbol."""
    own = {
        node.value
        for node in ast.walk(ast.parse(Path(test_text.__file__).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    theirs = {fact[0] for facts in FACTS.values() for fact in facts}
    return sorted(own | {f"(${text} {text}${text})" for text in own} | theirs)


def made_up(number: int) -> list[str]:
    chance = random.Random("texts")
    return ["".join(chance.choices(FRAGMENTS, k=chance.randrange(2, 16))) for _ in range(number)]


async def test_the_page_finds_in_a_text_what_the_server_finds() -> None:
    texts = [*published(), *made_up(20_000)]
    different = []
    for text, found in zip(texts, await read(texts), strict=True):
        tags = [tag for tag in map(fold_hashtag, found["hashtags"]) if len(tag) <= MAX_HASHTAG]
        names = [name.lower() for name in found["mentions"]]
        page = [list(dict.fromkeys(one)) for one in (tags, found["cashtags"], names)]
        assert found["whole"] == text
        if page != [list(one) for one in read_entities(text)]:
            different.append((text, page, read_entities(text)))

    assert different == []


async def test_no_text_keeps_the_page_busy() -> None:
    texts = [
        (one * MOST_LETTERS)[:MOST_LETTERS]
        for one in (*test_text.ADVERSARIAL, "www.", "a.com", "a.com.", "https://x.example?")
    ]

    assert len(await read(texts)) == len(texts)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see example.com, www.x18.trade. And Example.org:8080!", ["https://example.com", "https://www.x18.trade", "https://Example.org:8080"]),
        ("(https://x.example/a_(b)?q=1&r=2) https://x.example/, t.me/x?", ["https://x.example/a_(b)?q=1&r=2", "https://x.example/", "https://t.me/x"]),
        ("bücher.de and 見て、example.com/a", ["https://bücher.de", "https://example.com/a"]),
        ("a@example.com @bob.com $BTC.com #a.com node.js sold.Now 1.50 AAPL.US/MSFT.US brk.b", []),
        ("javascript://example.com/%0Aalert(1) data://x.example/ https://", []),
    ],
)  # fmt: skip
async def test_addresses_are_links_with_and_without_their_scheme(text: str, links: list[str]) -> None:
    assert (await read([text]))[0]["links"] == links
