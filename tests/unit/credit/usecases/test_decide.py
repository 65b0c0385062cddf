from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.domain.customer import CustomerStatus
from credit.domain.decision import Outcome
from credit.domain.errors import (
    IdempotencyConflict,
    InvalidCpf,
    InvalidValue,
    StoreUnavailable,
    UnknownCustomer,
    UnknownPolicy,
)
from credit.domain.reasons import PROFILE_UNREADABLE
from credit.metrics import DECISION_AMOUNT, DECISIONS, FINANCIAL_TRANSACTIONS
from credit.ports.records import IdempotencyKey
from credit.usecases.decide import DecisionRequest
from tests.support.credit_samples import NOON, a_key
from tests.support.credit_world import CreditWorld, a_good_profile

REQUEST = DecisionRequest(amount_cents=1_000_000, term_months=36, purpose="CAR", customer_id="C-00001")
CPF = synthetic_cpf(1, 1)


@pytest.fixture
async def world() -> CreditWorld:
    world = CreditWorld()
    await world.add(a_good_profile(cpf_index=world.sealer.blind_index(CPF)), project=True)
    return world


def financial(world: CreditWorld) -> dict[str, int]:
    outcomes = ("ok", "degraded", "error")
    return {o: world.telemetry.counted(FINANCIAL_TRANSACTIONS, kind="decision", outcome=o) for o in outcomes}


async def test_a_good_application_is_approved_recorded_and_counted(world: CreditWorld) -> None:
    answer = await world.decide(REQUEST, client_id="portal", trace_id="t1")
    decision = answer.decision
    assert not answer.replayed
    assert decision.verdict.outcome is Outcome.APPROVE
    assert (decision.as_of, decision.decided_at) == (NOON, NOON)
    assert (decision.client_id, decision.trace_id, decision.profile_source) == ("portal", "t1", "hot")
    assert not decision.degraded
    assert await world.decisions.find(decision.decision_id) == decision
    assert financial(world) == {"ok": 1, "degraded": 0, "error": 0}
    assert world.telemetry.counted(DECISIONS, decision="APPROVE", policy="personal-credit") == 1
    assert world.telemetry.counted(DECISION_AMOUNT, decision="APPROVE") == 1_000_000


async def test_the_same_person_is_found_by_cpf_which_is_not_kept(world: CreditWorld) -> None:
    by_cpf = replace(REQUEST, customer_id=None, cpf=f"{CPF[:3]}.{CPF[3:6]}.{CPF[6:9]}-{CPF[9:]}")
    decision = (await world.decide(by_cpf, client_id="portal")).decision
    assert decision.application.customer_id == "C-00001"
    assert CPF not in repr(decision)
    assert CPF not in repr(replace(by_cpf, cpf=CPF))
    world.break_store("relational")
    assert not (await world.decide(by_cpf, client_id="portal")).decision.degraded  # remembered by the cache


async def test_nobody_on_file_is_an_error_and_records_nothing(world: CreditWorld) -> None:
    with pytest.raises(UnknownCustomer, match="'C-9'"):
        await world.decide(replace(REQUEST, customer_id="C-9"), client_id="portal")
    stranger = synthetic_cpf(1, 2)
    with pytest.raises(UnknownCustomer, match="with this CPF") as caught:
        await world.decide(replace(REQUEST, customer_id=None, cpf=stranger), client_id="portal")
    assert (caught.value.by, caught.value.customer_id) == ("cpf", None)
    assert stranger not in str(caught.value)
    assert await world.decisions.count() == 0
    assert financial(world) == {"ok": 0, "degraded": 0, "error": 0}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"amount_cents": -5}, InvalidValue),
        ({"amount_cents": 10**12}, InvalidValue),
        ({"term_months": 0}, InvalidValue),
        ({"purpose": "YACHT"}, InvalidValue),
        ({"reference": "no spaces"}, InvalidValue),
        ({"customer_id": CPF}, InvalidValue),
        ({"customer_id": None}, InvalidValue),
        ({"cpf": CPF}, InvalidValue),
        ({"customer_id": None, "cpf": "111.111.111-11"}, InvalidCpf),
        ({"policy": "nope"}, UnknownPolicy),
        ({"as_of": datetime(2026, 1, 1)}, InvalidValue),  # noqa: DTZ001
    ],
)
async def test_a_bad_request_is_refused_before_any_store_is_touched(
    world: CreditWorld, change: dict[str, Any], error: type[Exception]
) -> None:
    world.break_store("relational", "hot", "cache")
    world.break_recording()
    with pytest.raises(error):
        await world.decide(replace(REQUEST, **change), client_id="portal")
    assert financial(world) == {"ok": 0, "degraded": 0, "error": 0}


async def test_a_profile_no_store_can_read_gives_a_recorded_degraded_referral(world: CreditWorld) -> None:
    world.break_store("relational", "hot", "cache")
    decision = (await world.decide(REQUEST, client_id="portal")).decision
    assert decision.degraded
    assert (decision.profile_source, decision.facts) == ("none", {})
    assert decision.verdict.outcome is Outcome.REFER
    assert [reason.code for reason in decision.verdict.reasons] == [PROFILE_UNREADABLE]
    assert await world.decisions.find(decision.decision_id) == decision
    assert financial(world) == {"ok": 0, "degraded": 1, "error": 0}


