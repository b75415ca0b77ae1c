"""What traders of ``x18 demo`` say makes sense."""

import random

from x18.clients.market_talk import INSTRUMENTS, SENTENCES, make_post
from x18.posts.text import read_entities


def test_nothing_is_compared_with_itself_and_each_symbol_counts() -> None:
    chance = random.Random("talk")
    posts = [make_post(chance) for _ in range(2_000)]
    compared = [read_entities(post["content"]).cashtags for post in posts if "Correlation" in post["content"]]

    assert len(compared) > 50
    assert all(len(symbols) == 2 for symbols in compared)
    assert all(post["metadata"]["symbol"] in read_entities(post["content"]).cashtags for post in posts)
    assert {post["metadata"]["symbol"] for post in posts} == {one.symbol for one in INSTRUMENTS}
    assert all("${symbol}" in sentence for sentence in SENTENCES)
