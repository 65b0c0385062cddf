"""Sends a storm over raw keep-alive connections: one alert a request, again after a 503. Run as a script.

Prints one JSON object: answered 2xx, retries, seconds, and ``time.monotonic`` at the first byte of the storm
and of each P1's request, by its name. A P1 is each whose number is in ``--p1-at``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Collection

TOKEN = "secret-of-the-test"


def outage(number: int) -> str:
    return f"Outage{number}"


def body(number: int, p1_at: Collection[int]) -> bytes:
    urgent = number in p1_at
    labels = {
        "alertname": outage(number) if urgent else f"Storm{number % 7}",
        "severity": "P1" if urgent else "P3",
        "component": f"node-{number}",
    }
    document = {
        "version": "4",
        "groupKey": f"g{number}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "r",
        "alerts": [
            {
                "status": "firing",
                "labels": labels,
                "annotations": {"summary": "a node is gone"},
                "startsAt": "2026-03-02T13:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
            }
        ],
    }
    return json.dumps(document).encode()


def request(number: int, p1_at: Collection[int], *, to_alertmanager: bool) -> bytes:
    """The whole request: to our hook, or the same alert to Alertmanager's own way in."""
    payload = body(number, p1_at)
    path = "/hooks/alertmanager"
    if to_alertmanager:
        path = "/api/v2/alerts"
        (alert,) = json.loads(payload)["alerts"]
        payload = json.dumps([{"labels": alert["labels"], "annotations": alert["annotations"]}]).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: r\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


class Storm:
    def __init__(self, port: int, count: int, p1_at: Collection[int], *, to_alertmanager: bool) -> None:
        self.to_alertmanager = to_alertmanager
        self.port = port
        self.count = count
        self.p1_at = p1_at
        self.next = 0
        self.accepted = 0
        self.retries = 0
        self.p1_sent: dict[str, float] = {}

    async def connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.next < self.count:
            number, self.next = self.next, self.next + 1
            message = request(number, self.p1_at, to_alertmanager=self.to_alertmanager)
            while True:
                if number in self.p1_at:
                    self.p1_sent.setdefault(outage(number), time.monotonic())
                writer.write(message)
                status = await self._status(reader)
                if status == 200:
                    self.accepted += 1
                    break
                assert status == 503, status
                self.retries += 1
                await asyncio.sleep(0.05)
        writer.close()

    async def _status(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(
            (int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0
        )
        await reader.readexactly(length)
        return int(head.split()[1])


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--p1-at", type=int, nargs="*", default=())
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--to-alertmanager", action="store_true")
    options = parser.parse_args()
    p1_at = frozenset(options.p1_at)
    storm = Storm(options.port, options.count, p1_at, to_alertmanager=options.to_alertmanager)
    started = time.monotonic()
    await asyncio.gather(*[storm.connection() for _ in range(options.connections)])
    result = {
        "accepted": storm.accepted,
        "retries": storm.retries,
        "seconds": time.monotonic() - started,
        "started": started,
        "p1_sent": storm.p1_sent,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
