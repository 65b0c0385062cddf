from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.canonical import verdict_bytes
from credit.domain.compiled_policy import PolicyBook
from credit.domain.decision import Application, FactValue, Outcome, Truth
from credit.domain.errors import UnknownPolicy
from credit.domain.facts import FACTS, base_facts, derive
from tests.support.credit_policies import TEXT, compiled, rule, with_rules
from tests.support.credit_samples import a_profile

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SAMPLE, OTHER_COPY = compiled(), compiled()
APPLICATION = Application("C-00001", 1_000_000, 36, "CAR")


def facts(**changes: FactValue) -> dict[str, FactValue]:
    profile = a_profile(monthly_income_cents=500_000, monthly_debt_payment_cents=50_000)
    base = base_facts(profile, APPLICATION, NOW, 200)
    return derive(base | changes)


THREE = [
    rule("first", 1, "{fact: credit_score, below: 500}", "DECLINE", "R_ONE", "U_ONE"),
    rule("second", 2, "{fact: inquiries_12m, at_least: 5}", "REFER", "R_TWO", "U_TWO"),
    rule("third", 3, "{fact: tax_liens, at_least: 1}", "DECLINE", "R_THREE", "U_ONE"),
]


def test_an_application_that_no_rule_stops_is_approved_at_the_policy_price() -> None:
    verdict = compiled().evaluate(facts())
    assert verdict.outcome is Outcome.APPROVE
    assert verdict.reasons == ()
    assert (verdict.monthly_rate_bps, verdict.installment_cents) == (200, 39_233)
    assert [step.result for step in verdict.trace] == [Truth.FALSE, Truth.FALSE]


def test_a_true_decline_outweighs_a_true_refer_and_missing_data() -> None:
    policy = compiled(with_rules("".join(THREE)))
    verdict = policy.evaluate(facts(credit_score=400, inquiries_12m=9, tax_liens=None))
    assert verdict.outcome is Outcome.DECLINE
    assert [reason.code for reason in verdict.reasons] == ["R_ONE"]
    assert [step.result for step in verdict.trace] == [Truth.TRUE, Truth.TRUE, Truth.UNKNOWN]
    assert verdict.monthly_rate_bps is None


def test_missing_data_refers_with_a_reason_of_its_own() -> None:
    verdict = compiled(with_rules("".join(THREE))).evaluate(facts(inquiries_12m=None, tax_liens=0))
    assert verdict.outcome is Outcome.REFER
    assert [reason.code for reason in verdict.reasons] == ["U_TWO"]
    assert verdict.trace[1].inputs == {"inquiries_12m": None}


def test_reasons_come_in_rank_order_each_once_and_numbered_from_one() -> None:
    verdict = compiled(with_rules("".join(THREE))).evaluate(
        facts(credit_score=None, inquiries_12m=9, tax_liens=None)
    )
    assert [(reason.rank, reason.code) for reason in verdict.reasons] == [(1, "U_ONE"), (2, "R_TWO")]


def test_a_missing_score_leaves_no_price_and_refers() -> None:
    policy = compiled(with_rules(THREE[1]))
    profile = a_profile(credit_score=None, inquiries_12m=0)
    verdict = policy.evaluate(policy.facts(profile, APPLICATION, NOW))
    assert verdict.outcome is Outcome.REFER
    assert [reason.code for reason in verdict.reasons] == ["U_PRICE"]


def test_the_listing_order_of_rules_changes_nothing() -> None:
    documents = [compiled(with_rules("".join(order))) for order in permutations(THREE)]
    assert len({document.policy_id for document in documents}) == 1
    worlds = [
        facts(credit_score=score, inquiries_12m=count, tax_liens=liens)
        for score in (None, 400, 800)
        for count in (None, 0, 9)
        for liens in (None, 0, 2)
    ]
    for world in worlds:
        assert len({verdict_bytes(APPLICATION, document.evaluate(world)) for document in documents}) == 1


@given(st.data())
def test_the_same_facts_give_the_same_bytes(data: st.DataObject) -> None:
    world = facts(
        credit_score=data.draw(st.none() | st.integers(0, 1000)),
        monthly_income_cents=data.draw(st.none() | st.integers(0, 10**7)),
        monthly_debt_payment_cents=data.draw(st.none() | st.integers(0, 10**7)),
    )
    shuffled = list(world.items())
    random.Random(data.draw(st.integers())).shuffle(shuffled)
    first, second = SAMPLE.evaluate(world), OTHER_COPY.evaluate(dict(shuffled))
    assert verdict_bytes(APPLICATION, first) == verdict_bytes(APPLICATION, second)


@given(st.sampled_from(sorted(FACTS)))
def test_a_verdict_without_data_has_the_reason_asked_for_and_no_trace(name: str) -> None:
    verdict = compiled().without_data(name)
    assert (verdict.outcome, verdict.trace) == (Outcome.REFER, ())
    assert [reason.code for reason in verdict.reasons] == [name]


SAME = [
    TEXT.replace("# ", "#"),
    "# a comment\n" + TEXT.replace("above: 0.45", "above: 0.450"),
    TEXT.replace("{fact: credit_score, below: 500}", "\n      fact: credit_score\n      below: 500.0"),
    TEXT.replace("description: For tests.", "description: Other words."),
    TEXT.replace("  - name", "\n  - name"),
]
OTHER = [
    TEXT.replace("below: 500", "below: 501"),
    TEXT.replace("below: 500", "at_most: 500"),
    TEXT.replace("above: 0.45", "above: 0.4500001"),
    TEXT.replace("rank: 2", "rank: 3"),
    TEXT.replace("reason: R_TWO", "reason: R_THREE"),
    TEXT.replace("unknown: U_TWO", "unknown: U_ONE"),
    TEXT.replace("effect: REFER", "effect: DECLINE"),
    TEXT.replace("name: much-debt", "name: other-debt"),
    TEXT.replace('version: "1"', 'version: "2"'),
    TEXT.replace("policy: sample", "policy: other"),
    TEXT.replace("bps: 200", "bps: 201"),
    TEXT.replace("at_least: 700", "at_least: 701"),
    TEXT.replace("unknown: U_PRICE", "unknown: U_ONE"),
    TEXT.replace("{fact: credit_score, below: 500}", "{not: {fact: credit_score, below: 500}}"),
]


@pytest.mark.parametrize("text", SAME)
def test_formatting_and_comments_keep_the_policy_id(text: str) -> None:
    assert compiled(text).policy_id == compiled().policy_id


@pytest.mark.parametrize("text", OTHER)
def test_any_change_of_meaning_changes_the_policy_id(text: str) -> None:
    assert text != TEXT
    assert compiled(text).policy_id != compiled().policy_id


def test_the_order_within_all_and_any_keeps_the_policy_id() -> None:
    one, other = "{fact: credit_score, below: 5}", "{fact: purpose, one_of: [CAR, HOUSE]}"
    swapped = "{fact: purpose, one_of: [HOUSE, CAR]}"
    ids = {
        compiled(with_rules(rule("r", 1, f"{{any: [{pair}]}}"))).policy_id
        for pair in (f"{one}, {other}", f"{other}, {one}", f"{swapped}, {one}")
    }
    assert len(ids) == 1


def test_a_policy_is_found_by_name_by_id_and_by_default() -> None:
    policy = compiled()
    book = PolicyBook([policy], "sample")
    assert book.get() is book.get("sample") is book.get(policy.policy_id) is policy
    with pytest.raises(UnknownPolicy, match="Known: sample"):
        book.get("nope")
    with pytest.raises(UnknownPolicy):
        PolicyBook([policy], "absent")
