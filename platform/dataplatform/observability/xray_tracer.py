"""Spans as X-Ray segments, sent to the daemon that runs beside a Lambda function (ADR 6).

A function's own trace belongs to its invocation, which gathers records of many requests. So each request gets
a segment of its own here, in the trace that its records carried: the console shows one trace from the API to
the stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from traceback import StackSummary
from typing import Any

from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment

from credit.ports.tracing import Attribute, xray_root
from dataplatform.observability.tracing import inbound_parent_id, inbound_trace_id, wants_spans


@dataclass(frozen=True, slots=True)
class _Step:
    segment: Any
    entity: Any


class XrayTracer:
    """``credit.ports.tracing.WorkTracer`` by ``aws-xray-sdk``. ``daemon``: ``127.0.0.1:2000``."""

    def __init__(self, service: str, daemon: str) -> None:
        self._service = service
        self._emitter = UDPEmitter(daemon)
        self._current: ContextVar[_Step | None] = ContextVar("x-ray step", default=None)

    @contextmanager
    def continued(self, name: str, headers: Sequence[str], /, **attributes: Attribute) -> Iterator[None]:
        segments = [found for header in headers if (found := self._segment(header)) is not None]
        steps = [_begin(_Step(segment, segment), name, attributes) for segment in segments]
        token = self._current.set(steps[0] if steps else None)
        try:
            yield
        except BaseException as error:
            for step in steps:
                step.entity.add_exception(error, StackSummary())
            raise
        finally:
            self._current.reset(token)
            for step in steps:
                step.entity.close()
                step.segment.close()
                self._emitter.send_entity(step.segment)

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[None]:
        within = self._current.get()
        if within is None:
            yield
            return
        step = _begin(within, name, attributes)
        token = self._current.set(step)
        try:
            yield
        except BaseException as error:
            step.entity.add_exception(error, StackSummary())
            raise
        finally:
            self._current.reset(token)
            step.entity.close()

    def close(self) -> None:
        """Nothing is buffered; the SDK's emitter has no way to close its socket of its own."""
        self._emitter._socket.close()

    def _segment(self, header: str) -> Any:
        """None: no trace is named, or its spans are not kept."""
        carrier = {"x-amzn-trace-id": header}
        trace_id = inbound_trace_id(carrier)
        if trace_id is None or not wants_spans(carrier):
            return None
        return Segment(self._service, traceid=xray_root(trace_id), parent_id=inbound_parent_id(carrier))


def _begin(within: _Step, name: str, attributes: dict[str, Attribute]) -> _Step:
    subsegment = Subsegment(name, "local", within.segment)
    within.entity.add_subsegment(subsegment)
    for key, value in attributes.items():
        subsegment.put_annotation(key, value)
    return _Step(within.segment, subsegment)
