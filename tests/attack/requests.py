"""Attacks by HTTP requests: each does its worst until its time is up."""

import asyncio
import json
import random
from urllib.parse import quote

from tests.attack.attacker import Attacker
from tests.attack.wire import Wire, request

MANY = 90
"""Connections of one address, of the hundred that it may have."""

WORDS = ("bababa", "babace", "babadi", "babafo", "babagu")
DEAR_LISTS = (
    "/api/timeline/explore?limit=100&offset=10000&count=true&category=x20&tag=x20",
    "/api/timeline/trending?timeframe=30d&limit=100&offset=9900&count=true&tag=x20",
    "/api/timeline/search?category=x20&limit=100&offset=10000&count=true",
    "/api/search/hashtag/x20?limit=100&offset=10000&count=true",
    "/api/search/users?q=user&limit=100&offset=10000&count=true",
    "/api/search/trending-hashtags?limit=100",
)


async def codecs(me: Attacker) -> None:
    """Texts of a form in codecs that take the square of their length (C1)."""

    async def ask(number: int, wire: Wire) -> int:
        name = ("punycode", "idna", "zlib", "rot13", "nonsense", "utf-7")[number % 6]
        head = f'--b\r\nContent-Disposition: form-data; name="alt_text"\r\nContent-Type: text/plain; charset={name}\r\n\r\n'
        body = head.encode() + b"-" + b"9" * 400_000 + b"\r\n--b--\r\n"
        kind = "multipart/form-data; boundary=b"
        return await wire.ask("POST", "/api/media/upload", body, Content_Type=kind, **me.login(number))

    await me.flood(12, ask)


async def query_strings(me: Attacker) -> None:
    """Addresses to remember: long ones, each another (H1)."""

    async def ask(number: int, wire: Wire) -> int:
        pairs = "a&" * random.choice((90, 3_900, 31_000))
        return await wire.ask("GET", f"/api/stream?{pairs}{me.number}")

    await me.flood(MANY, ask)


async def searches(me: Attacker) -> None:
    """Searches of many words and exclusions, deep pages, totals (H4)."""

    async def ask(number: int, wire: Wire) -> int:
        first, *others = random.sample(WORDS, 5)
        text = " ".join([first, *(f'-"{first} {other}"' for other in others)])
        path = f"/api/search/posts?limit=100&offset=10000&count=true&q={quote(text)}"
        return await wire.ask("GET", path, **(me.login(number) if number % 2 else {}))

    await me.flood(24, ask)


async def deep_pages(me: Attacker) -> None:
    """Deep offsets with totals of every dear list, also asked with HEAD (H4)."""

    async def ask(number: int, wire: Wire) -> int:
        path = DEAR_LISTS[me.number % len(DEAR_LISTS)]
        return await wire.ask(random.choice(("GET", "HEAD")), path, **(me.login(number) if number % 2 else {}))

    await me.flood(24, ask)


async def cheap_reads(me: Attacker) -> None:
    """As many reads as fit, of twenty accounts and of nobody (H5)."""

    async def ask(number: int, wire: Wire) -> int:
        return await wire.ask("GET", "/api/timeline/explore?limit=100", **(me.login(number) if number % 4 else {}))

    await me.flood(MANY, ask)


async def guesses(me: Attacker) -> None:
    """Passwords for many names from one address (M4)."""

    async def ask(number: int, wire: Wire) -> int:
        body = json.dumps({"username": f"nobody_{number}_{me.number % 9}", "password": "guess number one"}).encode()
        return await wire.ask("POST", "/api/auth/login", body)

    await me.flood(40, ask)


async def registrations(me: Attacker) -> None:
    """Accounts without end (H6)."""

    async def ask(number: int, wire: Wire) -> int:
        name = f"sock_{me.number}_{random.getrandbits(32)}"
        body = {"username": name, "email": f"{name}@example.com", "password": "a long enough passphrase"}
        return await wire.ask("POST", "/api/auth/register", json.dumps(body).encode())

    await me.flood(20, ask)


async def health(me: Attacker) -> None:
    """Is it well? (M5)"""
    await me.flood(MANY, lambda _, wire: wire.ask("GET", "/health"))


