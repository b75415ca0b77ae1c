"""Hashtags, symbols and mentions in any text, in linear time."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.growth import is_linear
from x18.core.errors import BadInput
from x18.core.folding import fold
from x18.posts.metadata import check_metadata
from x18.posts.text import MAX_HASHTAG, MOST, WIDE, fold_hashtag, read_entities
from x18.realtime.terms import PREFIX, term
from x18.realtime.topics import parse_topic

# Letters of many kinds among what has a meaning here: marks that join, letters that grow when they are folded.
pieces = st.sampled_from(
    [*"#＃@＠$＄_-/.&aZ9 éßİǰΐſıKﬁ한अเกへ・", "\u200c", "\u200d", "\u0301", "\u0345", "\u0338", "#a", "@abc",
     "$AB", "http://", "-USD", "x.com/"]
)  # fmt: skip
texts = st.lists(pieces | st.characters(exclude_categories=["Cs"]), max_size=60).map("".join)


def symbols(text: str) -> list[str]:
    return read_entities(text).cashtags


@pytest.mark.parametrize(
    "symbol",
    [
        "BTC", "A", "US30", "BTC-USD", "BTC/USD", "BTC_USDT", "BTC-USD-PERP", "ETH-PERP", "SOL/USDC", "BTC-27DEC24-100000-C", "BTC-240628",
        "BRK.B", "BRK-B", "BRK/B", "BAC-PL", "RDS.A", "AAPL.US", "VOD.L", "SHOP.TO", "ES_F", "7203.T", "0700.HK", "600519.SS", "005930.KS",
        "1INCH", "1000SATS", "1INCH-USDT", "XAU/USD", "1000000MOGUSDT", "285A.T", "00679B.TWO", "920799.BJ", "5.HK", "6E_F", "6J=F",
        "ES=F", "EUR=X", "^GSPC", ".DJI", "BTCUSD_PERP", "BTCUSDT_240628", "BTC_USDC_PERP", "ERIC-B.ST", "NOVO-B.CO", "RCI.B.TO", "REI-UN.TO",
        "AAPL240621C00200000", "SPY_062124C500", "BTCUSDT.P", "M&M.NS", "J&KBANK.BO", "GVT&D.NS",
    ],
)  # fmt: skip
def test_a_symbol_is_what_exchanges_write(symbol: str) -> None:
    for text in (
        f"${symbol}",
        f"({symbol} ${symbol})",
        f"${symbol}.",
        f"long ${symbol}, short",
        f"買い${symbol}を",
        f"＄{symbol}",
    ):
        assert symbols(text) == [symbol], text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$BTC-based $TSLA-led $ETH-denominated", ["BTC", "TSLA", "ETH"]),
        ("$TSLA-LED rally, $BTC-USDX", ["TSLA", "BTC"]),
        ("$BTC/$ETH and $SOL's, $AAPL.It went", ["BTC", "ETH", "SOL", "AAPL"]),
        ("\u200e$BTC\u200e $\u200fETH $\u061csol", ["BTC", "ETH", "SOL"]),
        ("$BTC로 $ETHを $SOLขึ้น 价格$XRP突破", ["BTC", "ETH", "SOL", "XRP"]),
        ("$btc-usd $brk.b $sol/try $eth-perp $0700.hk", ["BTC-USD", "BRK.B", "SOL/TRY", "ETH-PERP", "0700.HK"]),
        ("$BTC-usd $BTC-try $BTC-a $BTC-perp", ["BTC-USD", "BTC"]),
        ("＄ＢＴＣ－ＵＳＤ ＄ＴＳＬＡ", ["BTC", "TSLA"]),
        (
            "$NASDAQ:AAPL $NYSE:BRK.B $BINANCE:BTCUSDT.P $X:ETHUSD $INDEXSP:.INX",
            ["AAPL", "BRK.B", "BTCUSDT.P", "ETHUSD", ".INX"],
        ),
        ("1️⃣$BTC 2⃣$ETH ①$SOL ➋$XRP ⑶$ADA 10²$DOT ½$UNI", ["BTC", "ETH", "SOL", "XRP", "ADA", "DOT", "UNI"]),
        ("$BTC² $ETH① $SOL\ufe0f $XRP⬆️ $TSLA1️⃣ $NVDA\u0301", ["BTC", "ETH", "SOL", "XRP"]),
        ("$NYSE: closed, $BTC:LONG, $ETH:$SOL", ["NYSE", "BTC", "ETH", "SOL"]),
        ("$M&A $T&C $AT&T $BTC&ETH.US $m&m.ns", ["M", "T", "AT", "BTC", "M&M.NS"]),
        ("$es=f $btcusd_perp $eric-b.st $btc=up", ["ES=F", "BTCUSD_PERP", "ERIC-B.ST", "BTC"]),
        ("🚀$GME💎 \u202b$AMC\u202c $AAPL’s $TSLA… שלום $NVDA!", ["GME", "AMC", "AAPL", "TSLA", "NVDA"]),
    ],
)
def test_what_does_not_belong_to_a_symbol_ends_it(text: str, found: list[str]) -> None:
    assert symbols(text) == found


@pytest.mark.parametrize(
    "text",
    ["$100 $5k $1.50 $20-30 $1,000", "$5M $10B $3bn $2MM $1.5T", "$100USD $50USDT $20EUR", "$150C $90P $150PUT $200PT",
     "$1MILLION $5BILLION $100THOUSAND $69KATH $100KEOY $250EOM $10BUCKS $20CAD $10YR $100KUSD $50IN", "US$BTC é$BTC $$BTC",
     "$ABCDEFGHIJKLMNOP $A_BCD $BTCé", "$ $- $. $ BTC", "$-BTC $.5"],
)  # fmt: skip
def test_amounts_and_parts_of_words_are_no_symbols(text: str) -> None:
    assert symbols(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("こんにちは@bob", ["bob"]),
        ("你好@bob_1，안녕@carol님 สวัสดี@dave", ["bob_1", "carol", "dave"]),
        ("＠bob ＠ＢＯＢＢＹ ﹫carol", ["bob", "bobby", "carol"]),
        (".@bob (@carol) “@dave” w/@erin", ["bob", "carol", "dave", "erin"]),
        ("@bob/@carol/@dave", ["bob", "carol", "dave"]),
        ("@bob's @carolさん @dave님 @erin.", ["bob", "carol", "dave", "erin"]),
        ("\u200e@bob\u200f @\u200ecarol \u2068@dave\u2069", ["bob", "carol", "dave"]),
        ("a@example.com root@server josé@example.com почта@example.com user＠host", []),
        (
            "1️⃣@bob 2⃣@carol ①@dave ➋@erin² @frank① @grace\ufe0f @heidi1️⃣",
            ["bob", "carol", "dave", "erin", "frank", "grace"],
        ),
        ("@@abc @abc@def src/@types é@abc @ab @josé", []),
        ("@bob@example.social @http://x.com", []),
    ],
)
def test_a_mention_is_a_name_after_an_at_sign_and_no_address(text: str, names: list[str]) -> None:
    assert read_entities(text).mentions == names


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#ビット・コイン #col·lecció #ﾋﾞｯﾄ･ｺｲﾝ", ["ビット・コイン", "col·leccio"]),
        ("#タグ・#タグ2 #a-b #a.b", ["タグ", "タグ2", "a"]),
        ("#می‌خواهم #ශ්‍රීලංකා #विश्व #ราคาทอง", ["میخواهم", "ශ්රීලංකා", "विश्व", "ราคาทอง"]),
        ("#btc/#eth,#sol #比特币# ＃ＦＸ ﹟fx", ["btc", "eth", "sol", "比特币", "fx"]),
        ("#İstanbul #istanbul #ISTANBUL #ıstanbul", ["istanbul"]),
        ("#São #SAO #são", ["sao"]),
        (
            "#Cleveland's (#Detroit) #Paris’s -#h1 *#h2 ~#h3 `#h4` <b>#h5</b>",
            ["cleveland", "detroit", "paris", "h1", "h2", "h3", "h4", "h5"],
        ),
        ("\u200e#one\u200e #\u200etwo #\u200fالفضة\u200f", ["one", "two", "الفضه"]),
        ("#トロピカル～ジュ #トロピカル〜ジュ #كرة #کره #گ١٢ #گ12", ["トロピカル~ジュ", "کره", "گ12"]),
        ("#foo\u200bbar #ba\u200dz #x\u00a0y #a|b k=ÿ#Ô", ["foo", "baz", "x", "a"]),
        ("#ราคาน้ำมัน #ราคาน\u0e49\u0e4d\u0e32มัน #ຄຳ #ຄ\u0ecd\u0eb2", ["ราคาน้ำมัน", "ຄຳ"]),
        ("#سوق٢٠٢٤ #سوق۲۰۲۴ #سوق2024 #q३", ["سوق2024", "q3"]),
        ("#Straße #STRASSE #ΣΊΣΥΦΟΣ #σίσυφος", ["strasse", "σισυφοσ"]),
        ("1️⃣#one ①#two ➋#three 10²#four x²#five", ["one", "two", "three", "four", "five"]),
        ("&#39; a#b ##c #123 #_ #１２ #️⃣ #\u200df 日本#語 #" + "a" * 101, []),
    ],
)
def test_a_hashtag_is_a_word_of_any_script(text: str, tags: list[str]) -> None:
    assert read_entities(text).hashtags == tags


@pytest.mark.parametrize(
    "address",
    [
        "https://www.federalreserve.gov/Inc.#Decision", "https://en.wikipedia.org/wiki/Bond_(finance)#Coupon", "http://x.example/?a=@bob&b=$BTC-USD",
        "https://x.example/a-#b", "x.example/#/@bob", "medium.example/@bob", "t.co/a.#b", "https://ja.example/日本#歴史", "http://ああ.example/#あ",
        "wss://x.example/ws?t=$BTC", "https://user:pass@x.example/@bob", "https://x.example/a_(b_(c))#d", "https://x.example/?a[]=$BTC#c",
        "買いx.example/#b", "https://de.example/wiki/Nestlé#Kritik", "https://ru.example/Привет#раздел", "https://x.example/é_#b",
        "пример.рф/#b", "example.рф/@bob", "bücher.example/#b", "παράδειγμα.ελ/?q=#b",
    ],
)  # fmt: skip
def test_nothing_in_an_address_counts_and_what_follows_it_does(address: str) -> None:
    assert read_entities(address) == ([], [], [])
    assert read_entities(f"see ({address}) @bob $ETH #now") == (["now"], ["ETH"], ["bob"])


def test_what_stands_right_after_the_bracket_of_an_address_counts() -> None:
    assert read_entities("[x](https://x.example/a)#md (https://x.example)@bob") == (["md"], [], ["bob"])


def test_what_stands_right_after_an_address_without_a_space_counts_where_none_is_written() -> None:
    assert read_entities("https://x.exampleを見て@bob").mentions == ["bob"]
    assert read_entities("x.example/aดู@bob https://x.example/?q=1吧@carol").mentions == ["bob", "carol"]


def test_the_first_fifty_of_each_kind_count() -> None:
    found = read_entities(" ".join(f"#a{number} @abc{number} $A{number}" for number in range(MOST + 5)))

    assert [len(names) for names in found] == [MOST] * 3


@settings(max_examples=400, deadline=None)
@given(texts)
@example("#" + "a" * MAX_HASHTAG + " #" + "b" * (MAX_HASHTAG + 1))
@example("#ﷺﷺﷺﷺﷺﷺﷺ")
def test_what_is_found_stands_in_the_text_and_is_in_its_one_form(text: str) -> None:
    found = read_entities(text)
    plain = text.translate(WIDE).translate(dict.fromkeys((0x200E, 0x200F, 0x061C), ""))

    assert all(tag in fold(text) and 0 < len(tag) <= MAX_HASHTAG and fold_hashtag(tag) == tag for tag in found.hashtags)
    assert all("@" + name in plain.lower() for name in found.mentions)
    assert all("$" + symbol in plain.upper() and term("symbol", symbol) == f"s:{symbol}" for symbol in found.cashtags)


@settings(max_examples=500, deadline=None)
@given(texts, st.sampled_from(sorted(PREFIX)))
def test_folding_twice_is_folding_once(text: str, name: str) -> None:
    folded = term(name, text)

    assert fold(fold(text)) == fold(text) == fold(unicodedata.normalize("NFD", text))
    assert term(name, folded[2:]) == folded == term(name, unicodedata.normalize("NFD", text))


@pytest.mark.parametrize("hyphen", ["\u2010", "\u2011", "\u2212", "\uff0d"])
def test_a_symbol_or_tag_is_the_same_with_any_hyphen(hyphen: str) -> None:
    assert term("symbol", f"btc{hyphen}usd") == "s:BTC-USD"
    assert parse_topic(f"tag:co{hyphen}op").name == "tag:co-op"
    assert check_metadata({"tags": [f"Co{hyphen}op"]}).terms == ["t:co-op"]


@pytest.mark.parametrize("value", ["ß" * 32, "İst" * 21, "ﷺ", "#bull", "  crème   brûlée "])
def test_the_topic_of_a_value_is_its_own_topic(value: str) -> None:
    canonical = parse_topic(f"tag:{value}").name

    assert parse_topic(canonical).name == canonical
    assert [f"tag:{found[2:]}" for found in check_metadata({"tags": [value]}).terms] == [canonical]


@pytest.mark.parametrize("value", ["ß" * 33, "ﷺ" * 4])
def test_a_value_that_is_too_long_in_its_one_form_is_refused(value: str) -> None:
    for read in (lambda: parse_topic(f"tag:{value}"), lambda: check_metadata({"tags": [value]})):
        with pytest.raises(BadInput):
            read()


ADVERSARIAL = [
    "#", "a", "#a", "# ", "#a ", "#" + "a" * 101, "#" + "\u200d" * 101, "#\u0301", "\u0301", "＃a", "/#", "@", "@a", "@abc ", "@abc/@", "w/@",
    "@" + "a" * 51, "@abc@", "$", "$A", "$A-", "$A ", "$" + "A" * 16, "$A.", "$A/USD-240628-1-C", "$7203.", "ﷺ ", "_", "\u200d", "#a·", "a.",
    "a.b/", "中a.", "中.", "http://(", "http://((a)", "http://a)", "http://[", "(", "x://", "http://|", "-a.b-", "h+h",
    "$1", "$1A", "$A-B.", "$NASDAQ:", "$A_062124C5", "$^", "б.рф", "٤", "\u0e4d\u0e32",
]  # fmt: skip


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_long_texts_take_linear_time(piece: str) -> None:
    assert [read.__name__ for read in (read_entities, fold) if not is_linear(read, piece)] == []
