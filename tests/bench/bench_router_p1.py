"""P1 latency: from the first byte of its request to its message in the receiver, in a storm on a backlog.

10,000 alerts, one a request, with 50 P1s among them, come into a router that has 50,000 others on file, not
yet worked off. Alertmanager gets the same storm in turn, without a backlog, grouping by name with no wait.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles

from alarms.intake.inbox import urgency_of
from alarms.model.receipt import Receipt
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.bench_routers import ALERTMANAGER, ROUNDS, alertmanager, router, store_in, storm
from tests.support.storm_sender import body

STORM = int(os.environ.get("MIRANTE_BENCH_STORM", "10000"))
BACKLOG = int(os.environ.get("MIRANTE_BENCH_BACKLOG", "50000"))
P1S = 50  # below the policy's storm guard, so that each has a page of its own
OUTAGE = re.compile(rb"Outage\d+")
LONGEST = 120.0  # seconds


class Receiver(ThreadingHTTPServer):
    """When the first message that names an outage was whole."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                at = time.monotonic()
                for name in OUTAGE.findall(content):
                    outer.arrived.setdefault(name.decode(), at)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        super().__init__(("127.0.0.1", 0), Handler)


@contextmanager
def receiver() -> Iterator[tuple[str, dict[str, float]]]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", server.arrived
        server.shutdown()


def run() -> dict[str, object]:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder, receiver() as (url, arrived):
            fill(Path(folder))
            with router(Path(folder), url) as running:
                ours += latencies(running.port, arrived)
        if ALERTMANAGER is not None:
            theirs += of_alertmanager()
    return {
        "storm": STORM,
        "backlog": BACKLOG,
        "p1s": len(ours),
        "rounds": ROUNDS,
        "router_seconds": spread(ours),
        "alertmanager_seconds_without_a_backlog": spread(theirs) if theirs else None,
        "goal": "p99 below 1 s",
        "load_average": os.getloadavg()[0],
    }


def of_alertmanager() -> list[float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        receiver() as (url, arrived),
        alertmanager(Path(folder), url) as running,
    ):
        return latencies(running.port, arrived, "--to-alertmanager")


def fill(folder: Path) -> None:
    """The backlog: alerts of no urgency that came in before."""
    path = store_in(folder)
    path.parent.mkdir(parents=True)
    began = datetime.now(UTC) - timedelta(minutes=1)
    with closing(SqliteRouterStore(path)) as store:
        for first in range(0, BACKLOG, 1000):
            store.append_receipts([receipt(number, began) for number in range(first, first + 1000)])


def receipt(number: int, began: datetime) -> Receipt:
    payload = body(10**6 + number, ())
    at = began + timedelta(microseconds=number)
    return Receipt(f"backlog-{number:06d}", "alertmanager", at, payload, urgency_of(payload))


def latencies(port: int, arrived: dict[str, float], *options: str) -> list[float]:
    """Of each P1 of one storm; one that never comes counts as ``LONGEST``."""
    numbers = [STORM * (2 * place + 1) // (2 * P1S) for place in range(P1S)]
    sent = storm(port, STORM, "--p1-at", *map(str, numbers), *options)["p1_sent"]
    deadline = time.monotonic() + LONGEST
    while set(sent) - set(arrived) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [arrived.get(name, at + LONGEST) - at for name, at in sent.items()]


def spread(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {"median": median(seconds), "p90": cuts[89], "p99": cuts[98], "longest": max(seconds)}
