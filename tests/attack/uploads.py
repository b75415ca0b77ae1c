"""Attacks by uploads: memory, disks, decoders."""

import asyncio
import io
from functools import cache

from PIL import Image

from tests.attack.attacker import Attacker
from tests.attack.wire import Wire, request

KIND = "multipart/form-data; boundary=b"
TAIL = b"\r\n--b--\r\n"


def part(name: str, content: bytes = b"", *, is_file: bool = False) -> bytes:
    """A field of a form, without its end."""
    named = '; filename="f"' if is_file else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content


@cache
def bomb() -> bytes:
    """A picture of few bytes and 6,300 by 6,300 pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (6_300, 6_300), "red").save(buffer, "WEBP", lossless=True, method=0)
    return buffer.getvalue()


async def unfinished(me: Attacker) -> None:
    """Uploads that never end: megabytes of text, megabytes of a file (H6 a, b)."""

    async def press(number: int, wire: Wire) -> None:
        begin = part("alt_text") if number % 2 else part("file", is_file=True)
        head = request("POST", "/api/media/upload", **me.login(number), Content_Type=KIND)
        try:
            await wire.send(head.replace(b"Content-Length: 0", b"Content-Length: 10000000") + begin)
            for _ in range(150):
                await wire.send(b"x" * 65_536)
            while me.is_on:
                await wire.send(b"x")
                await asyncio.sleep(0.2)
        except (OSError, EOFError):
            me.saw("cut")
        else:
            me.saw("held")

    await me.crowd(60, press)


async def bombs(me: Attacker) -> None:
    """Small files that are large pictures (H6 d)."""
    body = part("file", bomb(), is_file=True) + TAIL

    async def ask(number: int, wire: Wire) -> int:
        return await wire.ask("POST", "/api/media/upload", body, Content_Type=KIND, **me.login(number))

    await me.flood(40, ask)


async def padding(me: Attacker) -> None:
    """Ten megabytes that are no picture, as fast as they are taken (H6 c)."""
    body = part("file", b"\x89PNG\r\n\x1a\n" + b"x" * 10_000_000, is_file=True) + TAIL

    async def ask(number: int, wire: Wire) -> int:
        return await wire.ask("POST", "/api/media/upload", body, Content_Type=KIND, **me.login(number))

    await me.flood(20, ask)
