"""One canonical form of everything stored twice: JSON with sorted keys, no spaces, no floats.

The same value always gives the same bytes, so a digest stored beside a row stands for its content:
comparing two stores compares digests. Instants are UTC ISO 8601 with microseconds, bytes are base64, ratios
``{"n": 1, "d": 3}``. What reads a form back raises KeyError, TypeError or ValueError on anything else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from fractions import Fraction
from typing import TypeVar

import msgspec

from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import (
    Application,
    Decision,
    FactValue,
    Outcome,
    Reason,
    RuleTrace,
    Truth,
    Verdict,
)

Scalar = str | int | bool | None
T = TypeVar("T")

_FIELDS: Mapping[type, frozenset[str]] = {
    kind: frozenset(field.name for field in fields(kind))
    for kind in (CustomerProfile, Transaction, Application)
}
_FAST = msgspec.json.Encoder(order="deterministic")


def canonical_json(document: object) -> bytes:
    """UTF-8 JSON, keys sorted, no spaces.

    Raises:
        TypeError: a float somewhere; floats have no canonical text.
    """
    _refuse_floats(document)
    return _dump(document)


def _dump(document: object) -> bytes:
    """``canonical_json`` for documents whose builder holds no float by construction.

    The encoder gives the same bytes as the standard library's, a dozen times faster; integers wider than
    64 bits are the one thing it cannot write.
    """
    try:
        return _FAST.encode(document)
    except OverflowError:
        return _reference_dump(document)


def _reference_dump(document: object) -> bytes:
    """What the canonical form is: the definition that the fast encoder is tested against."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical form: use integer cents or a ratio")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)


def digest(content: bytes) -> str:
    """blake2b of canonical bytes, 128 bits as hex."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def instant_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant_from(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _flat(entity: object) -> dict[str, Scalar]:
    """A dataclass of plain fields as scalars; ``_entity`` reads it back."""
    values = msgspec.to_builtins(entity, builtin_types=(datetime,))
    return {name: instant_text(at) if isinstance(at, datetime) else at for name, at in values.items()}


def _entity(document: Mapping[str, object], kind: type[T]) -> T:
    """Every field has to be there: a missing one must not become a default that says "not known"."""
    missing = _FIELDS[kind] - document.keys()
    if missing:
        raise KeyError(min(missing))
    return msgspec.convert(document, kind)


def profile_attributes(profile: CustomerProfile) -> dict[str, Scalar]:
    """A profile as flat scalars, as a hot item or a wide row holds it."""
    return _flat(profile)


def profile_from_attributes(attributes: Mapping[str, object]) -> CustomerProfile:
    return _entity(attributes, CustomerProfile)


def profile_bytes(profile: CustomerProfile) -> bytes:
    return _dump(_flat(profile))


def profile_from_bytes(content: bytes) -> CustomerProfile:
    return _entity(_decoded(content), CustomerProfile)


def transaction_attributes(transaction: Transaction) -> dict[str, Scalar]:
    return _flat(transaction)


def transaction_bytes(transaction: Transaction) -> bytes:
    return _dump(_flat(transaction))


def transaction_from_bytes(content: bytes) -> Transaction:
    return _entity(_decoded(content), Transaction)


def _fact_out(value: FactValue) -> object:
    return {"n": value.numerator, "d": value.denominator} if isinstance(value, Fraction) else value


def _fact_in(value: object) -> FactValue:
    if isinstance(value, Mapping):
        return Fraction(_integer(value["n"]), _integer(value["d"]))
    if value is None or isinstance(value, (int, str, bool)):
        return value
    raise TypeError(f"not a fact: {type(value).__name__}")


def facts_document(facts: Mapping[str, FactValue]) -> dict[str, object]:
    """Facts as JSON values; ``facts_from_document`` reads them back."""
    return {name: _fact_out(value) for name, value in facts.items()}


def facts_from_document(document: Mapping[str, object]) -> dict[str, FactValue]:
    return {name: _fact_in(value) for name, value in document.items()}


def application_document(application: Application) -> dict[str, Scalar]:
    return {
        "customer_id": application.customer_id,
        "amount_cents": application.amount_cents,
        "term_months": application.term_months,
        "purpose": application.purpose,
        "reference": application.reference,
    }


def verdict_document(verdict: Verdict) -> dict[str, object]:
    return {
        "outcome": verdict.outcome.value,
        "reasons": [reason.code for reason in verdict.reasons],
        "trace": [
            {
                "rule": step.rule,
                "result": step.result.value,
                "effect": step.effect,
                "inputs": facts_document(step.inputs),
            }
            for step in verdict.trace
        ],
        "policy_id": verdict.policy_id,
        "policy_name": verdict.policy_name,
        "policy_version": verdict.policy_version,
        "monthly_rate_bps": verdict.monthly_rate_bps,
        "installment_cents": verdict.installment_cents,
    }


def verdict_bytes(application: Application, verdict: Verdict) -> bytes:
    """What was asked and what came out, without id and times: the same again, byte for byte."""
    return _dump({"application": application_document(application), "verdict": verdict_document(verdict)})


def decision_document(decision: Decision) -> dict[str, object]:
    return {
        "decision_id": decision.decision_id,
        "application": application_document(decision.application),
        "verdict": verdict_document(decision.verdict),
        "facts": facts_document(decision.facts),
        "as_of": instant_text(decision.as_of),
        "decided_at": instant_text(decision.decided_at),
        "degraded": decision.degraded,
        "profile_source": decision.profile_source,
        "client_id": decision.client_id,
        "trace_id": decision.trace_id,
    }


def decision_bytes(decision: Decision) -> bytes:
    return _dump(decision_document(decision))


def decision_from_bytes(content: bytes) -> Decision:
    return decision_from_document(_decoded(content))


def verdict_from_document(document: Mapping[str, object]) -> Verdict:
    reasons = _items(document["reasons"])
    return Verdict(
        outcome=Outcome(_text(document["outcome"])),
        reasons=tuple(Reason(_text(code), rank) for rank, code in enumerate(reasons, start=1)),
        trace=tuple(_step(_mapping(step)) for step in _items(document["trace"])),
        policy_id=_text(document["policy_id"]),
        policy_name=_text(document["policy_name"]),
        policy_version=_text(document["policy_version"]),
        monthly_rate_bps=_optional_integer(document["monthly_rate_bps"]),
        installment_cents=_optional_integer(document["installment_cents"]),
    )


def _step(document: Mapping[str, object]) -> RuleTrace:
    return RuleTrace(
        rule=_text(document["rule"]),
        result=Truth(_text(document["result"])),
        effect=_text(document["effect"]),
        inputs=facts_from_document(_mapping(document["inputs"])),
    )


def decision_from_document(document: Mapping[str, object]) -> Decision:
    return Decision(
        decision_id=_text(document["decision_id"]),
        application=_entity(_mapping(document["application"]), Application),
        verdict=verdict_from_document(_mapping(document["verdict"])),
        facts=facts_from_document(_mapping(document["facts"])),
        as_of=instant_from(_text(document["as_of"])),
        decided_at=instant_from(_text(document["decided_at"])),
        degraded=document["degraded"] is True,
        profile_source=_text(document["profile_source"]),
        client_id=_text(document["client_id"]),
        trace_id=_text(document["trace_id"]),
    )


def _decoded(content: bytes) -> Mapping[str, object]:
    return _mapping(json.loads(content))


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected an integer, found {type(value).__name__}")
    return value


def _optional_integer(value: object) -> int | None:
    return None if value is None else _integer(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {type(value).__name__}")
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, found {type(value).__name__}")
    return value


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return value
