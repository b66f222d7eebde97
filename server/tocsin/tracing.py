"""Spans along both walks: where a report, an operation or a piece of work spends its time. Imports identifiers.

With nowhere to send them a span is nothing. Its words are ids, kinds and counts: never a person, a URL or an error's text.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, ProxyTracerProvider, Span, StatusCode

from tocsin.identifiers import make_id

TRACER = trace.get_tracer("tocsin")


@contextmanager
def span(name: str, **told: str | int) -> Iterator[Span]:
    """Take the time of what is done within; an error is told by its type alone."""
    if isinstance(trace.get_tracer_provider(), ProxyTracerProvider):
        yield INVALID_SPAN  # nobody has said where to: OpenTelemetry's own nothing costs four times as much
        return
    with TRACER.start_as_current_span(
        name, attributes=told, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


@contextmanager
def begin_walk(name: str, walk: str | None = None, **told: str | int) -> Iterator[Span]:
    """Give all that is done and logged within one id, `walk`, and a span that bears it."""
    found = walk or make_id().hex
    tokens = structlog.contextvars.bind_contextvars(walk=found)
    try:
        with span(name, walk=found, **told) as current:
            yield current
    finally:
        structlog.contextvars.reset_contextvars(**tokens)