async def test_a_projection_alone_serves_a_full_decision_while_the_relational_reads_fail(
    world: CreditWorld,
) -> None:
    world.break_store("relational", "cache")
    assert not (await world.decide(REQUEST, client_id="portal")).decision.degraded


async def test_a_decision_that_cannot_be_recorded_is_an_error_and_is_counted(world: CreditWorld) -> None:
    world.break_recording()
    with pytest.raises(StoreUnavailable):
        await world.decide(REQUEST, client_id="portal")
    assert financial(world) == {"ok": 0, "degraded": 0, "error": 1}
    assert await world.decisions.count() == 0


async def test_a_cpf_that_cannot_be_looked_up_is_an_error_since_nobody_can_be_named(
    world: CreditWorld,
) -> None:
    world.break_store("relational")
    with pytest.raises(StoreUnavailable):
        await world.decide(replace(REQUEST, customer_id=None, cpf=CPF), client_id="portal")
    assert financial(world) == {"ok": 0, "degraded": 0, "error": 1}


async def test_the_same_key_gives_the_first_answer_and_counts_once(world: CreditWorld) -> None:
    first = await world.decide(REQUEST, client_id="portal", idempotency=a_key())
    world.clock.advance(timedelta(hours=1))
    again = await world.decide(REQUEST, client_id="portal", idempotency=a_key())
    assert again.replayed
    assert again.decision == first.decision
    assert await world.decisions.count() == 1
    assert financial(world) == {"ok": 1, "degraded": 0, "error": 0}


async def test_the_same_key_with_another_body_is_a_conflict(world: CreditWorld) -> None:
    await world.decide(REQUEST, client_id="portal", idempotency=a_key())
    other = IdempotencyKey(a_key().client_id, a_key().key, "c" * 64)
    with pytest.raises(IdempotencyConflict):
        await world.decide(replace(REQUEST, amount_cents=20_000), client_id="portal", idempotency=other)
    assert financial(world) == {"ok": 1, "degraded": 0, "error": 0}


async def test_a_dry_run_decides_and_leaves_no_trace(world: CreditWorld) -> None:
    answer = await world.decide(replace(REQUEST, dry_run=True), client_id="portal")
    assert answer.decision.verdict.outcome is Outcome.APPROVE
    assert await world.decisions.count() == 0
    assert financial(world) == {"ok": 0, "degraded": 0, "error": 0}


async def test_a_dry_run_that_fails_counts_no_error(world: CreditWorld) -> None:
    world.break_store("relational")
    dry = replace(REQUEST, customer_id=None, cpf=CPF, dry_run=True)
    with pytest.raises(StoreUnavailable):
        await world.decide(dry, client_id="portal")
    assert financial(world) == {"ok": 0, "degraded": 0, "error": 0}


async def test_as_of_and_the_policy_id_are_taken_from_the_request(world: CreditWorld) -> None:
    before = NOON - timedelta(days=30)
    policy_id = (await world.decide(REQUEST, client_id="portal")).decision.verdict.policy_id
    asked = replace(REQUEST, as_of=before, policy=policy_id)
    decision = (await world.decide(asked, client_id="portal")).decision
    assert (decision.as_of, decision.decided_at) == (before, NOON)
    assert decision.verdict.policy_id == policy_id


@pytest.mark.parametrize(
    ("change", "outcome", "reasons"),
    [
        ({"status": CustomerStatus.BLOCKED}, Outcome.DECLINE, ["CUSTOMER_NOT_ACTIVE"]),
        ({"accounts_past_due": 1, "tax_liens": 2}, Outcome.DECLINE, ["ACCOUNT_PAST_DUE", "TAX_LIENS"]),
        ({"public_bankruptcies": 1, "tax_liens": 1}, Outcome.DECLINE, ["INSOLVENCY_ON_RECORD"]),
        ({"credit_score": 549}, Outcome.DECLINE, ["SCORE_LOW"]),
        ({"credit_score": None}, Outcome.REFER, ["SCORE_UNKNOWN", "INCOME_OR_DEBTS_UNKNOWN"]),
        ({"monthly_debt_payment_cents": None}, Outcome.REFER, ["INCOME_OR_DEBTS_UNKNOWN"]),
        ({"monthly_debt_payment_cents": None, "tax_liens": 2}, Outcome.DECLINE, ["TAX_LIENS"]),
        ({"monthly_income_cents": 0}, Outcome.REFER, ["INCOME_OR_DEBTS_UNKNOWN"]),
        ({"employment_years": None}, Outcome.APPROVE, []),
        ({"credit_limit_cents": 0}, Outcome.REFER, ["CREDIT_USE_UNKNOWN"]),
    ],
)
async def test_the_shipped_policy_on_one_changed_fact(
    world: CreditWorld, change: dict[str, Any], outcome: Outcome, reasons: list[str]
) -> None:
    await world.add(a_good_profile(2, **change))
    decision = (await world.decide(replace(REQUEST, customer_id="C-00002"), client_id="portal")).decision
    assert decision.verdict.outcome is outcome
    assert [reason.code for reason in decision.verdict.reasons] == reasons
