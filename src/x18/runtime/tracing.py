"""Traces for OpenTelemetry: off, unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` says where to send them and the extra ``otel`` is installed.

Requests and their SQL are traced. Live connections are not: a span for every message would cost more than the message.
"""

import logging
import os
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("x18.tracing")

SETTINGS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
UNTRACED: Final = ("/health", "/metrics")


def traced(app: ASGIApp) -> ASGIApp:
    """The application with its requests traced, if that is wished for."""
    if not any(os.environ.get(name) for name in SETTINGS):
        return app
    try:
        return Traced(app)
    except ImportError:
        logger.warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and nothing is traced: in the folder of X18, "
            "pip install -c constraints.txt '.[otel]'"
        )
        return app


class Traced:
    """Made once in a process. Where to and how often spans are sent is set by OpenTelemetry's own variables."""

    def __init__(self, app: ASGIApp) -> None:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
        from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        os.environ.setdefault("OTEL_SERVICE_NAME", "x18")
        self._provider = TracerProvider(resource=Resource.create(), sampler=_make_sampler())
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        AsyncPGInstrumentor().instrument(tracer_provider=self._provider)  # type: ignore[no-untyped-call]
        self._current_span = trace.get_current_span
        self._untraced = app
        self._app: Any = OpenTelemetryMiddleware(
            self._named(app), tracer_provider=self._provider, exclude_spans=["receive", "send"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; only requests are traced."""
        is_request = scope["type"] == "http" and scope["path"] not in UNTRACED  # type: ignore[comparison-overlap]
        await (self._app if is_request else self._untraced)(scope, receive, send)

    def _named(self, app: ASGIApp) -> ASGIApp:
        """Name a span by its route once that is known: a name per path would be without bound. Nothing of the query is kept."""

        async def serve(scope: Any, receive: Receive, send: Send) -> None:
            span: Any = self._current_span()
            if not span.is_recording():  # the caller's trace is not sampled
                await app(scope, receive, send)
                return
            for name in ("http.url", "http.target", "url.full", "url.query"):
                if name in span.attributes:
                    span.set_attribute(name, scope["path"])

            async def name_span(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = scope.get("path_template") or "(none)"
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)
                    span.set_attribute("x18.request_id", scope["state"].get("request_id", ""))
                await send(message)

            await app(scope, receive, name_span)

        return serve


def _make_sampler() -> Any:
    """Sampler that keeps the spans of traced requests. SQL outside of one is not traced: the relay alone would make ten spans a second."""
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, ParentBased, Sampler, SamplingResult
    from opentelemetry.trace import SpanKind

    class OnlyRequests(Sampler):
        def should_sample(
            self, parent_context: Any, trace_id: int, name: str, kind: Any = None, *rest: Any, **options: Any
        ) -> SamplingResult:
            if kind is SpanKind.SERVER:
                return ALWAYS_ON.should_sample(parent_context, trace_id, name, kind, *rest, **options)
            return SamplingResult(Decision.DROP)

        def get_description(self) -> str:
            return "OnlyRequests"

    return ParentBased(root=OnlyRequests())
