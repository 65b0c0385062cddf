"""The client side: sends requests to a real server over HTTP and keeps a journal of its own.

The journal is the judge. It is written by the sender, before anything is asked of the server's database: one
line for each answer, flushed at once, so that what a killed server had acknowledged is known.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

IN_FLIGHT = 48
RETRY_PAUSE = 0.05  # real seconds between tries of an unanswered request


@dataclass(frozen=True, slots=True)
class Request:
    """One decision request: ``key`` is its Idempotency-Key, ``row`` ties it to the data set."""

    row: int
    key: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` 0 means that no answer came (the connection broke)."""

    row: int
    key: str
    status: int
    seconds: float
    at: float  # real epoch seconds when the answer was complete
    document: Mapping[str, object]

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class Journal:
    """Append-only JSON lines, one per answer; ``answers`` keeps them for the arithmetic."""

    path: Path
    answers: list[Answer] = field(default_factory=list)

    def write(self, answer: Answer) -> None:
        self.answers.append(answer)
        line = json.dumps(
            {
                "row": answer.row,
                "key": answer.key,
                "status": answer.status,
                "seconds": round(answer.seconds, 6),
                "at": answer.at,
                "decision_id": answer.document.get("decision_id"),
            }
        )
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class Sender:
    """Sends decision requests with bounded concurrency, or at a steady rate."""

    def __init__(self, url: str, api_key: str, journal: Journal, *, timeout: float = 10.0) -> None:
        self._journal = journal
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
            timeout=timeout,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
        )

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    async def send(self, request: Request) -> Answer:
        """One try; the answer, or status 0, is in the journal when this returns."""
        began = time.monotonic()
        status, document = 0, {}
        try:
            response = await self._client.post(
                "/v1/decisions", content=json.dumps(request.body), headers={"Idempotency-Key": request.key}
            )
            status, document = response.status_code, response.json()
        except (httpx.TransportError, ValueError) as error:
            document = {"detail": type(error).__name__}
        answer = Answer(request.row, request.key, status, time.monotonic() - began, time.time(), document)
        self._journal.write(answer)
        return answer

    async def send_until_answered(self, request: Request, give_up_after: float = 60.0) -> Answer:
        """Repeat with the same key while no answer comes: what a careful client does."""
        deadline = time.monotonic() + give_up_after
        answer = await self.send(request)
        while answer.status == 0 and time.monotonic() < deadline:
            await asyncio.sleep(RETRY_PAUSE)
            answer = await self.send(request)
        return answer

    async def send_all(
        self, requests: Iterable[Request], concurrency: int, progress: Callable[[Answer], None]
    ) -> None:
        """Everything, ``concurrency`` at a time, as fast as the answers come."""
        queue = iter(requests)

        async def work() -> None:
            for request in queue:
                progress(await self.send_until_answered(request))

        await asyncio.gather(*(work() for _ in range(concurrency)))

    async def send_steadily(
        self, requests: AsyncIterator[Request], progress: Callable[[Answer], None]
    ) -> None:
        """As ``requests`` come, without waiting for answers: a slow server does not slow the arrivals.

        At most ``IN_FLIGHT`` wait at once; what would come on top is not sent, so nothing piles up here.
        """
        running: set[asyncio.Task[None]] = set()

        async def one(request: Request) -> None:
            progress(await self.send(request))

        async for request in requests:
            if len(running) >= IN_FLIGHT:
                continue
            task = asyncio.create_task(one(request))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile of ``values`` (seconds); ``share`` in (0, 1]."""
    ordered = sorted(values)
    rank = max(1, -(-int(share * 1_000_000) * len(ordered) // 1_000_000))
    return ordered[rank - 1]
