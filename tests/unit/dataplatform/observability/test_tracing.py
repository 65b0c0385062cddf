from __future__ import annotations

import io
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from credit.domain.errors import StoreUnavailable
from credit.ports.faults import Fault
from credit.ports.tracing import xray_root
from dataplatform.observability.spans import spans
from dataplatform.observability.tracing import (
    OpenTelemetryTracer,
    QuietTracer,
    inbound_trace_id,
    new_span_id,
    new_trace_id,
    open_tracer,
)
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.wrapped import WrappedCache
from foundation.clock import SystemClock
from tests.support.api_world import CPF, FORMATTED_CPF, api_world

ROOT = "1-65a1b2c3-0123456789abcdef01234567"
TRACE = ROOT[2:].replace("-", "")
PARENT = "53995c3f42cd8ad8"


class Recorder:
    """A tracer and the spans it has finished."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer = OpenTelemetryTracer(SimpleSpanProcessor(self.exporter), role="api", environment="test")

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def ids(span: ReadableSpan) -> tuple[str, str]:
    assert span.context is not None
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def test_a_new_trace_id_is_what_xray_takes() -> None:
    for _ in range(100):
        trace_id = new_trace_id()
        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", xray_root(trace_id))
        assert abs(int(trace_id[:8], 16) - time.time()) < 5
        assert re.fullmatch(r"[0-9a-f]{16}", new_span_id())
    assert len({new_trace_id() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-amzn-trace-id": f"Root={ROOT};Parent={PARENT};Sampled=1"}, TRACE),
        ({"x-amzn-trace-id": f"Root={ROOT}"}, TRACE),
        ({"x-amzn-trace-id": f"Self=1-1-1;Root={ROOT};Sampled=0"}, TRACE),
        ({"traceparent": f"00-{TRACE}-{PARENT}-01"}, TRACE),
        ({"x-amzn-trace-id": f"Root={ROOT}", "traceparent": f"00-{'a' * 32}-{PARENT}-01"}, TRACE),
        ({"x-amzn-trace-id": "Root=1-xyz"}, None),
        ({"x-amzn-trace-id": f"Root={ROOT.upper()}X"}, None),
        ({"traceparent": f"00-{'0' * 32}-{PARENT}-01"}, None),
        ({"traceparent": "garbage"}, None),
        ({}, None),
    ],
)
def test_the_trace_of_a_request_is_taken_from_its_headers(
    headers: dict[str, str], expected: str | None, recorder: Recorder
) -> None:
    assert inbound_trace_id(headers) == expected
    for tracer in (QuietTracer(), recorder.tracer):
        with tracer.request("GET", headers) as span:
            assert (span.trace_id == expected) is (expected is not None)
            assert len(span.trace_id) == 32
            assert len(span.span_id) == 16


@given(st.text(max_size=120), st.text(max_size=80))
def test_no_header_breaks_a_tracer(xray: str, w3c: str) -> None:
    headers = {"x-amzn-trace-id": xray, "traceparent": w3c}
    for tracer in (QuietTracer(), Recorder().tracer):
        with tracer.request("GET", headers) as span:
            assert re.fullmatch(r"[0-9a-f]{32}", span.trace_id)


def test_a_request_continues_the_trace_of_its_caller(recorder: Recorder) -> None:
    headers = {"x-amzn-trace-id": f"Root={ROOT};Parent={PARENT};Sampled=1"}
    with recorder.tracer.request("GET", headers) as span:
        span.describe("GET /x", **{"http.route": "/x"})
        with recorder.tracer.span("step", number=1):
            pass
    request, step = recorder.spans["GET /x"], recorder.spans["step"]
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert ids(request) == (span.trace_id, span.span_id)
    assert step.parent is not None
    assert f"{step.parent.span_id:016x}" == span.span_id
    assert dict(step.attributes or {}) == {"number": 1}
    assert request.resource.attributes["service.name"] == "mirante-api"


def test_a_caller_that_does_not_sample_is_obeyed(recorder: Recorder) -> None:
    headers = {"x-amzn-trace-id": f"Root={ROOT};Parent={PARENT};Sampled=0"}
    with recorder.tracer.request("GET", headers) as span:
        assert span.trace_id == TRACE
    assert recorder.spans == {}


def test_a_step_that_fails_is_marked(recorder: Recorder) -> None:
    tracer = recorder.tracer
    with pytest.raises(ZeroDivisionError), tracer.request("GET", {}), tracer.span("step"):
        raise ZeroDivisionError
    assert recorder.spans["step"].status.status_code is StatusCode.ERROR


async def test_calls_of_a_traced_port_are_spans_without_their_arguments(recorder: Recorder) -> None:
    cache = WrappedCache(MemoryCache(SystemClock()), spans("cache", recorder.tracer))
    await cache.set("customer/C-1", b"value", 60)
    assert await cache.get("customer/C-1") == b"value"
    assert set(recorder.spans) == {"cache set", "cache get"}
    assert dict(recorder.spans["cache get"].attributes or {}) == {"store": "cache"}
    assert "C-1" not in recorder.spans["cache get"].to_json()


async def test_a_decision_is_one_trace_from_request_to_store(tmp_path: Path, recorder: Recorder) -> None:
    async with api_world(tmp_path, tracer=recorder.tracer) as world:
        answer = await world.decide(**{"X-Amzn-Trace-Id": f"Root={ROOT};Parent={PARENT};Sampled=1"})
        assert answer.json()["trace_id"] == TRACE
        spans = recorder.spans
        assert ids(spans["POST /v1/decisions"])[0] == TRACE
        assert spans["POST /v1/decisions"].attributes == {
            "http.request.method": "POST",
            "http.route": "/v1/decisions",
            "http.response.status_code": 201,
        }
        decide = spans["decide credit"]
        assert decide.parent is not None
        assert f"{decide.parent.span_id:016x}" == ids(spans["POST /v1/decisions"])[1]
        for name in ("relational get", "relational record"):
            parent = spans[name].parent
            assert parent is not None
            assert f"{parent.span_id:016x}" == ids(decide)[1], name


async def test_a_problem_carries_the_trace_of_its_request(tmp_path: Path, recorder: Recorder) -> None:
    async with api_world(tmp_path, tracer=recorder.tracer) as world:
        world.recording_faults.set("relational", Fault(error_ratio=1.0))
        answer = await world.decide()
        assert answer.status_code == 503
        assert answer.json()["trace_id"] == ids(recorder.spans["POST /v1/decisions"])[0]
        failed = recorder.spans["relational record"]
        assert failed.status.status_code is StatusCode.ERROR
        assert failed.events[0].attributes is not None
        assert str(failed.events[0].attributes["exception.type"]).endswith(StoreUnavailable.__name__)


async def test_no_span_holds_a_cpf(tmp_path: Path, recorder: Recorder) -> None:
    async with api_world(tmp_path, tracer=recorder.tracer) as world:
        asked = {"amount_cents": 1_500_000, "term_months": 36, "purpose": "CAR"}
        await world.decide({**asked, "cpf": FORMATTED_CPF})
        await world.decide({**asked, "cpf": CPF[:-1]})
        await world.client.get(f"/v1/customers/{CPF}/decisions")
        text = "".join(span.to_json() for span in recorder.exporter.get_finished_spans())
        assert len(recorder.exporter.get_finished_spans()) > 4
        assert CPF not in text
        assert FORMATTED_CPF not in text


def test_the_console_exporter_writes_spans_to_its_stream() -> None:
    out = io.StringIO()
    tracer = open_tracer("console", role="api", environment="test", out=out)
    with tracer.request("GET", {}) as span:
        span.describe("GET /x")
    tracer.close()
    document = json.loads(out.getvalue())
    assert document["name"] == "GET /x"
    assert document["context"]["trace_id"] == f"0x{span.trace_id}"
    assert document["resource"]["attributes"]["deployment.environment.name"] == "test"


def test_the_otlp_exporter_sends_spans_to_its_collector() -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        tracer = open_tracer("otlp", role="api", environment="test", otlp_endpoint=endpoint)
        with tracer.request("GET", {}) as span:
            span.describe("GET /from-the-test")
        tracer.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    [(path, body)] = received
    assert path == "/v1/traces"
    assert b"GET /from-the-test" in body
    assert bytes.fromhex(span.trace_id) in body


def test_an_unknown_exporter_is_named() -> None:
    with pytest.raises(ValueError, match="expected off, console or otlp"):
        open_tracer("jaeger", role="api", environment="test")


def test_with_tracing_off_nothing_is_recorded_and_nothing_fails() -> None:
    tracer = open_tracer("off", role="api", environment="test")
    with tracer.request("GET", {}) as span, tracer.span("step", number=1):
        span.describe("GET /x", status=200)
    tracer.close()
