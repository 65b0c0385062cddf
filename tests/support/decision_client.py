"""A client in a process of its own: sends decisions until its standard input closes, and keeps a journal.

Run: ``python decision_client.py URL API_KEY JOURNAL CUSTOMER_ID...``. Every request has its own key and is
repeated with it until an answer comes, as a careful client does. It ends with 0 once nothing is unanswered.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from app.demo.sender import Journal, Request, Sender

CONCURRENCY = 8
PATIENCE = 600.0  # real seconds for one request, restarts included
FIRST_AMOUNT_CENTS = 100_000


def requests(customers: list[str], stop: asyncio.Event) -> Iterator[Request]:
    """Each asks for another amount, so that an answer can be told from every other."""
    for number in itertools.count():
        if stop.is_set():
            return
        body = {
            "customer_id": customers[number % len(customers)],
            "amount_cents": FIRST_AMOUNT_CENTS + number,
            "term_months": 12 + number % 24,
            "purpose": "OTHER",
        }
        yield Request(number, f"client-{number:08d}", body)


async def main(url: str, api_key: str, journal: Path, customers: list[str]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, lambda: (sys.stdin.read(), loop.call_soon_threadsafe(stop.set)))
    unanswered = 0
    async with Sender(url, api_key, Journal(journal), timeout=5.0) as sender:
        queue = requests(customers, stop)

        async def work() -> None:
            nonlocal unanswered
            for request in queue:
                answer = await sender.send_until_answered(request, give_up_after=PATIENCE)
                unanswered += answer.status == 0

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return 1 if unanswered else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:])))
