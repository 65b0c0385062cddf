"""A client's calls to a running decision API: customers in, decisions out."""

from __future__ import annotations

from pathlib import Path

import httpx

from app.demo.intake import series
from credit.domain.cpf import synthetic_cpf
from tests.support.patience import patience, wait_until
from tests.support.processes import api_key

SEED = 20
SETTLED_WITHIN = 90.0  # real seconds


class LiveCredit:
    """``data_dir`` is the server's: the key is made there, as ``mirante keys create`` does."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self.url = url
        self.key = api_key(data_dir)
        self._headers = {"Authorization": f"Bearer {self.key}"}

    def ingest_customers(self, count: int) -> list[str]:
        """Over ``POST /v1/records``; returns their ids once they are stored and projected."""
        ids = [f"C-{number:04d}" for number in range(1, count + 1)]
        records = [{"kind": "customer", "data": customer(number, name)} for number, name in enumerate(ids, 1)]
        answer = self._post("/v1/records", {"records": records})
        assert answer.status_code == 202, answer.text
        wait_until(lambda: self._settled(count), SETTLED_WITHIN, f"{count} customers stored and projected")
        return ids

    def ask(self, key: str, customer_id: str = "C-0001", amount_cents: int = 100_000) -> httpx.Response:
        """One application for credit under this Idempotency-Key."""
        body = {
            "customer_id": customer_id,
            "amount_cents": amount_cents,
            "term_months": 12,
            "purpose": "OTHER",
        }
        return self._post("/v1/decisions", body, {"Idempotency-Key": key})

    def measured(self) -> str:
        """The server's own exposition of its metrics."""
        return httpx.get(f"{self.url}/metrics", timeout=patience(30), trust_env=False).text

    def _post(self, path: str, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
        all_headers = {**self._headers, **(headers or {})}
        return httpx.post(
            f"{self.url}{path}", json=body, headers=all_headers, timeout=patience(30), trust_env=False
        )

    def _settled(self, records: int) -> bool:
        text = self.measured()
        done = sum(series(text, "credit_ingest_records_total", outcome) for outcome in ("ok", "duplicate"))
        return done >= records and series(text, "credit_outbox_depth") == 0


def customer(number: int, customer_id: str) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "cpf": synthetic_cpf(SEED, number),
        "monthly_income_cents": 400_000 + 10_000 * number,
        "credit_score": 600 + number % 200,
        "version": 1,
    }
