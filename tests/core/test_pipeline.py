"""The connection that every request asks: shared writes, outages, and what is none."""

import asyncio
import secrets
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis

from tests.server import Server
from x18.core import pipeline
from x18.core.pipeline import Away, Pipeline, Refused


class Fake:
    """A server that understands nothing: it answers each read with ``answers``, or not at all."""

    def __init__(self) -> None:
        self.answers: list[bytes] | None = [b"+PONG\r\n"]
        self.reads: list[bytes] = []
        self.connections = 0
        self._serving: set[asyncio.Task[None] | None] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self.connections += 1
        self._serving.add(asyncio.current_task())
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.reads.append(data)
                writer.writelines(self.answers or [])
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def finish(self) -> None:
        """Wait for the clients to go."""
        await asyncio.gather(*(task for task in self._serving if task is not None))


@pytest.fixture
async def fake() -> AsyncIterator[tuple[Fake, Pipeline]]:
    """A server that can misbehave, and a pipeline to it."""
    server = Fake()
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        line = Pipeline(Redis(port=listening.sockets[0].getsockname()[1]))
        yield server, line
        await line.close()
        await server.finish()


@pytest.fixture
async def line(server: Server) -> AsyncIterator[Pipeline]:
    """A pipeline to the real server."""
    line = Pipeline(Redis.from_url(server.redis_url))
    yield line
    await line.close()


async def test_a_thousand_at_once_are_answered_each_with_its_own(line: Pipeline) -> None:
    answers = await asyncio.gather(*(line.ask("ECHO", str(number)) for number in range(1_000)))

    assert answers == [str(number).encode() for number in range(1_000)]


async def test_what_is_asked_together_is_sent_together(fake: tuple[Fake, Pipeline]) -> None:
    server, line = fake
    await line.ask("PING")
    server.reads.clear()
    server.answers = [b"+PONG\r\n"] * 50

    await asyncio.gather(*(line.ask("PING") for _ in range(50)))

    assert len(server.reads) == 1


async def test_an_error_is_told_to_who_caused_it(line: Pipeline) -> None:
    good, bad, other = await asyncio.gather(
        line.ask("ECHO", "a"), line.ask("NONSENSE"), line.ask("ECHO", "b"), return_exceptions=True
    )

    assert (good, other) == (b"a", b"b")
    assert isinstance(bad, Refused)


