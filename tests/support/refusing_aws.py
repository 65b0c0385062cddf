"""A server that stands for all of AWS, hears who asks and refuses everything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REFUSAL = b'{"__type": "AccessDeniedException", "message": "not you."}'
REFUSAL_IN_XML = b"<R><Error><Code>AccessDenied</Code><Message>not you.</Message></Error></R>"


class RefusingAws(ThreadingHTTPServer):
    """Answers with ``status``, and ``answer`` if it is said; ``heard`` are the requests' authorizations."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusal)
        self.status = 400
        self.answer: bytes | None = None
        self.heard: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Refusal(BaseHTTPRequestHandler):
    server: RefusingAws

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        refusal = self.server.answer or (REFUSAL_IN_XML if asked.startswith(b"Action=") else REFUSAL)
        self.server.heard.append(self.headers["authorization"])
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(refusal)))
        self.end_headers()
        self.wfile.write(refusal)

    def log_message(self, format: str, *args: Any) -> None:
        """Not to standard error."""


@contextmanager
def refusing_aws() -> Iterator[RefusingAws]:
    with RefusingAws() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
