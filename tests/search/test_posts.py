"""Any text is a query: it never fails, and shows nothing that is not for the viewer."""

import secrets
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import PASSWORD
from x18.core.errors import BadInput
from x18.core.text import SEEN
from x18.search.terms import check_terms
from x18.search.users import prefix_pattern

MARK = "x" + secrets.token_hex(4)
PATHS = ("/api/search/", "/api/search/users", "/api/search/posts")

signs = st.sampled_from([*"'\"\\%_-&|!()<>:*;,=~@#$ aB1é🚀\x1f\u0301ſ\ufdfa", "--", "/*", "or", " OR "])
storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.lists(signs | storable, min_size=1, max_size=40).map("".join)


@pytest.fixture(scope="module")
async def author(api: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who writes."""
    name = "x" + secrets.token_hex(8)
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    token = (await api.post("/api/auth/register", json=body)).json()["access_token"]
    async with httpx.AsyncClient(base_url=api.base_url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


async def found(client: httpx.AsyncClient, text: str) -> list[str]:
    answer = await client.get("/api/search/posts", params={"q": text, "limit": 100})
    assert answer.status_code == 200, (text, answer.text)
    return [post["id"] for post in answer.json()["posts"]]


def may_be_asked(text: str) -> bool:
    with suppress(BadInput):
        return bool(SEEN.search(check_terms(text)))
    return False


@settings(max_examples=30, deadline=None)
@given(texts)
@example("a b c d e f g h i")
@example("' OR '1'='1")
@example(f"-{MARK}")
@example("a or -b")
@example("&#x0;' UNION SELECT password_hash FROM users --")
async def test_a_query_shows_only_what_is_for_everybody(
    api: httpx.AsyncClient, author: httpx.AsyncClient, text: str
) -> None:
    written = {}
    for visibility in ("private", "followers", "public"):
        body = {"content": f"{MARK} {text}", "visibility": visibility}
        answer = await author.post("/api/posts", json=body)
        assert answer.status_code == 201, answer.text
        written[visibility] = answer.json()["id"]

    for path in PATHS:
        answer = await api.get(path, params={"q": text, "limit": 100})
        assert answer.status_code == (200 if may_be_asked(text) else 400), (text, answer.text)
        assert written["private"] not in answer.text
        assert written["followers"] not in answer.text
    assert (await found(api, MARK))[0] == written["public"]
    assert (await found(author, MARK))[:3] == [written["public"], written["followers"], written["private"]]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["gold", "silver", "oil", "corn"]), unique=True, max_size=4), st.data())
async def test_words_phrases_and_exclusions_are_those_of_the_text(
    api: httpx.AsyncClient, author: httpx.AsyncClient, words: list[str], data: st.DataObject
) -> None:
    mark = "m" + secrets.token_hex(6)
    post = (await author.post("/api/posts", json={"content": " ".join([mark, *words])})).json()["id"]
    asked = data.draw(st.lists(st.sampled_from(["gold", "silver", "oil"]), unique=True, max_size=2))
    without = data.draw(st.sampled_from(["gold", "silver", "corn", "wheat"]))

    all_words = set(asked) <= set(words)
    as_phrase = " ".join(asked) in " ".join(words)
    assert await found(api, " ".join([mark, *asked])) == [post] * all_words
    assert await found(api, f'{mark} "{" ".join(asked)}"') == [post] * as_phrase
    assert await found(api, f"{mark} -{without}") == [post] * (without not in words)
    assert await found(api, f"{mark} {without} or {mark}".upper().replace("OR", "or")) == [post]


@pytest.mark.parametrize(
    ("content", "finding", "missing"),
    [
        ("比特币上涨了，$BTC突破！", ["比特币", "上涨", "btc 突破", '"特币上"', "币 涨", "币", "突", '"突破"', "BTC突破", "-以太坊"],
         ["币特", '"币 涨"', "-比特币"]),
        ("ビットコインは上がった", ["ビットコイン", "上がっ", '"コインは"', "ﾋﾞｯﾄｺｲﾝ"], ["コインビット", "-コイン"]),
        ("ราคาทองคำวันนี้ขึ้น", ["ราคา", "ทองคำ", "วันนี้", '"ทองคำ วันนี้"', "ทองคำ ราคา"], ["ทองราคา", "-ทองคำ", "เงิน"]),
        ("ລາຄາຄຳຂຶ້ນ", ["ລາຄາ", "ຄຳ"], ["-ລາຄາ"]),
        ("តម្លៃមាសឡើងថ្លៃ", ["មាស", "តម្លៃ"], ["-មាស", "ប្រាក់"]),
        ("ရွှေဈေးတက်နေသည်", ["ရွှေ", "ဈေး"], ["-ရွှေ"]),
        ("비트코인이 삼성전자를 이겼다", ["비트코인", "삼성전자", "전자", '"비트코인이 삼성"', "비트코인 이겼"],
         ["코인비트", "-비트코인", "이더리움"]),
    ],
)  # fmt: skip
async def test_words_are_found_where_no_space_is_written(
    author: httpx.AsyncClient, content: str, finding: list[str], missing: list[str]
) -> None:
    mark = "m" + secrets.token_hex(6)
    post = (await author.post("/api/posts", json={"content": f"{mark} {content}"})).json()["id"]

    for text in finding:
        assert await found(author, f"{mark} {text}") == [post], text
    for text in missing:
        assert await found(author, f"{mark} {text}") == [], text


@pytest.mark.parametrize(
    ("content", "finding", "missing"),
    [
        ("Long BTC/USD today", ["btc", "usd", "btc usd", "BTC/USD", '"btc/usd today"', "$BTC", "btc-usd"],
         ["-btc", "-BTC/USD", "usd/btc", '"btc today"']),
        ("EUR/USD, buy/sell AAPL.US", ["eur", "sell", "buy", "aapl", "AAPL.US", "aapl.us eur/usd"], ["-aapl", "-sell", "sell/buy"]),
        ("see https://x.example/Fed-rates_2026?q=gold", ["fed", "rates", "2026", "gold", "x.example",
         "https://x.example/Fed-rates_2026"], ["-gold", "-fed"]),
        ("up 1.5% to 1,000 at 5", ["1.5", "1,000", "5", "1.5%"], ["-1.5", "000"]),
        ("report of 30.09.2024, RSI 14,21,50, v1.2.3", ["2024", "30.09.2024", "21", "14,21,50", "rsi 50", "v1.2.3"],
         ["2023", "-2024", "\u22122024", "21,14"]),
        ("1,234,567.89 and 70,000", ["1,234,567.89", "1,234,567", "70,000"], ["70", "-1,234,567.89"]),
        ("a@b.example #b_c @dave-e", ["b.example", "dave", "c", "a@b.example"], ["-dave"]),
        ("don't sell l'or", ["don't", "sell or", "l'or", "don’t"], ["-don't"]),
    ],
)  # fmt: skip
async def test_words_joined_by_signs_are_found_by_their_parts_and_together(
    author: httpx.AsyncClient, content: str, finding: list[str], missing: list[str]
) -> None:
    await test_words_are_found_where_no_space_is_written(author, content, finding, missing)


@pytest.mark.parametrize(
    ("content", "finding", "missing"),
    [
        ("São Paulo über Łódź, Ångström, Tiếng Việt", ["sao", "SÃO", "uber", "lodz", "angstrom", "tieng viet", "São"], ["-sao"]),
        ("цена растёт, мой йод, Київ", ["растет", "растёт", "РАСТЁТ", "мой", "київ"], ["мои", "киів", "-растет"]),
        ("İstanbul ISPARTA ışık", ["istanbul", "İSTANBUL", "ıstanbul", "isparta", "işik", "isik"], ["-ISTANBUL"]),
        ("Straße ΟΔΟΣ Όμορφος", ["strasse", "STRASSE", "οδος", "οδοσ", "ομορφοσ"], ["-strasse"]),
        ("سعر ٤٥٦ و ۷۸۹, मूल्य १२३", ["456", "٤٥٦", "۴۵۶", "٧٨٩", "789", "123"], ["-456", "-۱۲۳"]),
        ("ราคาน้ำมัน ຄຳ", ["น้ำมัน", "น\u0e49\u0e4d\u0e32มัน", "ຄ\u0ecd\u0eb2"], ["-น้ำมัน"]),
        ("ＢＴＣ ﬁnance ①", ["btc", "finance", "1"], ["-btc"]),
        ("می‌خواهم عليكم السّلام", ["میخواهم", "علیکم", "السلام"], ["-علیکم"]),
        ("في آسفي مَرَّاكُش ٱلكتاب إبراهيم مدرسة مؤتة سنة ٢٠٢٤ ١٬٠٠٠٫٥",
         ["اسفي", "مراكش", "الكتاب", "ابراهیم", "مدرسه", "موته", "2024", "1,000.5"], ["-2024", "-مدرسه"]),
        ("सोना ५० พ.ศ. ๒๕๖๗ ۱۴۰۳", ["50", "2567", "1403", "१४०३"], ["-50"]),
        ("п'ять сімʼя об’єкт Hawaiʻi", ["пʼять", "п’ять", "сім'я", "об'єкт", "Hawai'i"], ["-пʼять", "пять"]),
        ("see PLT-3699 and https://x.example/browse/PLT-3700", ["PLT-3699", "plt 3700", "3699", "PLT_3700"], ["-PLT-3699", "plt3699"]),
        ("你好hello世界 具体情况就需要分析了，之前抓的严", ["hello", "你好", "世界", "具体情况"], ["-hello"]),
        ("e\u0301te\u0301 sof\u00adt\u200bware", ["été", "ete", "software"], ["-ete"]),
    ],
)  # fmt: skip
async def test_words_are_found_however_their_letters_are_written(
    author: httpx.AsyncClient, content: str, finding: list[str], missing: list[str]
) -> None:
    await test_words_are_found_where_no_space_is_written(author, content, finding, missing)


async def test_an_address_is_found_as_it_was_copied(author: httpx.AsyncClient) -> None:
    address = f"https://www.{MARK}.example/markets/bitcoin-hits-100-000-dollars-2024-12-05/?utm_source=Büro#top"
    post = (await author.post("/api/posts", json={"content": f"see {address}"})).json()["id"]

    assert await found(author, address) == [post]
    assert await found(author, address.replace("12-05", "05-12")) == []


async def test_exclusions_alone_page_without_loss(api: httpx.AsyncClient, author: httpx.AsyncClient) -> None:
    word = "m" + secrets.token_hex(6)
    posts = [(await author.post("/api/posts", json={"content": text})).json()["id"] for text in ("one", word, "two")]

    first = (await api.get("/api/search/posts", params={"q": f"-{word}", "limit": 1, "count": True})).json()
    second = await api.get("/api/search/posts", params={"q": f"-{word}", "limit": 1, "before": first["next_cursor"]})

    assert [first["posts"][0]["id"], second.json()["posts"][0]["id"]] == [posts[2], posts[0]]
    assert first["total"] >= 2


@settings(max_examples=200, deadline=None)
@given(texts, texts)
@example("100%", "100 sure")
@example("a_b", "axb")
@example("a\\", "a")
async def test_signs_of_patterns_mean_themselves(database: asyncpg.Pool, text: str, name: str) -> None:
    assert await database.fetchval("SELECT $1::text LIKE $2", text + name, prefix_pattern(text))
    assert await database.fetchval("SELECT $1::text LIKE $2", name, prefix_pattern(text)) is name.startswith(text)
