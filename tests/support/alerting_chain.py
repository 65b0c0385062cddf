"""The real Prometheus and Alertmanager, one behind the other, over series that a test sets by hand.

Each can be killed and started again, and the way between any two of them can be cut.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from dataplatform.local.server import free_port
from tests.support.alertmanager_server import ALERTMANAGER
from tests.support.patience import patience, wait_until
from tests.support.processes import Started
from tests.support.prometheus_server import PROMETHEUS

METRIC = "proof_state"
RESEND, RESOLVE = "2s", "5s"  # Prometheus sends again; what it stops sending is over four of these later
EVERY = "1s"


class MetricsPage:
    """``values`` by the label ``n``; an alert fires while its value is 1."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                lines = [f'{METRIC}{{n="{n}"}} {value}\n' for n, value in sorted(outer.values.items())]
                body = "".join(lines).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                with contextlib.suppress(OSError):  # whoever asked was killed
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.target = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Gate:
    """A way to a port that can be cut: then whoever comes is refused, and who is there is cut off."""

    def __init__(self, to: int) -> None:
        self.port, self._to = free_port(), to
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.open()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        assert self._listener is not None
        for one in (self._listener, *list(self._open)):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._listener = None

    def close(self) -> None:
        if self._listener is not None:
            self.cut()

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                self._open |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=[one, other], daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)
            end.close()


class AlertingChain:
    """``to_manager`` and ``to_hook`` are the ways from Prometheus and from Alertmanager."""

    def __init__(
        self,
        folder: Path,
        hook_port: int,
        token: str,
        *,
        rules: Sequence[Mapping[str, Any]],
        routes: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        assert PROMETHEUS is not None
        assert ALERTMANAGER is not None
        folder.mkdir(parents=True)
        self.page = MetricsPage()
        manager_port, prometheus_port = free_port(), free_port()
        self.manager_url = f"http://127.0.0.1:{manager_port}"
        self.prometheus_url = f"http://127.0.0.1:{prometheus_port}"
        self.to_manager, self.to_hook = Gate(manager_port), Gate(hook_port)
        hook = f"http://127.0.0.1:{self.to_hook.port}/hooks/alertmanager"
        _write(folder / "alertmanager.yml", _manager(hook, token, routes))
        _write(folder / "rules.yml", {"groups": [{"name": "proof", "interval": EVERY, "rules": list(rules)}]})
        _write(folder / "prometheus.yml", _prometheus(self.page.target, self.to_manager.port))
        self.manager = Started(
            [
                ALERTMANAGER,
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{manager_port}",
                "--cluster.listen-address=",
            ],
            folder / "alertmanager.log",
            {},
            folder,
        )
        self.prometheus = Started(
            [
                PROMETHEUS,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{prometheus_port}",
                f"--rules.alert.resend-delay={RESEND}",
                "--log.level=error",
            ],
            folder / "prometheus.log",
            {},
            folder,
        )

    def __enter__(self) -> Self:
        try:
            self.manager.launch()
            self.prometheus.launch()
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.prometheus.end()
        self.manager.end()
        for one in (self.to_manager, self.to_hook, self.page):
            one.close()

    def wait_until_ready(self) -> None:
        wait_until(self.manager_ready, 60, "Alertmanager is ready")
        wait_until(self.prometheus_ready, 60, "Prometheus is ready")

    def manager_ready(self) -> bool:
        return _is_ready(self.manager_url)

    def prometheus_ready(self) -> bool:
        return _is_ready(self.prometheus_url)

    def active(self) -> set[str] | None:
        """The label ``n`` of what Alertmanager says is active; None: it says nothing."""
        query = {"silenced": "false", "inhibited": "false", "unprocessed": "false"}
        try:
            answer = httpx.get(
                f"{self.manager_url}/api/v2/alerts", params=query, timeout=patience(5), trust_env=False
            )
            return {one["labels"]["n"] for one in answer.raise_for_status().json()}
        except httpx.HTTPError:
            return None


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=patience(5), trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")


def _manager(hook: str, token: str, routes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    to_us = {"url": hook, "http_config": {"authorization": {"credentials": token}}}
    return {
        "route": {
            "receiver": "mirante",
            "group_by": ["n"],
            "group_wait": "1s",
            "group_interval": "2s",
            "repeat_interval": "1h",
            "routes": list(routes),
        },
        "inhibit_rules": [
            {"source_matchers": ['n="cause"'], "target_matchers": ['n="symptom"'], "equal": ["cluster"]}
        ],
        "receivers": [{"name": "mirante", "webhook_configs": [to_us]}, {"name": "nobody"}],
    }


def _prometheus(target: str, manager_port: int) -> dict[str, Any]:
    manager = {"static_configs": [{"targets": [f"127.0.0.1:{manager_port}"]}]}
    drop = {"action": "labeldrop", "regex": "scratch|job"}
    return {
        "global": {
            "scrape_interval": EVERY,
            "evaluation_interval": EVERY,
            "external_labels": {"cluster": "proof"},
        },
        "scrape_configs": [{"job_name": "page", "static_configs": [{"targets": [target]}]}],
        "rule_files": ["rules.yml"],
        "alerting": {"alert_relabel_configs": [drop], "alertmanagers": [manager]},
    }
