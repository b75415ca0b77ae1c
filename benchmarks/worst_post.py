"""How long one post may hold the loop, whatever is subscribed: the post with the most topics, the widest filters, many connections.

    .venv/bin/python -m benchmarks.worst_post

A few seconds; needs no servers. Written to standard output as a table.
"""

import gc
import statistics
from collections.abc import Iterator
from time import process_time
from typing import Final
from uuid import UUID

from x18.posts.metadata import MAX_TAGS, MAX_TERMS
from x18.realtime.connection import Connection
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.filters import MAX_VALUES, parse_filter
from x18.realtime.hub import Hub
from x18.realtime.matching import Subscription
from x18.realtime.pace import Pace
from x18.realtime.protocol import MAX_FILTER_VALUES, MAX_TOPICS
from x18.realtime.topics import parse_topic
from x18.realtime.wire import Encoding

AUTHOR: Final = UUID(int=1)
TAGS: Final = [f"t{number}" for number in range(MAX_TAGS)]
TERMS: Final = (
    "c:crypto", "m:btc", "s:BTC",
    *(f"t:{tag}" for tag in TAGS), *(f"h:h{number}" for number in range(MAX_TERMS)), *(f"s:S{number}" for number in range(MAX_TERMS)),
)  # fmt: skip
TOPICS: Final = [
    "explore", f"user:{AUTHOR}", "category:crypto", "market:btc", "symbol:btc", *(f"tag:{tag}" for tag in TAGS),
    *(f"hashtag:h{number}" for number in range(MAX_TERMS)), *(f"symbol:S{number}" for number in range(MAX_TERMS)),
]  # fmt: skip
ROUNDS: Final = 15


def measure(hub: Hub) -> tuple[float, float]:
    """The longest hold of the loop by one post, and what it took in all: milliseconds of the processor, medians of some rounds."""
    longest, whole = [], []
    pace = Pace()
    for seq in range(1, ROUNDS + 1):
        content = Content(AUTHOR, 0, TERMS, False, b'{"content":"%s"}' % (b"x" * 900))
        pieces = []
        pace.begin()
        begun = process_time()
        for _ in hub.publish(
            [Event(seq, EventKind.POST, AUTHOR, None, UUID(int=seq), content)], "e" * 32, pace.is_over
        ):
            pieces.append(process_time() - begun)
            pace.begin()
            begun = process_time()
        pieces.append(process_time() - begun)
        longest.append(max(pieces) * 1000)
        whole.append(sum(pieces) * 1000)
    return statistics.median(longest), statistics.median(whole)


def fill(hub: Hub, connections: int, kind: str) -> None:
    """Connect, and subscribe to all topics of the post and to as many others as a connection may have."""
    names = (
        ["explore"]
        if kind == "explore only"
        else [*TOPICS, *(f"hashtag:x{n}" for n in range(MAX_TOPICS - len(TOPICS)))]
    )
    for number in range(connections):
        connection = Connection(Encoding.JSON, lambda _: None)
        filters = _filters(kind, number)
        for name in names:
            hub.subscribe(connection, Subscription(parse_topic(name), parse_filter(next(filters)), 0))


def _filters(kind: str, number: int) -> Iterator[dict[str, object] | None]:
    """As much as the budget of a connection lets it ask for, and nothing after that."""
    left = MAX_FILTER_VALUES
    at = 0
    while kind.startswith("filters") and left > 0:
        width = 1 if kind == "filters that differ" else min(MAX_VALUES, left)
        left -= width + 1
        at += 1
        # The symbol is the first key: the filter stands under it, and then also has to be compared.
        yield {"tag": [f"t{(number + at + one) % MAX_TAGS}" for one in range(width)], "has_media": False}
    while True:
        yield None


def main() -> None:
    """Print the table."""
    print("| connections | subscribed to | longest hold, ms | in all, ms |\n| --: | --- | --: | --: |")
    for connections, kind in (
        (100, "all topics"), (100, "filters"), (100, "filters that differ"), (1_000, "filters"), (1_000, "filters that differ"),
        (50_000, "explore only"),
    ):  # fmt: skip
        hub = Hub(lambda *_: None)
        fill(hub, connections, kind)
        gc.collect()
        gc.freeze()
        longest, whole = measure(hub)
        print(f"| {connections:,} | {kind} | {longest:.1f} | {whole:.1f} |", flush=True)


if __name__ == "__main__":
    main()
