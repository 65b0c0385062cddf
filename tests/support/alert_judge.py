"""Sends alerts, drains the queues that pages go to, and writes down both. Run as a process of its own.

Orders come on standard input, one JSON object a line: ``number``, ``name``, ``url`` and ``body``. Each is
sent until it is answered with 2xx, and only then stands in ``accepted.jsonl``. Every message that reached a
queue stands in ``arrived.jsonl`` before it is deleted. Anything but a 2xx or a 503 is an entry of
``refused.jsonl``, which nobody wants to see. Where AWS is stands in the environment.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx

HEADERS = {"authorization": "Bearer secret-of-the-test"}
PAUSE = 0.05
PATIENCE = 900.0  # seconds for one order, on a machine however busy


class Journal:
    """A file of JSON lines. Appending is on the disk when it returns; reading sees whole lines only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: list[dict[str, Any]] = []
        self._offset = 0

    def append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def entries(self) -> list[dict[str, Any]]:
        """Everything so far, the oldest first; what was read before is not read again."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
            self._offset += len(whole) + len(newline)
            self._read += [json.loads(line) for line in whole.splitlines()]
        return list(self._read)


class Sender:
    def __init__(self, folder: Path) -> None:
        self._accepted = Journal(folder / "accepted.jsonl")
        self._refused = Journal(folder / "refused.jsonl")
        self._client = httpx.Client(timeout=60.0, trust_env=False)

    def carry_out(self, order: dict[str, Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        tries = 0
        while time.monotonic() < deadline:
            tries += 1
            status = self._post(order)
            entry = {"number": order["number"], "name": order["name"], "status": status, "tries": tries}
            if status // 100 == 2:
                self._accepted.append({**entry, "at": time.monotonic()})
                return
            if status not in (0, 503):
                self._refused.append(entry)
                return
            time.sleep(PAUSE)
        self._refused.append({**order, "status": "out of patience"})

    def _post(self, order: dict[str, Any]) -> int:
        """The status; 0 for no answer."""
        try:
            return self._client.post(order["url"], json=order["body"], headers=HEADERS).status_code
        except httpx.TransportError:
            return 0


def drain(team: str, url: str, journal: Journal, lock: threading.Lock) -> None:
    client = boto3.client("sqs")
    while True:
        answer = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=5
        )
        at, wall = time.monotonic(), datetime.now(UTC).isoformat()
        for message in answer.get("Messages") or []:
            attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
            entry = {"at": at, "wall": wall, "queue": team, **attributes, "body": message["Body"]}
            with lock:
                journal.append(entry)
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--queue", action="append", default=[], metavar="TEAM=URL")
    options = parser.parse_args()
    journal, lock = Journal(options.folder / "arrived.jsonl"), threading.Lock()
    for queue in options.queue:
        team, _, url = queue.partition("=")
        threading.Thread(target=drain, args=(team, url, journal, lock), daemon=True).start()
    sender = Sender(options.folder)
    for line in sys.stdin:
        sender.carry_out(json.loads(line))


if __name__ == "__main__":
    main()