async def strangers_paths(me: Attacker) -> None:
    """What no account is needed for and no limit is told: unknown paths, pages, documents, methods, files."""
    paths = (
        "/nothing",
        "/",
        "/api",
        "/docs",
        "/openapi.json",
        "/asyncapi.json",
        "/metrics",
        "/api/nothing/at/all",
        me.facts["file"],
    )

    async def ask(number: int, wire: Wire) -> int:
        return await wire.ask(random.choice(("GET", "HEAD", "OPTIONS", "PUT")), paths[me.number % len(paths)])

    await me.flood(MANY, ask)


async def files(me: Attacker) -> None:
    """One file in pieces, over and over: ranges, conditions, heads."""

    async def ask(number: int, wire: Wire) -> int:
        begin = random.randrange(200)
        headers = random.choice(
            ({"Range": f"bytes={begin}-{begin + 9}"}, {"Range": "bytes=-1"}, {"If_None_Match": '"x",' * 3_000}, {})
        )
        return await wire.ask("GET", me.facts["file"], **headers)

    await me.flood(MANY, ask)


async def pipelines(me: Attacker) -> None:
    """Sixteen requests in one packet, again and again."""
    sixteen = b"".join(request("GET", path) for path in ("/api", "/nothing", "/health", "/openapi.json") * 4)

    async def press(_: int, wire: Wire) -> None:
        while me.is_on:
            await wire.send(sixteen)
            for _ in range(16):
                me.saw((await wire.answer())[0])

    await me.crowd(MANY, press)


async def crumbs(me: Attacker) -> None:
    """Bodies in chunks of one byte, heads byte by byte, many empty lines."""

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            head = request(
                "POST", "/api/media/upload", **me.login(number), Content_Type="multipart/form-data; boundary=b"
            )
            head = head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
            try:
                await wire.send(head)
                for _ in range(20):
                    await wire.send(b"1\r\nx\r\n" * 10_000)
                await wire.send(b"0\r\n\r\n")
                me.saw((await wire.answer())[0])
            except (OSError, EOFError):
                me.saw("cut")
                wire.drop()

    await me.crowd(10, press)


async def comings_and_goings(me: Attacker) -> None:
    """Connections that are opened and left: at once, after a word that is no request, or with the answer on its way."""
    words = (b"", b"?\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", request("GET", "/docs"))

    async def press(_: int, wire: Wire) -> None:
        while me.is_on:
            word = words[me.number % len(words)]
            await wire.open()
            if word:
                await wire.send(word)
                if word != words[-1]:
                    me.saw((await wire.answer())[0])
            me.saw("opened and left")
            wire.drop()

    await me.crowd(MANY, press)


async def idle_and_unread(me: Attacker) -> None:
    """Connections that say nothing, and answers that nobody reads (M6)."""

    async def sit(number: int, wire: Wire) -> None:
        await wire.open()
        if number % 2:
            await wire.send(request("GET", "/openapi.json") * 16)
        while me.is_on and not (await wire.open())[0].at_eof():
            await asyncio.sleep(0.05)

    await me.crowd(300, sit)


async def json_bombs(me: Attacker) -> None:
    """Deep, wide, doubled and endless JSON, with a key that has its meaning looked for."""
    bombs = (
        b"[" * 60_000,
        b'{"content":"x","metadata":{"a":' + b"9" * 120_000 + b"}}",
        b'{"content":"x","metadata":{' + b",".join(b'"k%d":1e%d' % (n, n) for n in range(8_000)) + b"}}",
        b'{"content":"' + b"\\u0061" * 20_000 + b'"}',
        b'{"content":"' + "ﷺ".encode() * 5_000 + b'"}',
        b'{"content":"x","content":"y"}' + b" " * 100_000,
        b'{"content":"x","metadata":{"a":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}}",
        b'{"content":"x","metadata":{"n":[' + b"1.5e300," * 15_000 + b"0]}}",
    )

    async def ask(number: int, wire: Wire) -> int:
        body = bombs[me.number % len(bombs)]
        return await wire.ask("POST", "/api/posts", body, Idempotency_Key=f"k{me.number}", **me.login(number))

    await me.flood(24, ask)
