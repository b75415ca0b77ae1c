"""Live filters and the naive model agree; what is no filter is refused."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.filters import cashtags, filters, is_wanted, metadata
from tests.flows.test_forms import DIFFERENT, SAME
from tests.hubs import publish
from x18.core.errors import BadInput
from x18.posts.metadata import check_metadata
from x18.realtime import filters as filters_module
from x18.realtime.connection import Connection
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.filters import parse_filter
from x18.realtime.hub import Hub
from x18.realtime.matching import Subscription
from x18.realtime.terms import term
from x18.realtime.topics import parse_topic
from x18.realtime.wire import Encoding, split_frames
from x18.timeline.filters import provide_filters

AUTHORS = [UUID(int=1), UUID(int=2)]

live = st.fixed_dictionaries(
    {}, optional={"author": st.lists(st.sampled_from(AUTHORS), max_size=2), "has_media": st.booleans()}
)
posts = st.tuples(metadata, cashtags, st.sampled_from(AUTHORS), st.booleans())


def event(seq: int, post: Any) -> Event:
    found, symbols, author, has_media = post
    terms = [*check_metadata(found).terms, *(term("symbol", symbol) for symbol in symbols)]
    return Event(seq, EventKind.POST, author, None, UUID(int=seq), Content(author, 0, tuple(terms), has_media, b"{}"))


def passes(post: Any, wanted: dict[str, list[str]], more: dict[str, Any]) -> bool:
    found, symbols, author, has_media = post
    return (
        is_wanted(found, symbols, wanted)
        and (not more.get("author") or author in more["author"])
        and more.get("has_media", has_media) is has_media
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(posts, max_size=4), st.lists(st.tuples(filters, live), min_size=1, max_size=4))
def test_a_client_gets_what_the_model_lets_pass(happened: list[Any], asked: list[Any]) -> None:
    hub = Hub(lambda user, session: None)
    clients = []
    for wanted, more in asked:
        got: list[bytes] = []
        connection = Connection(Encoding.JSON, got.append)
        sent = wanted | more | {"author": [str(author) for author in more.get("author", [])]}
        hub.subscribe(connection, Subscription(parse_topic("explore"), parse_filter(sent), 0))
        clients.append((wanted, more, got))

    for seq, post in enumerate(happened, start=1):
        publish(hub, [event(seq, post)], "epoch")

    for wanted, more, got in clients:
        frames = [frame for data in got for frame in split_frames(data)]
        assert len(frames) == sum(passes(post, wanted, more) for post in happened)


@pytest.mark.parametrize(
    "sent",
    [{"colour": ["red"]}, {"symbol": [1]}, {"tag": [""]}, {"tag": [" "]}, {"tag": "x" * 65}, {"tag": ["x"] * 21}, {"market": {}},
     {"author": ["nobody"]}, {"has_media": "yes"}, {"has_media": 1}],
)  # fmt: skip
def test_what_is_no_filter_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="Bad filter"):
        parse_filter(sent)


def test_no_filter_is_everything() -> None:
    assert parse_filter(None) is parse_filter({}) is parse_filter({"tag": [], "author": []}) is None


def test_equal_filters_are_one_as_long_as_somebody_has_them() -> None:
    author = str(AUTHORS[0])
    one = parse_filter({"symbol": ["btc", "ETH", "eth "], "author": author, "has_media": True})
    other = parse_filter({"has_media": True, "author": [author, author.upper()], "symbol": ["ETH", "BTC"]})
    key = (one.groups, one.authors, one.has_media) if one else None

    assert one is other is not None
    assert one.wanted == {"symbol": ["BTC", "ETH"], "author": [author], "has_media": True}
    assert parse_filter({"symbol": ["BTC", "ETH"], "author": [author]}) is not one
    del one, other
    assert key not in filters_module._made


@pytest.mark.parametrize(
    ("sent", "size"),
    [
        ({"tag": ["a", "A", "ж"]}, (2, 3)),
        ({"author": [str(AUTHORS[0])], "has_media": False}, (2, 36)),
        ({"symbol": ["BTC"], "market": ["crypto"]}, (2, 9)),
    ],
)
def test_a_filter_is_as_large_as_its_different_values(sent: dict[str, Any], size: tuple[int, int]) -> None:
    made = parse_filter(sent)
    assert made is not None
    assert made.size == size


@pytest.mark.parametrize(
    ("kind", "written", "asked", "is_same"),
    [(*form, True) for form in SAME if form[0] != "hashtag"]
    + [(*form, False) for form in DIFFERENT if form[0] != "hashtag"],
)
async def test_a_filter_is_in_the_form_of_posts_over_rest_and_live(
    kind: str, written: str, asked: str, is_same: bool
) -> None:
    terms = check_metadata({"tags": [written]} if kind == "tag" else {kind: written}).terms
    live, rest = parse_filter({kind: [asked]}), await provide_filters(**{kind: [asked]})

    assert live is not None
    assert [set(group) for group in live.groups] == [set(group) for group in rest.groups]
    assert (set(terms) == set(live.groups[0])) is is_same
