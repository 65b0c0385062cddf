"""What traces are sent to, for real: an OTLP/HTTP collector, and the X-Ray daemon's UDP port."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class OtlpReceiver:
    """``spans``: (service name, span) of every export that came."""

    url: str
    spans: list[tuple[str, Span]] = field(default_factory=list)

    def of_trace(self, trace_id: str) -> list[tuple[str, str]]:
        """(service, span name) of the spans of one trace."""
        return [(service, s.name) for service, s in self.spans if s.trace_id.hex() == trace_id]

    def named(self, name: str) -> Span:
        (found,) = [span for _, span in self.spans if span.name == name]
        return found

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            named = {a.key: a.value.string_value for a in resource.resource.attributes}
            spans = [span for scope in resource.scope_spans for span in scope.spans]
            self.spans.extend((named["service.name"], span) for span in spans)


@contextmanager
def otlp_receiver() -> Iterator[OtlpReceiver]:
    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            assert self.headers["Content-Type"] == "application/x-protobuf"
            receiver.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    receiver = OtlpReceiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class XrayDaemon:
    """The UDP port that the X-Ray SDK sends to."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.address = f"127.0.0.1:{sock.getsockname()[1]}"

    def segments(self, expected: int, seconds: float = 30.0) -> list[dict[str, Any]]:
        """The next segments that come, as the daemon would read them: a header line, then the document."""
        self._socket.settimeout(seconds)
        found = []
        for _ in range(expected):
            header, _, document = self._socket.recv(65_536).partition(b"\n")
            assert json.loads(header) == {"format": "json", "version": 1}
            found.append(json.loads(document))
        return found

    @property
    def silent(self) -> bool:
        self._socket.setblocking(False)
        try:
            self._socket.recv(65_536)
        except BlockingIOError:
            return True
        return False


@contextmanager
def xray_daemon() -> Iterator[XrayDaemon]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield XrayDaemon(sock)
