from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.cpf import synthetic_cpf
from dataplatform.observability.masking import MASKED_CPF, mask

NUMBERS = st.integers(min_value=0, max_value=111_111_109).map(lambda number: synthetic_cpf(5, number))


@given(
    NUMBERS, st.text(alphabet="ab \"':,.=-/{}", max_size=10), st.text(alphabet="ab \"':,.=-/{}", max_size=10)
)
def test_a_cpf_is_masked_wherever_it_stands(cpf: str, before: str, after: str) -> None:
    formatted = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"
    for written in (cpf, formatted):
        masked = mask(before + written + after)
        assert cpf not in masked
        assert formatted not in masked
        assert MASKED_CPF in masked


@given(NUMBERS)
def test_a_cpf_as_a_number_is_masked_too(cpf: str) -> None:
    number = int(cpf)
    if number >= 10**9:
        assert mask(number) == MASKED_CPF


@pytest.mark.parametrize(
    "text",
    [
        "12345678900",  # wrong check digits
        "123456789012345678",  # a longer number
        "2026-03-02T12:00:00.000Z",
        "65a1b2c30123456789abcdef01234567",
        "018f0f5e-0000-7000-8000-000000000000",
        "POST /v1/decisions 201",
    ],
)
def test_what_is_no_cpf_stays_readable(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("number", [0, 201, 191, 503, 1_500_000, 10**12])
def test_ordinary_numbers_stay_numbers(number: int) -> None:
    assert mask(number) == number


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer mk_abc12345_S3cretS3cret", "S3cretS3cret"),
        ("authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("X-Api-Key: plainsecret", "plainsecret"),
        ("key mk_abc12345_S3cretS3cret was shown", "S3cretS3cret"),
        ("{'authorization': 'Bearer abcdefgh'}", "abcdefgh"),
        ('{"x-api-key": "abcdefgh"}', "abcdefgh"),
        ("token=abcdefgh&x=1", "abcdefgh"),
        ("password: hunter22", "hunter22"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert "***" in mask(text)


def test_the_id_of_a_key_stays_readable() -> None:
    assert mask("mk_abc12345_S3cretS3cret") == "mk_abc12345_***"
