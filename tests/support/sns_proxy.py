"""Stands between the router and SNS, and misbehaves as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs

import httpx

from tests.support.patience import patience

Publish = Mapping[str, str]  # the parameters of one call: Action, TopicArn, ...


class Fault(Enum):
    """What becomes of one call."""

    NONE = "passed on, and answered as SNS answered"
    THROTTLED = "refused for now, as SNS does it"
    NO_TOPIC = "refused for good, as SNS does it for a topic that is gone"
    NO_ANSWER = "passed on and accepted, and the caller is never told"


ANSWERS = {Fault.THROTTLED: (429, "Throttled"), Fault.NO_TOPIC: (404, "NotFound")}


class SnsProxy:
    """``fault`` is asked about every publish, before anything is passed on; the rest is passed on."""

    def __init__(self, behind: str) -> None:
        self.fault: Callable[[Publish], Fault] = lambda _: Fault.NONE
        self.faults: list[Fault] = []
        self._ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fault = outer._fault_of(body)
                if fault in ANSWERS:
                    self._answer(*_refusal(fault))
                    return
                passed = outer._client.post(behind, content=body, headers=dict(self.headers))
                if fault is Fault.NO_ANSWER:
                    outer._ended.wait(30)  # longer than anybody waits
                    self.close_connection = True
                else:
                    self._answer(passed.status_code, passed.content)

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._client = httpx.Client(timeout=patience(30.0), trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def count(self, fault: Fault) -> int:
        """How many publishes met it."""
        return self.faults.count(fault)

    def _fault_of(self, body: bytes) -> Fault:
        parameters = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if parameters.get("Action") != "Publish":
            return Fault.NONE
        fault = self.fault(parameters)
        self.faults.append(fault)
        return fault

    def __enter__(self) -> SnsProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._client.close()


def _refusal(fault: Fault) -> tuple[int, bytes]:
    status, code = ANSWERS[fault]
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{fault.value}</Message></Error>"
    return status, f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
