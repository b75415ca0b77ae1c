"""Finding users, posts, hashtags; only what the viewer may see."""

import asyncio
import json
import secrets
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.test_posts import publish
from tests.api.test_timeline import ids, walk
from tests.conftest import NOBODY, MakeUser
from x18.core.words import all_words_of
from x18.search.users import SEARCH, prefix_pattern


async def names(client: httpx.AsyncClient, query: str, **options: Any) -> list[str]:
    answer = await client.get("/api/search/users", params={"q": query, **options})
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["users"]]


async def test_users_are_found_by_name_beginning_typo_and_bio(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    mark = secrets.token_hex(4)
    exact = await make_user(f"satoshi{mark}")
    other = await make_user("else", display_name=f"Satoshi{mark} Nakamoto")
    described = await make_user("else", bio=f"I know who satoshi{mark} is")

    assert (await names(api, exact.username.upper()))[0] == exact.username
    found = await names(api, f"SATOSHI{mark}")
    assert set(found[:2]) == {exact.username, other.username}
    assert found[2] == described.username
    assert exact.username in await names(api, f"satoshl{mark}")
    assert await names(api, f"satoshi{mark}", limit=1, offset=1) == [found[1]]
    assert await names(api, "%") == await names(api, "_____") == await names(api, "\\") == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Björk Guðmundsdóttir", ["bjork gudmundsdottir", "BJÖRK", "gudmundsdottir"]),
        ("Łukasz Żółć", ["lukasz", "ŻÓŁĆ", "zolc"]),
        ("Ğözde İşçi", ["gozde isci", "İŞÇİ", "işçi"]),
        ("Αλέξανδρος", ["αλεξανδρος", "ΑΛΈΞΑΝΔΡΟΣ"]),
        ("Алёна Йод", ["алена", "АЛЁНА ЙОД"]),
        ("山田太郎", ["山田太郎", "太郎"]),
        ("ﾔﾏﾀﾞ", ["ヤマダ", "ﾔﾏﾀﾞ"]),
        ("สมชาย ใจดี", ["สมชาย", "ใจดี", "ชาย"]),
        ("김철수", ["김철수", "철수"]),
        ("محمد علي", ["محمد", "علی", "مُحَمَّد"]),
        ("Ｔｒａｄｅｒ Ｊｏｅ", ["trader joe", "ＴＲＡＤＥＲ"]),
        ("O’Brien-Smith", ["o'brien", "smith", "O’Brien"]),
    ],
)
async def test_users_are_found_in_any_script_however_it_is_typed(
    api: httpx.AsyncClient, make_user: MakeUser, name: str, asked: list[str]
) -> None:
    user, other = await make_user(display_name=name), await make_user(display_name="Jane Roe")

    for text in asked:
        found = await names(api, text, limit=100)
        assert user.username in found, text
        assert other.username not in found


def parts_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(part for child in plan.get("Plans", []) for part in parts_of(child))]


@pytest.mark.parametrize(("text", "compared"), [("!!!", False), ("qqqqqq", True)])
async def test_only_a_text_with_letters_is_compared_with_all_names(
    api: httpx.AsyncClient, database: asyncpg.Pool, text: str, compared: bool
) -> None:
    plan = await database.fetchval(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {SEARCH}", text, prefix_pattern(text), all_words_of(text)
    )
    (alike,) = [part for part in parts_of(json.loads(plan)[0]["Plan"]) if part.get("Subplan Name") == "CTE alike"]
    reads = [part for part in parts_of(alike) if part.get("Relation Name") == "users" and part["Actual Loops"]]

    assert bool(reads) is compared
    assert await names(api, text) == []


