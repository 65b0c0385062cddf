"""Segments as the X-Ray daemon receives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from credit.ports.tracing import CORRELATION, Correlation, trace_header
from dataplatform.observability.carried_trace import split_trace, with_trace
from dataplatform.observability.xray_tracer import XrayTracer
from tests.support.trace_receivers import XrayDaemon, xray_daemon

TRACE = "65a1b2c30123456789abcdef01234567"
ONE = Correlation(TRACE, "53995c3f42cd8ad8", "request")
OTHER = Correlation(TRACE[:-1] + "8", "53995c3f42cd8ad9", "request")


@pytest.fixture
def daemon() -> Iterator[XrayDaemon]:
    with xray_daemon() as listening:
        yield listening


@pytest.fixture
def tracer(daemon: XrayDaemon) -> Iterator[XrayTracer]:
    with closing(XrayTracer("mirante-ingest-lambda", daemon.address)) as opened:
        yield opened


def test_every_trace_gets_a_segment_and_the_steps_belong_to_the_first(
    daemon: XrayDaemon, tracer: XrayTracer
) -> None:
    traces = [trace_header(ONE), trace_header(OTHER)]
    with tracer.continued("process records", traces, records=2), tracer.span("add_many", store="relational"):
        pass
    first, second = daemon.segments(2)
    assert (first["trace_id"], first["parent_id"]) == ("1-65a1b2c3-0123456789abcdef01234567", ONE.span_id)
    assert (second["trace_id"], second["parent_id"]) == ("1-65a1b2c3-0123456789abcdef01234568", OTHER.span_id)
    assert first["name"] == second["name"] == "mirante-ingest-lambda"
    (work,) = first["subsegments"]
    assert (work["name"], work["annotations"]) == ("process records", {"records": 2})
    (step,) = work["subsegments"]
    assert (step["name"], step["annotations"]) == ("add_many", {"store": "relational"})
    assert first["end_time"] >= step["end_time"] >= first["start_time"]
    assert "subsegments" not in second["subsegments"][0]


def test_a_step_that_fails_is_a_fault_and_the_error_goes_on(daemon: XrayDaemon, tracer: XrayTracer) -> None:
    with pytest.raises(ZeroDivisionError), tracer.continued("work", [trace_header(ONE)]), tracer.span("step"):
        raise ZeroDivisionError
    (segment,) = daemon.segments(1)
    (work,) = segment["subsegments"]
    assert work["fault"] is work["subsegments"][0]["fault"] is True


def test_what_is_not_sampled_or_not_a_trace_sends_nothing(daemon: XrayDaemon, tracer: XrayTracer) -> None:
    unsampled = trace_header(Correlation(TRACE, "53995c3f42cd8ad8", "request", sampled=False))
    with tracer.continued("work", [unsampled, "garbage", ""]), tracer.span("step"):
        pass
    assert daemon.silent


@pytest.mark.parametrize("data", [b"", b"{}", b"\x1f", b"\x1f\n", b"\x1fRoot=1\n{}", b"\n\x1f"])
def test_a_record_comes_out_as_it_was_put_with_and_without_a_trace(data: bytes) -> None:
    assert split_trace(with_trace(data)) == ("", data)
    token = CORRELATION.set(ONE)
    try:
        assert split_trace(with_trace(data)) == (trace_header(ONE), data)
    finally:
        CORRELATION.reset(token)
