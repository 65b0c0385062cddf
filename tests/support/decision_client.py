"""A client in a process of its own: sends decisions until its standard input closes, and keeps a journal.

Run: ``python decision_client.py URL API_KEY JOURNAL CUSTOMER_ID...``. Every request has its own key and is
repeated with it until an answer comes, as a careful client does.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from app.demo.sender import Journal, Request, Sender

CONCURRENCY = 8


def requests(customers: list[str], stop: asyncio.Event) -> Iterator[Request]:
    for number in itertools.count():
        if stop.is_set():
            return
        body = {
            "customer_id": customers[number % len(customers)],
            "amount_cents": 100_000 + number,
            "term_months": 12 + number % 24,
            "purpose": "other",
        }
        yield Request(number, f"client-{number:08d}", body)


async def main(url: str, api_key: str, journal: Path, customers: list[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, lambda: (sys.stdin.read(), loop.call_soon_threadsafe(stop.set)))
    async with Sender(url, api_key, Journal(journal), timeout=5.0) as sender:
        await sender.send_all(requests(customers, stop), CONCURRENCY, lambda _: None)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:]))
