"""Deciding a credit application (§8.2): read the customer, apply the policy, record, answer, count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from credit.domain.application import require_identifier, validate_terms
from credit.domain.compiled_policy import CompiledPolicy, PolicyBook
from credit.domain.cpf import normalise_cpf
from credit.domain.decision import Application, Decision, FactValue, Verdict, decision_id
from credit.domain.errors import InvalidValue, StoreUnavailable, UnknownCustomer
from credit.domain.reasons import PROFILE_UNREADABLE
from credit.metrics import DECISION_AMOUNT, DECISIONS, FINANCIAL_TRANSACTIONS
from credit.ports.projections import Cache, HotStore
from credit.ports.records import CustomerRecords, DecisionRecords, IdempotencyKey
from credit.ports.secrets import Sealer
from credit.usecases.cached_reads import CachedReads
from credit.usecases.cached_records import ProfileReader
from foundation.clock import Clock
from foundation.metrics import Telemetry


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
    cpf: str | None = field(default=None, repr=False)
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


@dataclass(frozen=True, slots=True)
class _Context:
    """Who asks, under which trace and key, and the policy and instant that apply."""

    policy: CompiledPolicy
    as_of: datetime
    client_id: str
    trace_id: str


class DecideCredit:
    """The decision engine's use case. ``random_bytes`` gives as many as it is asked for, for decision ids."""

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
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._profiles = ProfileReader(customers, hot, CachedReads(cache, clock, telemetry), telemetry)
        self._decisions, self._sealer, self._policies = decisions, sealer, policies
        self._clock, self._telemetry, self._random_bytes = clock, telemetry, random_bytes

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
        context = self._checked(request, client_id, trace_id)
        try:
            decision = await self._decide(request, context)
            if request.dry_run:
                return DecisionAnswer(decision, replayed=False)
            recorded = await self._decisions.record(decision, idempotency)
        except StoreUnavailable:
            if not request.dry_run:
                self._telemetry.count(FINANCIAL_TRANSACTIONS, kind="decision", outcome="error")
            raise
        if not recorded.replayed:
            self._count(decision)
        return DecisionAnswer(recorded.decision, recorded.replayed)

    def _checked(self, request: DecisionRequest, client_id: str, trace_id: str) -> _Context:
        validate_terms(request.amount_cents, request.term_months, request.purpose)
        if request.reference is not None:
            require_identifier("reference", request.reference)
        if (request.customer_id is None) is (request.cpf is None):
            raise InvalidValue(
                "customer_id",
                "customer_id or cpf is required, and only one of them",
                "Send exactly one of them",
            )
        if request.customer_id is not None:
            require_identifier("customer_id", request.customer_id)
        as_of = self._clock.now() if request.as_of is None else request.as_of
        if as_of.tzinfo is None:
            raise InvalidValue("as_of", "has no time zone", "Write it as 2026-01-31T12:00:00+00:00")
        return _Context(self._policies.get(request.policy), as_of, client_id, trace_id)

    async def _decide(self, request: DecisionRequest, context: _Context) -> Decision:
        customer_id = await self._identify(request)
        application = Application(
            customer_id, request.amount_cents, request.term_months, request.purpose, request.reference
        )
        try:
            read = await self._profiles.by_id(customer_id)
        except StoreUnavailable:
            return self._degraded(application, context)
        if read.profile is None:
            raise UnknownCustomer("customer_id", customer_id)
        facts = context.policy.facts(read.profile, application, context.as_of)
        verdict = context.policy.evaluate(facts)
        return self._decision(application, verdict, facts, context, read.source)

    async def _identify(self, request: DecisionRequest) -> str:
        if request.customer_id is not None:
            return request.customer_id
        index = self._sealer.blind_index(normalise_cpf(request.cpf or ""))
        customer_id = await self._profiles.id_of_cpf(index)
        if customer_id is None:
            raise UnknownCustomer("cpf")
        return customer_id

    def _degraded(self, application: Application, context: _Context) -> Decision:
        verdict = context.policy.without_data(PROFILE_UNREADABLE)
        return self._decision(application, verdict, {}, context, "none")

    def _decision(
        self,
        application: Application,
        verdict: Verdict,
        facts: Mapping[str, FactValue],
        context: _Context,
        source: str,
    ) -> Decision:
        now = self._clock.now()
        return Decision(
            decision_id=decision_id(now, self._random_bytes(10)),
            application=application,
            verdict=verdict,
            facts=facts,
            as_of=context.as_of,
            decided_at=now,
            degraded=source == "none",
            profile_source=source,
            client_id=context.client_id,
            trace_id=context.trace_id,
        )

    def _count(self, decision: Decision) -> None:
        told = decision.verdict.outcome.value
        outcome = "degraded" if decision.degraded else "ok"
        self._telemetry.count(FINANCIAL_TRANSACTIONS, kind="decision", outcome=outcome)
        self._telemetry.count(DECISIONS, decision=told, policy=decision.verdict.policy_name)
        self._telemetry.count(DECISION_AMOUNT, decision.application.amount_cents, decision=told)
