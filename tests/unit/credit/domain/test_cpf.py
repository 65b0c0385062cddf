from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.cpf import (
    MAX_SYNTHETIC,
    check_digits,
    looks_like_cpf,
    normalise_cpf,
    synthetic_cpf,
)
from credit.domain.errors import InvalidCpf

BASES = st.integers(0, 10**9 - 1).filter(lambda base: len(set(f"{base:09d}")) > 1)


def test_a_known_valid_number_is_accepted_plain_and_written_with_dots() -> None:
    assert normalise_cpf("52998224725") == "52998224725"
    assert normalise_cpf(" 529.982.247-25 ") == "52998224725"


@pytest.mark.parametrize("digit", "0123456789")
def test_one_digit_eleven_times_is_refused_though_its_check_digits_match(digit: str) -> None:
    assert check_digits(digit * 9) == digit * 2
    with pytest.raises(InvalidCpf, match="eleven times"):
        normalise_cpf(digit * 11)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5299822472",
        "529982247255",
        "529.982.24725",
        "529-982-247.25",
        "5299822472a",
        "５２９９８２２４７２５",
        "529 982 247 25",
    ],
)
def test_another_shape_is_refused_without_quoting_the_number(text: str) -> None:
    with pytest.raises(InvalidCpf) as caught:
        normalise_cpf(text)
    assert not text or text not in str(caught.value)


@given(BASES, st.integers(9, 10), st.integers(1, 9))
def test_a_wrong_check_digit_is_noticed(base: int, place: int, shift: int) -> None:
    valid = f"{base:09d}{check_digits(f'{base:09d}')}"
    assert normalise_cpf(valid) == valid
    wrong = valid[:place] + str((int(valid[place]) + shift) % 10) + valid[place + 1 :]
    with pytest.raises(InvalidCpf, match=r"check digits|eleven times"):
        normalise_cpf(wrong)


@given(BASES)
def test_the_check_digits_satisfy_the_sums_that_define_them(base: int) -> None:
    digits = [int(digit) for digit in f"{base:09d}{check_digits(f'{base:09d}')}"]
    for length in (9, 10):
        total = sum(digit * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=False))
        rest = total % 11
        assert digits[length] == (0 if rest < 2 else 11 - rest)


@given(st.integers(0, 2**40), st.integers(0, MAX_SYNTHETIC - 1))
def test_a_synthetic_number_is_valid_and_repeatable(seed: int, number: int) -> None:
    made = synthetic_cpf(seed, number)
    assert normalise_cpf(made) == made
    assert synthetic_cpf(seed, number) == made


def test_synthetic_numbers_of_one_seed_never_meet_and_another_seed_gives_others() -> None:
    numbers = [synthetic_cpf(7, number) for number in range(20_000)]
    assert len(set(numbers)) == 20_000
    assert numbers[:100] != [synthetic_cpf(8, number) for number in range(100)]


def test_a_synthetic_number_out_of_range_is_refused() -> None:
    for number in (-1, MAX_SYNTHETIC):
        with pytest.raises(ValueError, match="must lie in"):
            synthetic_cpf(1, number)


def test_what_is_written_like_a_cpf_is_told_from_other_texts() -> None:
    assert looks_like_cpf("11111111111")
    assert looks_like_cpf("111.111.111-11")
    assert not looks_like_cpf("LC-00001")
