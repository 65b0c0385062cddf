from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.decision import decision_id

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.binary(min_size=10, max_size=10))
def test_ids_sort_by_time_whatever_the_random_part(offset: int, later: int, noise: bytes) -> None:
    first = NOW + timedelta(milliseconds=offset)
    before = decision_id(first, b"\xff" * 10)
    assert before < decision_id(first + timedelta(milliseconds=later), noise)


@given(st.binary(min_size=10, max_size=10))
def test_an_id_is_a_version_seven_uuid(noise: bytes) -> None:
    made = UUID(decision_id(NOW, noise))
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(NOW.timestamp() * 1000)


def test_all_random_bits_that_fit_are_kept() -> None:
    made = {decision_id(NOW, (1 << bit).to_bytes(10)) for bit in range(80)}
    assert len(made) >= 74


def test_a_wrong_number_of_random_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="ten random bytes"):
        decision_id(NOW, b"short")
