"""Customers through ingestion: records over HTTP onto the stream, and from there into every store."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

import httpx

from app.demo.running import RunningMirante
from credit.usecases.convert import ConvertedRow

BATCH = 500
MOVES_WITHIN = 60.0  # real seconds


def send_customers(
    mirante: RunningMirante, rows: Sequence[ConvertedRow], progress: Callable[[int], None]
) -> int:
    """Put every customer on the stream; returns how many were accepted (durable, by the API's answer)."""
    accepted = 0
    headers = {"Authorization": f"Bearer {mirante.api_key}"}
    with httpx.Client(base_url=mirante.api_url, headers=headers, timeout=30.0) as client:
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            records = [{"kind": "customer", "data": dict(row.customer)} for row in batch]
            answer = client.post("/v1/records", json={"records": records})
            answer.raise_for_status()
            accepted += int(answer.json()["accepted"])
            progress(len(batch))
    return accepted


def wait_until_settled(mirante: RunningMirante, records: int) -> bool:
    """True once the workers counted ``records`` and every projection caught up; False when nothing moves."""
    seen, moved_at = (0.0, 0.0), time.monotonic()
    while time.monotonic() - moved_at < MOVES_WITHIN:
        text = httpx.get(f"{mirante.api_url}/metrics", timeout=10.0).text
        done = sum(series(text, "credit_ingest_records_total", outcome) for outcome in ("ok", "duplicate"))
        waiting = series(text, "credit_outbox_depth")
        if done >= records and waiting == 0:
            return True
        if (done, waiting) != seen:
            seen, moved_at = (done, waiting), time.monotonic()
        time.sleep(0.2)
    return False


def series(exposition: str, name: str, outcome: str | None = None) -> float:
    """One value of a Prometheus exposition; 0 when the series is absent."""
    labels = "" if outcome is None else rf'\{{outcome="{outcome}"\}}'
    found = re.search(rf"^{name}{labels} (\S+)$", exposition, re.MULTILINE)
    return float(found[1]) if found else 0.0
