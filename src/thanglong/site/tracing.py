"""OpenTelemetry spans, off by default: the library is imported only where ``THANGLONG_TRACES`` names a collector.

Spans: every request of ``web`` (continuing a ``traceparent`` that came with it), background jobs, and whatever else
``kit.watch.span`` marks. They carry the route, never the address, and no personal value.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module, metadata
from typing import Any

from django.http import HttpRequest

from thanglong.kit import watch

EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
on = False
_tracer: Any = None


class Tracing:
    """``kit.watch.Listener`` that makes spans of what is marked."""

    def count(self, name: str, amount: float, labels: dict[str, str]) -> None:
        """Counts are the metrics' affair."""

    def observe(self, name: str, value: float, labels: dict[str, str]) -> None:
        """So are sizes and times."""

    def span(self, name: str, attributes: dict[str, str]) -> AbstractContextManager[None]:
        found: AbstractContextManager[None] = _tracer.start_as_current_span(
            name, attributes={f"thanglong.{key}": value for key, value in attributes.items()}
        )
        return found


_listener = Tracing()


def start(where: str, process: str = "", exporter: Any = None) -> None:
    """Send spans to the OTLP/HTTP collector ``where`` (or to ``exporter``, in tests); nothing when both are empty.

    RuntimeError when the libraries of the extra ``tracing`` are not installed.
    """
    global on, _tracer
    if not where and exporter is None:
        return
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

        if exporter is None:
            address = where if where.endswith("/v1/traces") else f"{where.rstrip('/')}/v1/traces"
            processor: Any = BatchSpanProcessor(import_module(EXPORTER).OTLPSpanExporter(endpoint=address))
        else:
            processor = SimpleSpanProcessor(exporter)
    except ImportError as error:
        raise RuntimeError(
            "THANGLONG_TRACES is set, but the tracing libraries are missing: install thanglong[tracing], or unset it"
        ) from error
    facts = {
        "service.name": "thanglong",
        "service.version": metadata.version("thanglong"),
        "thanglong.process": process,
    }
    provider = TracerProvider(resource=Resource.create(facts))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("thanglong")
    on = True
    watch.listen(_listener)


def stop() -> None:
    """Make no more spans."""
    global on
    on = False
    watch.unlisten(_listener)


@contextmanager
def request_span(request: HttpRequest) -> Iterator[None]:
    """The span of a request, a child of the caller's when it sent one (W3C Trace Context)."""
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {"traceparent": request.headers.get("traceparent", "")}
    parent = TraceContextTextMapPropagator().extract(carrier)
    with _tracer.start_as_current_span("request", context=parent, kind=SpanKind.SERVER):
        yield


def finish(route: str, status: int, queries: int) -> None:
    """Say of the current request's span what only its end knows."""
    from opentelemetry import trace
    from opentelemetry.trace import Status, StatusCode

    span = trace.get_current_span()
    span.update_name(route)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("thanglong.queries", queries)
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))
