"""The API as it is deployed: uvicorn, uvloop and httptools, over SQLite, spoken to over a socket."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from foundation.clock import SystemClock
from slo.ledger.sqlite_count_reader import SqliteCountReader
from tests.support.patience import patience, wait_until

SERVER = Path(__file__).parents[1] / "support" / "api_server.py"
BODY = {"customer_id": "C-1", "amount_cents": 1_500_000, "term_months": 36, "purpose": "CAR"}


@dataclass
class Server:
    """A running server process and a client with every scope."""

    process: subprocess.Popen[bytes]
    port: int
    directory: Path
    log: Path

    def client(self) -> httpx.Client:
        key = (self.directory / "api-key").read_text()
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {key}"}, timeout=30
        )

    def raw(self, request: bytes, hold_open: bool = False) -> bytes:
        """Send bytes as they are and read what comes until the server closes (or one answer has come)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience(30)) as connection:
            connection.sendall(request)
            if not hold_open:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def counted(self) -> dict[str, int]:
        """Decision requests on file in the process's own journal, by outcome."""
        now = SystemClock().now()
        reader = SqliteCountReader([self.directory / "counts" / "api.sqlite"])
        found: dict[str, int] = {}
        for count in reader.read(now - timedelta(hours=1), now + timedelta(minutes=2)):
            if count.name == "credit_decision_requests_total" and count.value:
                outcome = dict(count.labels)["outcome"]
                found[outcome] = found.get(outcome, 0) + count.value
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Server]:
    port, log = free_port(), directory.parent / f"{directory.name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, str(SERVER), str(directory), str(port)], stderr=out)
    server = Server(process, port, directory, log)
    try:
        wait_until(lambda: process.poll() is not None or _ready(server), 60, log.read_text)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(patience(30))


def _ready(server: Server) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{server.port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "data") as made:
        yield made


def test_a_decision_is_made_read_and_explained_over_a_socket(server: Server) -> None:
    with server.client() as client:
        made = client.post("/v1/decisions", json=BODY, headers={"Idempotency-Key": "one"})
        assert made.status_code == 201
        read = client.get(made.headers["location"])
        assert read.json() == made.json()
        explained = client.get(made.headers["location"] + "/explanation?lang=pt-BR").json()
        assert explained["headline"] == "Seu pedido foi aprovado."
        assert client.get("/readyz").json()["checks"] == {"relational": "ok"}


def test_many_clients_at_once_are_all_answered_and_all_counted(server: Server) -> None:
    with server.client() as client:

        def decide(number: int) -> tuple[int, str]:
            answer = client.post("/v1/decisions", json=BODY, headers={"Idempotency-Key": f"n{number % 150}"})
            return answer.status_code, answer.json()["decision_id"]

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(decide, range(300)))
    assert {status for status, _ in answers} == {201}
    assert len({decision_id for _, decision_id in answers}) == 150
    assert server.counted() == {"ok": 300}


def test_a_killed_server_has_counted_every_request_it_answered(tmp_path: Path) -> None:
    answered = 0
    with running(tmp_path / "data") as server, server.client() as client:
        for number in range(40):
            answer = client.post("/v1/decisions", json=BODY, headers={"Idempotency-Key": f"k{number}"})
            answered += answer.status_code == 201
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        assert server.counted() == {"ok": answered}
        assert answered == 40


def test_a_body_without_length_is_cut_off_over_a_socket(server: Server) -> None:
    key = (server.directory / "api-key").read_text()
    chunk = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
    head = (
        "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: Bearer {key}\r\nIdempotency-Key: big\r\nContent-Type: application/json\r\n\r\n"
    ).encode()
    answer = server.raw(head + chunk * 9, hold_open=True)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"/problems/body-too-large" in answer
    assert server.counted() == {"client_error": 1}


def test_a_client_that_hangs_up_is_counted_and_the_server_goes_on(server: Server) -> None:
    key = (server.directory / "api-key").read_text()
    head = (
        "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        f"Authorization: Bearer {key}\r\nIdempotency-Key: gone\r\nContent-Type: application/json\r\n\r\n{{"
    ).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head)
    wait_until(lambda: server.counted() == {"client_error": 1}, 20, lambda: f"counted {server.counted()}")
    with server.client() as client:
        assert client.get("/healthz").status_code == 200


def test_bytes_that_are_no_http_do_not_harm_the_server(server: Server) -> None:
    assert b" 400 " in server.raw(b"\x00\xff nonsense\r\n\r\n")
    with server.client() as client:
        assert client.get("/healthz").status_code == 200


def test_unfinished_heads_are_cut_off_and_nobody_else_waits_for_them(server: Server) -> None:
    address = ("127.0.0.1", server.port)
    with (
        socket.create_connection(address, timeout=patience(30)) as half,
        socket.create_connection(address, timeout=patience(30)) as flood,
        server.client() as client,
    ):
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        flood.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
        for _ in range(20):
            with contextlib.suppress(ConnectionError):
                flood.sendall(b"a" * 1_000_000)
            assert client.get("/healthz").status_code == 200
        with pytest.raises(ConnectionError):  # cut off, though this side had more to say
            flood.sendall(b"a" * 1_000_000)
        answer = b"".join(iter(lambda: half.recv(65_536), b""))  # until the server closes
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert client.get("/healthz").status_code == 200


def test_every_log_line_is_json_of_the_schema_and_names_no_key_and_no_cpf(server: Server) -> None:
    with server.client() as client:
        made = client.post("/v1/decisions", json=BODY, headers={"Idempotency-Key": "one"})
        secret = client.headers["authorization"].rsplit("_", 1)[1]
        client.post("/v1/decisions", content=b"{", headers={"Authorization": "Bearer mk_aaaaaaaa_b"})
    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    required = {"ts", "level", "event", "logger", "message", "service", "role", "environment"}
    assert all(required <= line.keys() for line in lines)
    requests = [line for line in lines if line["event"] == "http.request" and line["status"] == 201]
    assert requests[0]["trace_id"] == made.json()["trace_id"]
    assert requests[0]["request_id"] == made.headers["x-request-id"]
    assert secret not in text
    assert not re.search(r"\d{3}\.\d{3}\.\d{3}-\d{2}", text)
