"""Traces, as a collector gets them."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.conftest import PASSWORD
from tests.live import Live
from tests.server import Server, make_server


class Collector:
    """What OpenTelemetry calls a collector, as far as it takes spans over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    collector.resources |= {one.value.string_value for one in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


async def test_requests_and_their_sql_are_traced_and_nothing_else(
    server: Server, collector: Collector, tmp_path: Path
) -> None:
    other = make_server(
        server.database_url,
        server.redis_url,
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    try:
        await other.start()
        async with httpx.AsyncClient(base_url=other.url, timeout=10) as client:
            body = {"username": "traced", "email": "traced@example.com", "password": PASSWORD}
            token = (await client.post("/api/auth/register", json=body)).json()["access_token"]
            live = await Live.open(other, token)
            headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
            answer = await client.get("/api/users/me?token=not-for-collectors", headers=headers)
            assert answer.status_code == 200
            unsampled = {"traceparent": f"00-{'ef' * 16}-{'cd' * 8}-00"}
            assert (await client.get("/api/search/trending-hashtags", headers=unsampled)).status_code == 200
            await live.close()
        async with asyncio.timeout(30):
            while not any(span.name == "GET /api/users/me" for span in collector.spans):
                await asyncio.sleep(0.05)
    finally:
        other.stop()
        other.listener.close()

    roots = {span.name: span for span in collector.spans if span.kind == 2}
    assert set(roots) == {"POST /api/auth/register", "GET /api/users/me"}
    mine = roots["GET /api/users/me"]
    attributes = {one.key: one.value.string_value for one in mine.attributes}
    assert mine.trace_id.hex() == "ab" * 16
    assert attributes["http.route"] == "/api/users/me"
    assert attributes["x18.request_id"] == answer.headers["X-Request-ID"]
    traces = {span.trace_id for span in roots.values()}
    queries = [span for span in collector.spans if span.kind == 3]
    assert any(span.trace_id == mine.trace_id for span in queries)
    assert all(span.trace_id in traces for span in queries)
    assert "x18" in collector.resources
    for secret in ("not-for-collectors", PASSWORD, token):
        assert secret not in str(collector.spans)