async def ask_while_the_loop_is_held(url: str) -> list[bytes]:
    line, (near, far) = Pipeline(Redis.from_url(url)), socket.socketpair()
    await line.ask("PING")

    def hold() -> None:
        near.recv(1)
        time.sleep(0.3)  # as something does that should not, before the answers are read

    asyncio.get_running_loop().add_reader(near, hold)
    asking = asyncio.gather(*(line.ask("PING") for _ in range(10)))
    await asyncio.sleep(0)
    far.send(b"x")
    try:
        return await asking
    finally:
        asyncio.get_running_loop().remove_reader(near)
        near.close()
        far.close()
        await line.close()


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
async def test_a_loop_that_was_held_is_no_outage(
    server: Server, monkeypatch: pytest.MonkeyPatch, make_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    monkeypatch.setattr(pipeline, "PATIENCE_S", 0.05)

    def run() -> list[bytes]:  # uvloop, on which the server runs, looks at timers before it reads again
        with asyncio.Runner(loop_factory=make_loop) as runner:
            return runner.run(ask_while_the_loop_is_held(server.redis_url))

    assert await asyncio.to_thread(run) == [b"PONG"] * 10


async def test_who_waits_for_a_silent_server_is_told_soon_and_all_others_at_once(
    fake: tuple[Fake, Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, line = fake
    await line.ask("PING")
    server.answers = None
    monkeypatch.setattr(pipeline, "PATIENCE_S", 0.05)

    outcomes = await asyncio.gather(*(line.ask("PING") for _ in range(20)), return_exceptions=True)
    began = time.monotonic()
    later = await asyncio.gather(*(line.ask("PING") for _ in range(200)), return_exceptions=True)

    assert all(isinstance(outcome, Away) for outcome in [*outcomes, *later])
    assert time.monotonic() - began < pipeline.PATIENCE_S + pipeline.CONNECT_S, "nobody waited for another try"
    assert server.connections <= 3


async def test_it_comes_back_by_itself(fake: tuple[Fake, Pipeline], monkeypatch: pytest.MonkeyPatch) -> None:
    server, line = fake
    monkeypatch.setattr(pipeline, "AGAIN_S", 0.01)
    monkeypatch.setattr(pipeline, "PATIENCE_S", 0.05)
    await line.ask("PING")
    server.answers = None
    with pytest.raises(Away):
        await line.ask("PING")
    server.answers = [b"+PONG\r\n"]

    async with asyncio.timeout(30):
        while True:
            try:
                assert await line.ask("PING") == b"PONG"
                break
            except Away:
                await asyncio.sleep(0.01)


async def test_nonsense_from_the_server_ends_the_connection_and_nobody_waits(fake: tuple[Fake, Pipeline]) -> None:
    server, line = fake
    await line.ask("PING")
    server.answers = [b"what?\r\n"]

    with pytest.raises(Away):
        await line.ask("PING")


async def test_who_gives_up_takes_nobody_elses_answer(line: Pipeline) -> None:
    await line.ask("PING")
    leaving = asyncio.ensure_future(line.ask("ECHO", "left"))
    staying = asyncio.ensure_future(line.ask("ECHO", "stayed"))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == b"stayed"


async def test_a_password_a_user_and_a_database_are_those_of_the_address(server: Server) -> None:
    user, password = "u" + secrets.token_hex(4), secrets.token_hex(8)
    sign = "&" if "?" in server.redis_url else "?"
    async with Redis.from_url(server.redis_url) as admin:
        await admin.acl_setuser(user, enabled=True, passwords=[f"+{password}"], commands=["+@all"], keys=["*"])
        line = Pipeline(Redis.from_url(f"{server.redis_url}{sign}username={user}&password={password}&db=3"))
        wrong = Pipeline(Redis.from_url(f"{server.redis_url}{sign}username={user}&password=wrong"))
        try:
            assert await line.ask("ACL", "WHOAMI") == user.encode()
            assert b" db=3 " in await line.ask("CLIENT", "INFO")
            with pytest.raises(Away):
                await wrong.ask("PING")
        finally:
            await line.close()
            await wrong.close()
            await admin.acl_deluser(user)


def make_certificate(folder: Path) -> Path:
    """A file with the certificate of ``localhost``, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 18, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = serialization.Encoding.PEM
    secret = key.private_bytes(kind, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "localhost.pem"
    file.write_bytes(certificate.public_bytes(kind) + secret)
    return file


async def test_tls_is_spoken_and_its_certificate_checked(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Fake()
    async with await asyncio.start_server(server, "localhost", 0, ssl=context) as listening:
        address = f"rediss://localhost:{listening.sockets[0].getsockname()[1]}"
        trusting = Pipeline(Redis.from_url(f"{address}?ssl_ca_certs={certificate}"))
        strict = Pipeline(Redis.from_url(address))
        assert await trusting.ask("PING") == b"PONG"
        with pytest.raises(Away):
            await strict.ask("PING")
        await trusting.close()
        await strict.close()
        await server.finish()


async def test_options_that_cannot_be_used_hold_no_request_up(tmp_path: Path) -> None:
    for options in (f"ssl_ca_certs={tmp_path / 'none.pem'}", "ssl_ciphers=nonsense", "ssl_ca_data=nonsense"):
        line = Pipeline(Redis.from_url(f"rediss://localhost:1?{options}"))
        async with asyncio.timeout(30):
            with pytest.raises(Away):
                await line.ask("PING")
        await line.close()
