"""A line to PostgreSQL that can be cut: nothing comes through any more and nobody is told, as when a network breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

CHUNK = 64 * 1024


class Line:
    """Forwards connections to the socket of the embedded PostgreSQL."""

    def __init__(self, database_url: str, folder: Path) -> None:
        query = parse_qs(urlsplit(database_url).query)
        self._socket = Path(query["host"][0]) / f".s.PGSQL.{query.get('port', ['5432'])[0]}"
        self._place = folder / "line"
        self.database_url = database_url.replace(quote(query["host"][0]), quote(str(self._place)))
        self._whole = asyncio.Event()
        self._whole.set()

    @classmethod
    @asynccontextmanager
    async def to(cls, database_url: str, folder: Path) -> AsyncIterator["Line"]:
        """A line for the block."""
        line = cls(database_url, folder)
        line._place.mkdir()
        async with await asyncio.start_unix_server(line._connect, line._place / line._socket.name):
            yield line

    def cut(self) -> None:
        """Nothing comes through."""
        self._whole.clear()

    def mend(self) -> None:
        """What was sent meanwhile arrives, and so does what follows."""
        self._whole.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        try:
            there, back = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.close()
            return
        with suppress(asyncio.CancelledError):  # the run is over
            await asyncio.gather(self._forward(reader, back), self._forward(there, writer))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