async def test_posts_are_found_by_words_phrases_and_exclusion(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author = await make_user()
    mark = secrets.token_hex(4)
    one = (await publish(author, f"Gold {mark} breaks out today"))["id"]
    two = (await publish(author, f"{mark} GOLD fades, silver breaks"))["id"]
    russian = (await publish(author, f"Биткоин {mark} ВЫРОС"))["id"]
    path = "/api/search/posts"

    async def found(query: str) -> list[str]:
        return await walk(api, path, q=query, limit=1)

    assert await found(f"gold {mark}") == [two, one]
    assert await found(f'{mark} "breaks out"') == [one]
    assert await found(f"{mark} -silver") == [russian, one]
    assert await found(f"{mark} silver or {mark} выРОС") == [russian, two]
    assert await found(f"{mark} platinum") == []


@pytest.mark.parametrize(
    "query", ["'", '"', "a' OR '1'='1", "& | ! ( ) : *", "\\", "-", "%", "🚀", "'; DROP TABLE posts; --", "<->", "or"]
)
async def test_any_text_is_a_query(api: httpx.AsyncClient, query: str) -> None:
    for path in ("/api/search/", "/api/search/users", "/api/search/posts"):
        assert (await api.get(path, params={"q": query})).status_code == 200
    assert (
        await api.get("/api/search/hashtag/" + httpx.URL("http://x/" + "a").path[1:], params={"limit": 1})
    ).status_code == 200


@pytest.mark.parametrize("path", ["/api/search", "/api/search/?q=", "/api/search/posts?q=%20", "/api/search/users?q=" + "x" * 201,
                                  "/api/search/posts?q=%00", "/api/search?q=x&type=all-of-it", "/api/search/trending-hashtags?timeframe=1y",
                                  "/api/search/trending-hashtags?limit=0", "/api/search/hashtag/%23", "/api/search/hashtag/%20"])  # fmt: skip
async def test_a_bad_query_is_a_400(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(path)).status_code == 400


async def test_search_shows_only_what_the_viewer_may_see(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, follower, stranger = await make_user(), await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    word = "w" + secrets.token_hex(6)
    private, followers, public = [
        (await publish(author, f"{word} #{word}", visibility=level))["id"]
        for level in ("private", "followers", "public")
    ]
    for path in (f"/api/search/posts?q={word}", f"/api/search/hashtag/{word.upper()}"):
        assert await ids(author.client, path) == [public, followers, private]
        assert await ids(follower.client, path) == [public, followers]
        assert await ids(stranger.client, path) == await ids(api, path) == [public]
    everything = (await api.get(f"/api/search?q={word}")).json()
    assert everything["total"] == {"users": 0, "posts": 1}
    assert [post["id"] for post in everything["posts"]] == [public]
    assert (await api.get(f"/api/search?q={word}&type=users")).json()["posts"] == []
    assert (await api.get(f"/api/search/hashtag/{word}?count=true")).json() | {"posts": []} == {
        "hashtag": word, "posts": [], "limit": 20, "offset": 0, "next_cursor": None, "newest_cursor": str(public), "total": 1,
    }  # fmt: skip


async def trending_hashtags(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    """All of them, as far down as other tests may have pushed some."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await api.get("/api/search/trending-hashtags", params={"limit": 100, "offset": len(found)})
        assert answer.status_code == 200
        found += answer.json()["hashtags"]
        if "next" not in answer.links:
            return found


async def becomes(api: httpx.AsyncClient, tag: str, wanted: int, *, authors: int | None = None) -> None:
    """Wait until so many posts with the hashtag are counted, and people who wrote them."""
    async with asyncio.timeout(30):
        while True:
            hashtags = await trending_hashtags(api)
            found = next((one for one in hashtags if one["tag"] == tag), {"count": 0, "authors": 0})
            if found["count"] == wanted and authors in (None, found["authors"]):
                return
            await asyncio.sleep(0.05)


async def test_trending_hashtags_count_public_posts_and_forget_deleted_ones(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    author = await make_user()
    tag = "t" + secrets.token_hex(6)
    posts = [await publish(author, f"#{tag} #{tag.upper()} twice in one post") for _ in range(3)]
    await publish(author, f"#{tag}", visibility="followers")

    await becomes(api, tag, 3)
    await author.client.delete(f"/api/posts/{posts[0]['id']}")
    await becomes(api, tag, 2)
    private = await make_user(private_account=True)
    never_counted = await publish(private, f"#{tag}")
    await private.client.delete(f"/api/posts/{never_counted['id']}")
    await publish(author, f"#{tag}")
    await becomes(api, tag, 3)


async def test_of_a_post_those_hashtags_are_counted_that_its_deletion_takes_back(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    tags = [f"t{number}{secrets.token_hex(6)}" for number in range(12)]
    people = [await make_user() for _ in range(4)]  # so many that no other test's hashtags stand before these
    made = [await publish(author, " ".join(f"#{tag}" for tag in tags)) for author in people]
    await becomes(api, tags[0], 4, authors=4)
    assert {one["tag"] for one in await trending_hashtags(api)} & set(tags) == set(tags[:10])

    for author, post in zip(people, made, strict=True):
        await author.client.delete(f"/api/posts/{post['id']}")
    await becomes(api, tags[0], 0)

    assert {one["tag"] for one in await trending_hashtags(api)} & set(tags) == set()


async def test_an_account_that_turns_private_and_back_takes_away_only_hashtags_it_had_added(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    turning, other = await make_user(), await make_user()
    tag = "t" + secrets.token_hex(6)
    counted = await publish(turning, f"#{tag}")
    await turning.client.patch("/api/users/me", json={"private_account": True})
    hidden = await publish(turning, f"#{tag}")
    for _ in range(2):
        await publish(other, f"#{tag}")
    await becomes(api, tag, 3)
    await turning.client.patch("/api/users/me", json={"private_account": False})
    await turning.client.delete(f"/api/posts/{hidden['id']}")
    await publish(other, f"#{tag}")
    await becomes(api, tag, 4)
    await turning.client.patch("/api/users/me", json={"private_account": True})
    await turning.client.delete(f"/api/posts/{counted['id']}")
    await becomes(api, tag, 3)


async def test_many_people_go_before_many_posts_of_one(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    loud, three = await make_user("loud"), [await make_user("quiet") for _ in range(3)]
    of_one, of_three = "one" + secrets.token_hex(6), "three" + secrets.token_hex(6)
    posts = [await publish(loud, f"#{of_one}") for _ in range(8)]
    for user in three:
        await publish(user, f"#{of_three}")
    await becomes(api, of_one, 8, authors=1)
    await becomes(api, of_three, 3, authors=3)
    tags = [one["tag"] for one in await trending_hashtags(api)]
    assert tags.index(of_three) < tags.index(of_one)
    for post in posts[:3]:  # of what is deleted the author still has other uses
        await loud.client.delete(f"/api/posts/{post['id']}")
    await becomes(api, of_one, 5, authors=1)


async def test_trending_hashtags_page_by_offset(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, tag = await make_user(), "t" + secrets.token_hex(6)
    for _ in range(3):
        await publish(author, " ".join(f"#{tag}{number}" for number in range(3)))
    await becomes(api, f"{tag}2", 3)
    path = "/api/search/trending-hashtags"
    everything = await trending_hashtags(api)
    total = (await api.get(f"{path}?limit=1&count=true")).json()["total"]

    page = await api.get(f"{path}?limit=1&count=true&offset=1")
    last = await api.get(f"{path}?limit=1&offset={total - 1}")

    assert len(everything) == total >= 3
    assert page.json()["hashtags"] == everything[1:2]
    assert (page.json()["offset"], page.json()["total"]) == (1, total)
    assert (await api.get(page.links["next"]["url"])).json()["hashtags"] == everything[2:3]
    assert last.json()["hashtags"] == everything[-1:]
    assert "next" not in last.links


@pytest.mark.parametrize("path", ["/api/search/trending-hashtags?", "/api/search/users?q=x&"])
@pytest.mark.parametrize("name", ["before", "after"])
async def test_a_list_without_cursors_names_the_one_that_was_sent(api: httpx.AsyncClient, path: str, name: str) -> None:
    answer = await api.get(f"{path}{name}={NOBODY}")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [name]


async def test_trending_ranks_by_likes_and_retweets_then_newest(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, *fans = [await make_user() for _ in range(4)]
    category = "c" + secrets.token_hex(6)
    plain, two_likes, one_retweet, tie, newest = [
        (await publish(author, f"{number}", metadata={"category": category}))["id"] for number in range(5)
    ]
    hidden = (await publish(author, "hidden", metadata={"category": category}, visibility="followers"))["id"]
    for fan in fans[:2]:
        await fan.client.post(f"/api/posts/{two_likes}/like")
    for post in (one_retweet, tie):
        await fans[2].client.post(f"/api/posts/{post}/retweet")
    path = "/api/timeline/trending"
    ranked = [two_likes, tie, one_retweet, newest, plain]

    async with asyncio.timeout(30):
        while await ids(api, f"{path}?category={category}") != ranked:
            await asyncio.sleep(0.05)
    assert hidden not in await ids(author.client, f"{path}?category={category}")
    for limit in (1, 2, 3):
        assert await walk(api, path, category=category, timeframe="7d", limit=limit) == ranked
    assert await ids(api, f"{path}?category={category}&offset=3&limit=1") == [newest]
    await author.client.delete(f"/api/posts/{tie}")
    assert await ids(api, f"{path}?category={category}&before={tie}") == ranked[2:], "the page goes on where it ended"
    assert (await api.get(f"{path}?timeframe=2d")).status_code == 400


async def test_searching_metadata_needs_a_filter_and_names_it(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author = await make_user()
    made = await publish(author, "$META-X")

    refused = await api.get("/api/timeline/search")
    found = (await api.get("/api/timeline/search/?symbol=meta-x&limit=5")).json()

    assert (refused.status_code, refused.json()["code"]) == (400, "filter_required")
    assert found["filters"] == {"symbol": ["meta-x"]}
    assert [post["id"] for post in found["posts"]] == [made["id"]]
