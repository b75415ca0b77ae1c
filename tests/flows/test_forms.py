"""One form for all: hashtags, symbols and metadata are found live and over REST alike, however they are written."""

import secrets
from urllib.parse import quote

import httpx

from tests.api.test_search import becomes
from tests.conftest import MakeUser
from tests.flows.test_delivery import fence, post
from tests.live import live
from tests.server import Server

SAME = [
    ("hashtag", "São", "SAO"), ("hashtag", "İstanbul", "istanbul"), ("hashtag", "ISTANBUL", "ıstanbul"), ("hashtag", "Straße", "STRASSE"),
    ("hashtag", "ΣΊΣΥΦΟΣ", "σίσυφος"), ("hashtag", "растёт", "РАСТЕТ"), ("hashtag", "ＦＸ１", "fx1"), ("hashtag", "ﾋﾞｯﾄ", "ビット"),
    ("hashtag", "می‌خواهم", "میخواهم"), ("hashtag", "كريم", "کریم"), ("hashtag", "Łódź", "lodz"), ("hashtag", "København", "kobenhavn"),
    ("hashtag", "tiếng", "tieng"), ("hashtag", "e\u0301te", "Été"), ("hashtag", "col·lecció", "COL·LECCIO"), ("hashtag", "ราคา", "ราคา"),
    ("hashtag", "비트코인", "\u1107\u1175\u1110\u1173\u110f\u1169\u110b\u1175\u11ab"), ("hashtag", "ﬁx", "FIX"),
    ("hashtag", "шалом", "#ШАЛОМ"),
    ("tag", "Crème Brûlée", "creme  brulee"), ("tag", "#Bull", "bull"), ("tag", "Größe", "GROSSE"), ("category", "Ångström", "angstrom"),
    ("category", "ＣＲＹＰＴＯ", "crypto"), ("market", "Zürich", "ZURICH"), ("market", "Île", "ile"), ("symbol", "btc-usd", "BTC-USD"),
    ("hashtag", "ราคาน้ำมัน", "ราคาน\u0e49\u0e4d\u0e32มัน"), ("hashtag", "Đầutư", "DAUTU"), ("hashtag", "בִּיטְקוֹיִן", "ביטקוין"),
    ("hashtag", "بيتـــكوين", "بیتکوین"), ("hashtag", "٢٤قيراط", "24قیراط"), ("hashtag", "क़ीमत", "क\u093cीमत"),
    ("hashtag", "Ελλάδα", "ΕΛΛΑΔΑ"),
    ("tag", "ﾄﾖﾀ ｰ", "トヨタ ー"), ("tag", "É́", "é\u0301"), ("symbol", "es=f", "ES=F"), ("symbol", "^gspc", "$^GSPC"),
    ("symbol", "$Eth", "ETH"), ("symbol", "ＳＯＬ", "sol"), ("symbol", "Größe", "GROSSE"), ("symbol", "brk.b", "$BRK.B"),
]  # fmt: skip
DIFFERENT = [
    ("hashtag", "мой", "мои"), ("hashtag", "Київ", "киів"), ("hashtag", "か", "が"), ("hashtag", "कि", "क"), ("hashtag", "a_b", "ab"),
    ("tag", "c++", "c"), ("symbol", "BTC-USD", "BTC/USD"), ("symbol", "BTC-USD", "BTC"), ("category", "fx", "fx 1"),
]  # fmt: skip


ALL = SAME + DIFFERENT


def marked(mark: str, number: int, text: str) -> str:
    """A form that no other test and no other line has."""
    return text[0] + marked(mark, number, text[1:]) if text[0] in "#$" else f"{mark}{number}{text}"


async def test_live_and_rest_find_the_same_forms_and_no_others(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    author, mark = await make_user(), "q" + secrets.token_hex(4)
    forms = [
        (kind, marked(mark, number, one), marked(mark, number, asked)) for number, (kind, one, asked) in enumerate(ALL)
    ]
    assert len(SAME) >= 30
    async with live(server, None, *(f"{kind}:{asked}" for kind, _, asked in forms), f"user:{author.id}") as client:
        made = []
        for kind, written, _ in forms:
            if kind == "hashtag":
                made.append(await post(author, f"see #{written}"))
            else:
                made.append(await post(author, metadata={"tags": [written]} if kind == "tag" else {kind: written}))
        await fence(author, client)
        topics = {event["payload"]["id"]: event["topics"] for event in client.events}

        for number, ((kind, _, name), one) in enumerate(zip(forms, made, strict=True)):
            path = f"search/hashtag/{quote(name)}" if kind == "hashtag" else f"timeline/search?{kind}={quote(name)}"
            listed = [found["id"] for found in (await api.get(f"/api/{path}")).json()["posts"]]
            matched = [topic for topic in topics[str(one["id"])] if topic.startswith(f"{kind}:")]
            is_same = number < len(SAME)

            assert listed == [one["id"]] * is_same, name
            assert len(matched) == is_same, name


async def test_trending_hashtags_have_the_form_that_topics_and_lists_have(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    author, mark = await make_user(), "q" + secrets.token_hex(4)
    for tag in ("São", "SAO", "sa\u0303o", "ＳＡＯ"):
        one = await post(author, f"#{mark}{tag}")
        assert one["hashtags"] == [f"{mark}sao"]

    shown = (await api.get(f"/api/search/hashtag/{mark}S%C3%A3o?count=true")).json()
    await becomes(api, f"{mark}sao", 4)

    assert (shown["hashtag"], shown["total"]) == (f"{mark}sao", 4)
