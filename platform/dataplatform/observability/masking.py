"""Masking of what must never be read in a log: CPFs, API keys, bearer tokens."""

from __future__ import annotations

import re
from typing import overload

from credit.domain.cpf import normalise_cpf
from credit.domain.errors import InvalidCpf

_SECRETS = re.compile(
    r"(?P<key>mk_[0-9a-z]{1,16}_)[0-9A-Za-z]+"
    r"|(?P<scheme>\b(?:bearer|basic)\s+)[^\s\"',;]+"
    r"|(?P<name>\b(?:authorization|x-api-key|api[_-]?key|password|secret|token)\b[\"']?\s*[:=]\s*[\"']?)"
    r"(?!(?:bearer|basic)\b)[^\s\"',;]+",
    re.IGNORECASE,
)
_CPF = re.compile(r"(?<!\d)(\d{3})[.\s]?(\d{3})[.\s]?(\d{3})[-\s]?(\d{2})(?!\d)")
MASKED_CPF = "***.***.***-**"
CLEAN_TEXTS, CLEAN_LENGTH = 1_000, 64
_clean: set[str] = set()  # short texts that came out unchanged: log lines repeat themselves
SHORTEST_NUMBER = 10**9  # a smaller integer is a status or a duration, not a CPF that lost its zeros


@overload
def mask(value: str) -> str: ...
@overload
def mask(value: int) -> int | str: ...
def mask(value: str | int) -> str | int:
    """The same text with CPFs (formatted or bare, with right check digits) and secrets replaced."""
    if isinstance(value, int):
        return MASKED_CPF if value >= SHORTEST_NUMBER and _is_cpf(f"{value:011d}") else value
    if value in _clean:
        return value
    masked = _CPF.sub(_cpf, _SECRETS.sub(_secret, value))
    if masked == value and len(value) <= CLEAN_LENGTH and len(_clean) < CLEAN_TEXTS:
        _clean.add(value)
    return masked


def _secret(match: re.Match[str]) -> str:
    return (match["key"] or match["scheme"] or match["name"]) + "***"


def _cpf(match: re.Match[str]) -> str:
    return MASKED_CPF if _is_cpf("".join(match.groups())) else match[0]


def _is_cpf(digits: str) -> bool:
    try:
        normalise_cpf(digits)
    except InvalidCpf:
        return False
    return True
