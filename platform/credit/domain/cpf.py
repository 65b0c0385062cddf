"""CPF, the Brazilian taxpayer number: eleven digits, the last two of them check digits.

It is personal data: nothing here puts one into an error.
"""

from __future__ import annotations

import hashlib
import re

from credit.domain.errors import InvalidCpf

_WRITTEN = re.compile(r"[0-9]{11}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}")
_BASES = 10**9
_MULTIPLIER = 387_420_489  # 3**18: coprime with 10**9, so the numbers of one seed never meet
MAX_SYNTHETIC = 111_111_110


def looks_like_cpf(text: str) -> bool:
    """Whether a text has the form of a CPF, valid or not: such a text is refused as an identifier."""
    return _WRITTEN.fullmatch(text) is not None


def _check_digit(digits: str) -> int:
    weight = len(digits) + 1
    rest = sum(int(digit) * (weight - place) for place, digit in enumerate(digits)) * 10 % 11
    return rest % 10


def check_digits(base: str) -> str:
    """The two check digits of nine base digits."""
    first = _check_digit(base)
    return f"{first}{_check_digit(f'{base}{first}')}"


def normalise_cpf(text: str) -> str:
    """The eleven digits of a CPF written plain or as ``000.000.000-00``.

    Raises:
        InvalidCpf: wrong shape, one digit repeated eleven times, or wrong check digits.
    """
    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        raise InvalidCpf("expected eleven digits, plain or written as 000.000.000-00")
    digits = written.replace(".", "").replace("-", "")
    if digits == digits[0] * 11:
        raise InvalidCpf("the same digit eleven times is nobody's number")
    if digits[9:] != check_digits(digits[:9]):
        raise InvalidCpf("the check digits do not match")
    return digits


def synthetic_cpf(seed: int, number: int) -> str:
    """A valid CPF made up from a seed: same arguments, same digits; different numbers, different CPFs.

    ``number`` counts from 0 up to ``MAX_SYNTHETIC - 1``. The result may by chance be somebody's, as any
    valid number may: label what carries it as synthetic.
    """
    if not 0 <= number < MAX_SYNTHETIC:
        raise ValueError(f"number must lie in 0..{MAX_SYNTHETIC - 1}")
    offset = int.from_bytes(hashlib.sha256(f"synthetic-cpf:{seed}".encode()).digest()[:8])
    base = _shuffled(number + 1, offset)
    while _repeated(base):  # walk on along the permutation: still one-to-one
        base = _shuffled(base, offset)
    return f"{base:09d}{check_digits(f'{base:09d}')}"


def _shuffled(value: int, offset: int) -> int:
    return (value * _MULTIPLIER + offset) % _BASES


def _repeated(base: int) -> bool:
    return len(set(f"{base:09d}")) == 1
