from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.canonical import (
    canonical_json,
    decision_bytes,
    decision_from_bytes,
    digest,
    facts_document,
    facts_from_document,
    instant_from,
    instant_text,
    profile_attributes,
    profile_bytes,
    profile_from_attributes,
    profile_from_bytes,
    transaction_bytes,
    transaction_from_bytes,
    verdict_bytes,
)
from tests.support.credit_samples import NOON, a_decision, a_profile, a_transaction

FACTS = st.dictionaries(
    st.text(max_size=8),
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.fractions(),
    max_size=6,
)


def test_equal_documents_give_equal_bytes_whatever_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


@pytest.mark.parametrize("document", [1.0, [0.5], {"a": {"b": [float("nan")]}}, (1, 2.5)])
def test_a_float_has_no_canonical_form(document: object) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical_json(document)


def test_a_profile_survives_the_round_trip_in_both_forms() -> None:
    for profile in (a_profile(), a_profile(2, 3, monthly_income_cents=None, home_ownership=None)):
        assert profile_from_bytes(profile_bytes(profile)) == profile
        assert profile_from_attributes(profile_attributes(profile)) == profile


def test_a_profile_with_a_wrongly_typed_attribute_is_refused() -> None:
    attributes = {**profile_attributes(a_profile()), "credit_score": "700"}
    with pytest.raises(ValueError, match="int"):
        profile_from_attributes(attributes)
    with pytest.raises(KeyError):
        profile_from_attributes({})


def test_a_transaction_survives_the_round_trip() -> None:
    assert transaction_from_bytes(transaction_bytes(a_transaction())) == a_transaction()


def test_a_decision_survives_the_round_trip_ratios_included() -> None:
    for decision in (a_decision(), a_decision(2, degraded=True, facts={}, trace_id="")):
        assert decision_from_bytes(decision_bytes(decision)) == decision


def test_any_changed_field_changes_the_digest() -> None:
    before = digest(profile_bytes(a_profile()))
    assert digest(profile_bytes(a_profile())) == before
    for change in ({"credit_score": 701}, {"tax_liens": None}, {"cpf_sealed": b"x"}, {"updated_at": NOON}):
        assert digest(profile_bytes(a_profile(**change))) != before


def test_an_instant_reads_the_same_from_any_time_zone() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-3)))
    assert instant_text(elsewhere) == instant_text(NOON) == "2026-03-02T12:00:00.000000+00:00"
    assert instant_from(instant_text(elsewhere)) == NOON


def test_a_verdict_is_the_same_bytes_whatever_the_id_and_times_of_its_decision() -> None:
    first = a_decision(1)
    later = replace(first, decision_id="other", decided_at=NOON, trace_id="t", profile_source="cache")
    assert decision_bytes(first) != decision_bytes(later)
    assert verdict_bytes(first.application, first.verdict) == verdict_bytes(later.application, later.verdict)
    assert b"other" not in verdict_bytes(later.application, later.verdict)


@given(FACTS)
def test_facts_survive_json(facts: dict[str, int | str | bool | Fraction | None]) -> None:
    text = canonical_json(facts_document(facts))
    assert facts_from_document(json.loads(text)) == facts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_the_bytes_are_those_of_the_standard_library_on_any_document(document: object) -> None:
    written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical_json(document) == written


def test_integers_wider_than_64_bits_are_written_in_full() -> None:
    assert canonical_json({"n": 2**200, "a": -(2**80)}) == f'{{"a":{-(2**80)},"n":{2**200}}}'.encode()


def test_a_form_without_a_field_that_may_be_unknown_is_refused_all_the_same() -> None:
    attributes = profile_attributes(a_profile())
    del attributes["tax_liens"]  # read as "not known" it would refer an applicant for nothing
    with pytest.raises(KeyError, match="tax_liens"):
        profile_from_attributes(attributes)
