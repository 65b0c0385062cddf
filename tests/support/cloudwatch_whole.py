"""Stands before the AWS emulator and gives back what it forgets of an alarm; can refuse.

The emulator keeps neither ``Metrics`` nor ``ActionsSuppressor`` of an alarm, nor the tags of a dashboard, all
of which AWS gives back as they were put. Everything else is the emulator's own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.support.patience import patience

FORGOTTEN = (
    "Metrics",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
)
MADE_UP = ("Statistic", "Period")  # said of an alarm over a query, which has neither
HOP = {"transfer-encoding", "content-length", "connection", "content-encoding", "host", "date", "server"}


class WholeCloudWatch:
    """``refuse`` names the error that an operation is answered with; ``seen`` were forwarded."""

    def __init__(self, emulator: str) -> None:
        self.emulator = emulator
        self.refuse: Callable[[str], str | None] = lambda _: None
        self.seen: list[str] = []
        self._client = httpx.Client(timeout=patience(30), trust_env=False)
        self._put: dict[str, dict[str, Any]] = {}
        self._board_tags: dict[str, list[dict[str, str]]] = {}

    def answer(self, headers: dict[str, str], path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
        refusal = self.refuse(operation)
        if refusal is not None:
            answer = {"__type": refusal, "message": "refused by the test"}
            return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()
        self.seen.append(operation)
        kept = {name: value for name, value in headers.items() if name.lower() not in HOP}
        found = self._client.post(f"{self.emulator}{path}", content=body, headers=kept)
        answered = {name: value for name, value in found.headers.items() if name.lower() not in HOP}
        tags = self._tags_of_a_board(operation, body)
        if tags is not None:
            return 200, answered, json.dumps({"Tags": tags}).encode()
        content = self._completed(operation, body, found.content) if found.is_success else found.content
        return found.status_code, answered, content

    def close(self) -> None:
        self._client.close()

    def _tags_of_a_board(self, operation: str, body: bytes) -> list[dict[str, str]] | None:
        if operation != "ListTagsForResource":
            return None
        return self._board_tags.get(json.loads(body).get("ResourceARN", "").rpartition("dashboard/")[2])

    def _completed(self, operation: str, body: bytes, content: bytes) -> bytes:
        if operation in ("PutMetricAlarm", "PutCompositeAlarm"):
            asked = json.loads(body)
            self._put[asked["AlarmName"]] = asked
        elif operation == "DescribeAlarms":
            found = json.loads(content)
            for alarm in [*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])]:
                self._complete(alarm)
            return json.dumps(found).encode()
        elif operation == "PutDashboard":
            asked = json.loads(body)
            self._board_tags.setdefault(asked["DashboardName"], []).extend(asked.get("Tags", []))
        return content

    def _complete(self, alarm: dict[str, Any]) -> None:
        put = self._put.get(alarm["AlarmName"], {})
        alarm.update({field: put[field] for field in FORGOTTEN if field in put})
        if "Metrics" in put:
            for field in MADE_UP:
                alarm.pop(field, None)


@contextmanager
def whole_cloudwatch(emulator: str) -> Iterator[tuple[str, WholeCloudWatch]]:
    """Its address, and itself."""
    whole = WholeCloudWatch(emulator)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = whole.answer(dict(self.headers.items()), self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", whole
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        whole.close()
