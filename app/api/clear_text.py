"""Refusing a CPF where texts are stored and logged as they are."""

from __future__ import annotations

import re

from app.api.language import Text
from app.api.problem_types import CPF_IN_CLEAR
from app.api.problems import ApiProblem, FieldProblem
from app.domain.cpf import normalise_cpf
from app.domain.errors import InvalidCpf

# Bounded by non-alphanumerics: the segments of a UUID are never eleven long, so none is refused by chance.
_CANDIDATE = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{11}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})(?![0-9A-Za-z])")


def holds_cpf(text: str) -> bool:
    """Whether a valid CPF stands in the text, plain or formatted."""
    return any(_is_cpf(candidate) for candidate in _CANDIDATE.findall(text))


def require_no_cpf(value: str | None, *, pointer: str | None = None, field: str | None = None) -> None:
    """Raises ApiProblem (422) when the text holds a CPF; the text is not repeated."""
    if value is not None and len(value) >= 11 and holds_cpf(value):
        problem = FieldProblem(_PROBLEM, _MEND, pointer=pointer, field=field)
        raise ApiProblem(CPF_IN_CLEAR, errors=[problem])


def _is_cpf(text: str) -> bool:
    try:
        normalise_cpf(text)
    except InvalidCpf:
        return False
    return True


_PROBLEM = Text("looks like a CPF", "parece ser um CPF")
_MEND = Text("Use an identifier of your own", "Use um identificador próprio")
