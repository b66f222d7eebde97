"""Where spans go: to an OpenTelemetry collector, where one is set and the extra `tracing` is installed. Imports settings."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from tocsin.errors import ConfigurationError
from tocsin.settings import Settings

SECONDS = 5
"""How long one hand-over to the collector may take; what it does not take is dropped, and never waited for."""
MISSING = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends spans is not installed; install tocsin with its extra `tracing`,"
    " or unset it."
)


@contextmanager
def send_spans(settings: Settings) -> Iterator[None]:
    """Send spans from a thread and a bounded queue of their own until left; the sampler is set as OpenTelemetry says."""
    if settings.otel_exporter_otlp_endpoint is None:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigurationError(MISSING) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "tocsin"}))
    endpoint = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=SECONDS)))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
