"""Canonical form of facts, verdicts and decisions, and back. Ratios are ``{"n": 1, "d": 3}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction

from credit.domain.canonical_form import (
    dump,
    instant_from,
    instant_text,
    integer,
    items,
    mapping,
    optional_integer,
    optional_text,
    text,
)
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


def _fact_out(value: FactValue) -> object:
    return {"n": value.numerator, "d": value.denominator} if isinstance(value, Fraction) else value


def _fact_in(value: object) -> FactValue:
    if isinstance(value, Mapping):
        return Fraction(integer(value["n"]), integer(value["d"]))
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
    return dump({"application": application_document(application), "verdict": verdict_document(verdict)})


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
    return dump(decision_document(decision))


def decision_from_bytes(content: bytes) -> Decision:
    return decision_from_document(mapping(json.loads(content)))


def verdict_from_document(document: Mapping[str, object]) -> Verdict:
    reasons = items(document["reasons"])
    return Verdict(
        outcome=Outcome(text(document["outcome"])),
        reasons=tuple(Reason(text(code), rank) for rank, code in enumerate(reasons, start=1)),
        trace=tuple(_step(mapping(step)) for step in items(document["trace"])),
        policy_id=text(document["policy_id"]),
        policy_name=text(document["policy_name"]),
        policy_version=text(document["policy_version"]),
        monthly_rate_bps=optional_integer(document["monthly_rate_bps"]),
        installment_cents=optional_integer(document["installment_cents"]),
    )


def _step(document: Mapping[str, object]) -> RuleTrace:
    return RuleTrace(
        rule=text(document["rule"]),
        result=Truth(text(document["result"])),
        effect=text(document["effect"]),
        inputs=facts_from_document(mapping(document["inputs"])),
    )


def application_from_document(document: Mapping[str, object]) -> Application:
    return Application(
        customer_id=text(document["customer_id"]),
        amount_cents=integer(document["amount_cents"]),
        term_months=integer(document["term_months"]),
        purpose=text(document["purpose"]),
        reference=optional_text(document["reference"]),
    )


def decision_from_document(document: Mapping[str, object]) -> Decision:
    return Decision(
        decision_id=text(document["decision_id"]),
        application=application_from_document(mapping(document["application"])),
        verdict=verdict_from_document(mapping(document["verdict"])),
        facts=facts_from_document(mapping(document["facts"])),
        as_of=instant_from(text(document["as_of"])),
        decided_at=instant_from(text(document["decided_at"])),
        degraded=document["degraded"] is True,
        profile_source=text(document["profile_source"]),
        client_id=text(document["client_id"]),
        trace_id=text(document["trace_id"]),
    )
