"""Traces: OpenTelemetry with X-Ray's id format and headers; when tracing is off, ids alone.

Nothing global is set: a tracer is an object, so two of them can live in one process (and in one test).
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TextIO

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from credit.ports.tracing import Attribute, RequestSpan, Tracer

XRAY_HEADER = "X-Amzn-Trace-Id"
OTLP_TRACES_PATH = "/v1/traces"

_XRAY_ROOT = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})\s*(?:;|$)")
_XRAY_PARENT = re.compile(r"(?:^|;)\s*Parent=([0-9a-f]{16})\s*(?:;|$)")
_XRAY_SAMPLED = re.compile(r"(?:^|;)\s*Sampled=([01])\s*(?:;|$)")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_NO_TRACE = "0" * 32

# Ids must be unique, not secret; the system's generator costs a call into the kernel for each of them.
_random = random.Random(os.urandom(32))  # noqa: S311
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))


class ClosableTracer(Tracer, Protocol):
    def close(self) -> None:
        """Send what is still buffered, and stop."""
        ...


def open_tracer(
    exporter: str,
    *,
    role: str,
    environment: str,
    otlp_endpoint: str = "http://127.0.0.1:4318",
    out: TextIO = sys.stdout,
) -> ClosableTracer:
    """The tracer of one process. ``exporter``: ``off``, ``console`` (to ``out``) or ``otlp``.

    ``otlp_endpoint`` is the collector's base URL; ``/v1/traces`` is appended.

    Raises:
        ValueError: another exporter was named.
    """
    processor: SpanProcessor
    if exporter == "off":
        return QuietTracer()
    if exporter == "console":
        processor = SimpleSpanProcessor(ConsoleSpanExporter(out=out))
    elif exporter == "otlp":
        endpoint = otlp_endpoint.rstrip("/") + OTLP_TRACES_PATH
        processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))
    else:
        raise ValueError(f"trace exporter {exporter!r} is not known; expected off, console or otlp")
    return OpenTelemetryTracer(processor, role=role, environment=environment)


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """Ids without a recorded span."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def describe(self, name: str, /, **attributes: Attribute) -> None:
        """Nothing is recorded, so there is nothing to describe."""


class QuietTracer:
    """Tracing off: each request still has ids, taken from its headers or new ones of X-Ray's format."""

    def request(self, method: str, carrier: Mapping[str, str]) -> AbstractContextManager[RequestSpan]:
        trace_id = inbound_trace_id(carrier) or new_trace_id()
        return nullcontext(QuietSpan(trace_id, new_span_id(), wants_spans(carrier)))

    def continued(
        self, name: str, headers: Sequence[str], /, **attributes: Attribute
    ) -> AbstractContextManager[None]:
        return _NOTHING

    def span(self, name: str, /, **attributes: Attribute) -> AbstractContextManager[None]:
        return _NOTHING

    def close(self) -> None:
        """Nothing is buffered."""


_NOTHING: AbstractContextManager[None] = nullcontext()


class OpenTelemetryTracer:
    """Spans by the OpenTelemetry SDK; parents from ``X-Amzn-Trace-Id``, else from W3C ``traceparent``."""

    def __init__(self, processor: SpanProcessor, *, role: str, environment: str) -> None:
        resource = Resource.create(
            {
                "service.name": f"mirante-{role}",
                "service.namespace": "mirante",
                "deployment.environment.name": environment,
            }
        )
        self._provider = TracerProvider(
            resource=resource, id_generator=AwsXRayIdGenerator(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mirante")

    @contextmanager
    def request(self, method: str, carrier: Mapping[str, str]) -> Iterator[RequestSpan]:
        with self._tracer.start_as_current_span(
            method,
            context=_parent(carrier),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": method},
        ) as span:
            yield _RecordedSpan(span)

    @contextmanager
    def continued(self, name: str, headers: Sequence[str], /, **attributes: Attribute) -> Iterator[None]:
        carriers = [carrier for header in headers if inbound_trace_id(carrier := _carrier(header))]
        with ExitStack() as spans:
            for carrier in reversed(carriers):
                spans.enter_context(
                    self._tracer.start_as_current_span(
                        name, context=_parent(carrier), kind=trace.SpanKind.CONSUMER, attributes=attributes
                    )
                )
            if not carriers:
                spans.enter_context(self.span(name, **attributes))
            yield

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[None]:
        with self._tracer.start_as_current_span(name, attributes=attributes):
            yield

    def close(self) -> None:
        self._provider.shutdown()


class _RecordedSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.trace_id = f"{context.trace_id:032x}"
        self.span_id = f"{context.span_id:016x}"
        self.sampled = context.trace_flags.sampled

    def describe(self, name: str, /, **attributes: Attribute) -> None:
        self._span.update_name(name)
        self._span.set_attributes(attributes)


def new_trace_id() -> str:
    """32 hex digits: epoch seconds, then 96 random bits (X-Ray refuses a trace older than 30 days)."""
    return f"{int(time.time()):08x}{_random.getrandbits(96):024x}"


def new_span_id() -> str:
    return f"{_random.getrandbits(64) or 1:016x}"


def inbound_trace_id(carrier: Mapping[str, str]) -> str | None:
    """The trace an inbound request belongs to, or ``None``; malformed headers are ignored."""
    if root := _XRAY_ROOT.search(carrier.get("x-amzn-trace-id", "")):
        return root[1] + root[2]
    if parent := _TRACEPARENT.fullmatch(carrier.get("traceparent", "")):
        return parent[1] if parent[1] != _NO_TRACE else None
    return None


def inbound_parent_id(carrier: Mapping[str, str]) -> str | None:
    """The span that sent it, where an X-Ray header says so."""
    parent = _XRAY_PARENT.search(carrier.get("x-amzn-trace-id", ""))
    return parent[1] if parent else None


def wants_spans(carrier: Mapping[str, str]) -> bool:
    """Whether the caller keeps the spans of this trace; yes when it does not say."""
    if sampled := _XRAY_SAMPLED.search(carrier.get("x-amzn-trace-id", "")):
        return sampled[1] == "1"
    parent = _TRACEPARENT.fullmatch(carrier.get("traceparent", ""))
    return parent is None or bool(int(parent[0][-2:], 16) & 1)


def _carrier(header: str) -> Mapping[str, str]:
    return {"traceparent": header} if _TRACEPARENT.fullmatch(header) else {"x-amzn-trace-id": header}


def _parent(carrier: Mapping[str, str]) -> Context:
    header = carrier.get("x-amzn-trace-id", "")
    if root := _XRAY_ROOT.search(header):
        parent = _XRAY_PARENT.search(header)
        sampled = _XRAY_SAMPLED.search(header)
        # A load balancer begins a trace with a root alone, which the propagator would drop.
        span_id = parent[1] if parent else new_span_id()
        decided = sampled[1] if sampled else "1"
        whole = f"Root=1-{root[1]}-{root[2]};Parent={span_id};Sampled={decided}"
        return AwsXRayPropagator().extract({XRAY_HEADER: whole}, Context())
    if inbound_trace_id(carrier) is None:
        return Context()
    return TraceContextTextMapPropagator().extract({"traceparent": carrier["traceparent"]}, Context())
