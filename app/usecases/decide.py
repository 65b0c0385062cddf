"""Deciding a credit application (§8.2): read the customer, apply the policy, record, answer, count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.domain.decision import Decision
from app.domain.policy_book import PolicyBook
from app.ports.projections import Cache, HotStore
from app.ports.records import CustomerRecords, DecisionRecords, IdempotencyKey
from app.ports.secrets import Sealer
from app.ports.telemetry import Telemetry
from slo.clock import Clock


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What a client asks. Exactly one of ``customer_id`` and ``cpf`` says who; ``cpf`` is never kept.

    ``policy`` is a name or id (``None``: the default); ``as_of`` defaults to now; ``dry_run`` decides and
    records nothing.
    """

    amount_cents: int
    term_months: int
    purpose: str
    customer_id: str | None = None
    cpf: str | None = None
    reference: str | None = None
    policy: str | None = None
    as_of: datetime | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class DecisionAnswer:
    """``replayed``: this key was answered before, and this is that first answer.

    Outcome label of the request: ``degraded`` if ``decision.degraded``, else ``ok``.
    """

    decision: Decision
    replayed: bool


class DecideCredit:
    def __init__(
        self,
        *,
        customers: CustomerRecords,
        hot: HotStore,
        cache: Cache,
        decisions: DecisionRecords,
        sealer: Sealer,
        policies: PolicyBook,
        clock: Clock,
        telemetry: Telemetry,
        new_id: Callable[[datetime], str],
    ) -> None:
        self._customers = customers

    async def __call__(
        self,
        request: DecisionRequest,
        *,
        client_id: str,
        idempotency: IdempotencyKey | None = None,
        trace_id: str = "",
    ) -> DecisionAnswer:
        """Decide and record. A profile that no store can read gives a recorded REFER marked ``degraded``.

        Raises:
            InvalidValue: a field of the request (422); InvalidCpf: its CPF (422).
            UnknownPolicy: no such policy (422). UnknownCustomer: nobody on file (404).
            IdempotencyConflict: the key was used with another body (422).
            StoreUnavailable: the decision could not be recorded; nothing was (503).
        """
        raise NotImplementedError
