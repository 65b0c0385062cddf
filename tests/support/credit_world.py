"""The decision use case over in-memory stores, with each store's failures at hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from credit.domain.canonical import digest, profile_attributes, profile_bytes
from credit.domain.customer import CustomerProfile
from credit.ports.faults import Fault
from credit.ports.projections import PROFILE, HotItem
from credit.usecases.decide import DecideCredit
from credit.usecases.load_policies import load_policies
from dataplatform.resilience.faults import FaultBoard
from dataplatform.wrapped import WrappedCache, WrappedCustomerRecords, WrappedDecisionRecords, WrappedHotStore
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON, a_profile
from tests.support.in_memory import InMemory
from tests.support.recording_telemetry import RecordingTelemetry

BROKEN = Fault(error_ratio=1.0)


class TestSealer:
    """Keyed and reversible, and nothing more: the real one has its own tests."""

    __test__ = False

    def blind_index(self, cpf: str) -> str:
        return hashlib.sha256(f"test-key:{cpf}".encode()).hexdigest()

    def seal(self, plaintext: bytes, context: str) -> bytes:
        return bytes(byte ^ 0x5A for byte in f"{context}|".encode() + plaintext)

    def open(self, sealed: bytes, context: str) -> bytes:
        opened = bytes(byte ^ 0x5A for byte in sealed)
        assert opened.startswith(f"{context}|".encode())
        return opened[len(context) + 1 :]


def a_good_profile(number: int = 1, **changes: Any) -> CustomerProfile:
    """Everything known and nothing wrong: approved for ordinary amounts."""
    facts: dict[str, Any] = {
        "monthly_income_cents": 1_000_000,
        "monthly_debt_payment_cents": 100_000,
        "existing_debts_cents": 0,
        "credit_score": 800,
        "employment_years": 5,
        "home_ownership": "OWN",
        "credit_history_years": 20,
        "delinquencies_24m": 0,
        "accounts_past_due": 0,
        "inquiries_12m": 1,
        "public_bankruptcies": 0,
        "tax_liens": 0,
        "credit_limit_cents": 2_000_000,
        "credit_used_cents": 400_000,
    }
    return a_profile(number, **(facts | changes))


@dataclass
class CreditWorld:
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)
    sealer: TestSealer = field(default_factory=TestSealer)

    def __post_init__(self) -> None:
        self.board, self.recording = FaultBoard(), FaultBoard()  # reading and recording fail apart
        self.stores = InMemory(self.clock)
        self.customers, self.decisions = self.stores.relational.customers, self.stores.relational.decisions
        self.hot, self.cache = self.stores.hot, self.stores.cache
        self.made = 0
        self.decide = DecideCredit(
            customers=WrappedCustomerRecords(self.customers, self.board.around("relational")),
            hot=WrappedHotStore(self.hot, self.board.around("hot")),
            cache=WrappedCache(self.cache, self.board.around("cache")),
            decisions=WrappedDecisionRecords(self.decisions, self.recording.around("relational")),
            sealer=self.sealer,
            policies=load_policies(),
            clock=self.clock,
            telemetry=self.telemetry,
            random_bytes=self._random_bytes,
        )

    def _random_bytes(self, count: int) -> bytes:
        self.made += 1
        return self.made.to_bytes(count)

    async def add(self, profile: CustomerProfile, *, project: bool = False) -> CustomerProfile:
        await self.customers.upsert(profile)
        if project:
            content = digest(profile_bytes(profile))
            attributes = profile_attributes(profile)
            await self.hot.put_if_newer(
                HotItem(profile.customer_id, PROFILE, profile.version, self.clock.now(), content, attributes)
            )
        return profile

    def break_store(self, *stores: str) -> None:
        for store in stores:
            self.board.set(store, BROKEN)

    def break_recording(self) -> None:
        self.recording.set("relational", BROKEN)
