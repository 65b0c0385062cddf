"""Judges a router process from outside: a receiver that logs all, a sender with a journal of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from slo.clock import ScaledClock, clock_spec
from tests.support.hooks import alert, alertmanager

SCRIPT = Path(__file__).with_name("router_process.py")
ROOT = Path(__file__).parents[2]
HEADERS = {"authorization": "Bearer secret-of-the-test"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """Every message that arrived, with the moment it did (``time.monotonic``). ``status`` may say no."""

    def __init__(self) -> None:
        self.arrived: list[tuple[float, dict[str, Any]]] = []
        self.status: Callable[[dict[str, Any]], int] = lambda _: 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                document = json.loads(body)
                status = outer.status(document)
                if status < 300:
                    outer.arrived.append((time.monotonic(), document))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def messages(self) -> list[dict[str, Any]]:
        return [document for _, document in self.arrived]

    def told(self, incident: str | None = None) -> list[tuple[str, str]]:
        """(target, step) of each dedup id, in order of first arrival."""
        seen: dict[str, tuple[str, str]] = {}
        for message in self.messages():
            if incident in (None, message["incident_id"]):
                seen.setdefault(message["dedup_id"], (message["target"], message["step"]))
        return list(seen.values())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Judge:
    """Starts routers, sends alerts until they are answered with 2xx, and keeps a journal of those."""

    def __init__(self, folder: Path, factor: float = 1.0) -> None:
        self.folder = folder
        self.receiver = Receiver()
        self.port = free_port()
        origin = datetime.now(UTC)
        self.clock = ScaledClock(factor, origin)
        self.spec = clock_spec(factor, origin)
        self.accepted: list[str] = []
        self.processes: list[subprocess.Popen[bytes]] = []
        self.client = httpx.Client(timeout=10.0)

    def start(self, crash: str | None = None, lease: float = 20.0) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, str(SCRIPT), "--data", str(self.folder), "--port", str(self.port)]
        arguments += ["--receiver", self.receiver.url, "--clock", self.spec, "--lease", str(lease)]
        process = subprocess.Popen([*arguments, *(["--crash", crash] if crash else [])], cwd=ROOT)
        self.processes.append(process)
        return process

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.processes[-1]

    def wait_until_up(self) -> None:
        self.until(lambda: self._get("/v1/alerts") is not None, "the router answers")

    def send(self, name: str, **labels: str) -> None:
        """Again and again until it is answered with 2xx, restarting the router when it has died."""
        labelled = alert(name, starts=self.clock.now(), **labels)  # type: ignore[arg-type]
        body = alertmanager(labelled)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                answer = self.client.post(self.address("/hooks/alertmanager"), json=body, headers=HEADERS)
                if answer.is_success:
                    self.accepted.append(name)
                    return
                assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                self.restart_if_dead()
            time.sleep(0.05)
        raise AssertionError(f"{name} was never accepted")

    def act(self, incident: str, action: str) -> dict[str, Any]:
        """An action by a person, who tries again while the router is away."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                answer = self.client.post(self.address(f"/v1/alerts/{incident}/{action}"), headers=HEADERS)
                assert answer.is_success, answer.text
                return dict(answer.json())
            except httpx.TransportError:
                self.restart_if_dead()
                time.sleep(0.05)
        raise AssertionError(f"{action} never succeeded")

    def restart_if_dead(self) -> None:
        if self.process.poll() is not None:
            self.start()

    def incidents(self) -> list[dict[str, Any]]:
        self.wait_until_up()
        found = self._get("/v1/alerts?state=all")
        assert found is not None
        return list(found["alerts"])

    def show(self, incident: str) -> dict[str, Any]:
        found = self._get(f"/v1/alerts/{incident}")
        assert found is not None
        return dict(found)

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} s: {what}")

    def verdict(self) -> None:
        """Nothing accepted was lost, no incident is there twice, and every repeated page is recognisable."""
        titles = Counter(incident["title"] for incident in self.incidents())
        assert set(self.accepted) <= set(titles), set(self.accepted) - set(titles)
        assert set(titles.values()) <= {1}, titles
        parts = ("incident_id", "step", "transition", "target", "cycle")
        pages: dict[tuple[object, ...], set[str]] = {}
        for message in self.receiver.messages():
            which = tuple(message[part] for part in parts)
            pages.setdefault(which, set()).add(message["dedup_id"])
        assert all(len(identities) == 1 for identities in pages.values())
        firsts = Counter(which[0] for which in pages if which[1] == "first")
        assert set(firsts) == {incident["id"] for incident in self.incidents()}
        assert set(firsts.values()) <= {1}, firsts

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _get(self, path: str) -> Any:
        try:
            answer = self.client.get(self.address(path), headers=HEADERS)
        except httpx.TransportError:
            self.restart_if_dead()
            return None
        return answer.json() if answer.is_success else None

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.client.close()
        self.receiver.close()
