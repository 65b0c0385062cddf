"""What a committed change looks like in each projection: pure functions of the outbox payload.

The digest of an item is that of its attributes' canonical JSON, so anyone can compute it again from what
is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from credit.domain.canonical import (
    canonical_json,
    decision_from_bytes,
    digest,
    instant_text,
    profile_attributes,
    profile_from_bytes,
    transaction_attributes,
    transaction_from_bytes,
)
from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import Decision
from credit.ports.projections import CUSTOMER_PROFILE, PROFILE, HotItem, ItemValue, WideRow
from credit.usecases.cached_reads import PROFILES

PENDING_LIFETIME = timedelta(days=30)  # temporary transactional data (§3.2.2)


@dataclass(frozen=True, slots=True)
class Projection:
    """One change as both projections hold it; a profile's also makes a cache key stale, and is what belongs
    there."""

    hot: HotItem
    wide: WideRow
    stale_key: str | None = None
    profile: CustomerProfile | None = None


def project(kind: str, payload: bytes) -> Projection:
    """Raises ValueError, KeyError or TypeError: not a payload of this kind."""
    if kind == "customer":
        return project_customer(profile_from_bytes(payload))
    if kind == "transaction":
        return project_transaction(transaction_from_bytes(payload))
    if kind == "decision":
        return project_decision(decision_from_bytes(payload))
    raise ValueError(f"there is no projection of kind {kind!r}")


def project_customer(profile: CustomerProfile) -> Projection:
    attributes = dict(profile_attributes(profile))
    fingerprint = content_digest(attributes)
    return Projection(
        HotItem(
            customer_id=profile.customer_id,
            data_type=PROFILE,
            version=profile.version,
            last_updated=profile.updated_at,
            digest=fingerprint,
            attributes=attributes,
            status=profile.status.value,
            created_at=profile.created_at,
        ),
        WideRow(profile.customer_id, CUSTOMER_PROFILE, profile.version, fingerprint, attributes),
        stale_key=PROFILES.key(profile.customer_id),
        profile=profile,
    )


def project_transaction(transaction: Transaction) -> Projection:
    return _dated(
        transaction.customer_id,
        transaction_types(transaction.transaction_id, transaction.created_at),
        transaction.version,
        dict(transaction_attributes(transaction)),
        transaction.status,
        transaction.created_at,
        transaction_expiry(transaction.status, transaction.created_at),
    )


def project_decision(decision: Decision) -> Projection:
    return _dated(
        decision.application.customer_id,
        decision_types(decision.decision_id, decision.decided_at),
        1,
        _decision_attributes(decision),
        decision.verdict.outcome.value,
        decision.decided_at,
        None,
    )


def transaction_types(transaction_id: str, created_at: datetime) -> tuple[str, str]:
    """Its data type in the hot store and in the wide one."""
    place = f"{_compact(created_at)}#{transaction_id}"
    return f"TXN#{place}", f"TRANSACTION#{place}"


def transaction_expiry(status: str, created_at: datetime) -> datetime | None:
    return created_at + PENDING_LIFETIME if status == "PENDING" else None


def decision_types(decision_id: str, decided_at: datetime) -> tuple[str, str]:
    return f"DECISION#{decision_id}", f"DECISION#{_compact(decided_at)}#{decision_id}"


def profile_digest(profile: CustomerProfile) -> str:
    """The digest that both projections of the row must carry; stored with the row. The next two likewise."""
    return content_digest(profile_attributes(profile))


def transaction_digest(transaction: Transaction) -> str:
    return content_digest(transaction_attributes(transaction))


def decision_digest(decision: Decision) -> str:
    return content_digest(_decision_attributes(decision))


def _decision_attributes(decision: Decision) -> dict[str, ItemValue]:
    verdict, application = decision.verdict, decision.application
    return {
        "decision_id": decision.decision_id,
        "customer_id": application.customer_id,
        "amount_cents": application.amount_cents,
        "term_months": application.term_months,
        "purpose": application.purpose,
        "outcome": verdict.outcome.value,
        "reasons": ",".join(reason.code for reason in verdict.reasons),
        "policy_id": verdict.policy_id,
        "monthly_rate_bps": verdict.monthly_rate_bps,
        "installment_cents": verdict.installment_cents,
        "degraded": decision.degraded,
        "decided_at": instant_text(decision.decided_at),
    }


def content_digest(attributes: Mapping[str, ItemValue]) -> str:
    return digest(canonical_json(dict(attributes)))


def _dated(
    customer_id: str,
    data_types: tuple[str, str],
    version: int,
    attributes: Mapping[str, ItemValue],
    status: str,
    at: datetime,
    expires_at: datetime | None,
) -> Projection:
    """Something that happened once, at an instant."""
    fingerprint = content_digest(attributes)
    hot_type, wide_type = data_types
    return Projection(
        HotItem(customer_id, hot_type, version, at, fingerprint, attributes, status, at, expires_at),
        WideRow(customer_id, wide_type, version, fingerprint, attributes, expires_at),
    )


def _compact(at: datetime) -> str:
    """Sorts as text; microseconds, UTC."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")
