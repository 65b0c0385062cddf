"""Refusing a CPF where texts are stored and logged as they are."""

from __future__ import annotations

from app.api.language import Text
from app.api.problem_types import CPF_IN_CLEAR
from app.api.problems import ApiProblem, FieldProblem
from credit.domain.cpf import looks_like_cpf


def require_no_cpf(value: str | None, *, pointer: str | None = None, field: str | None = None) -> None:
    """Raises ApiProblem (422) when the text is written as a CPF is; the text is not repeated."""
    if value is not None and looks_like_cpf(value):
        problem = FieldProblem(_PROBLEM, _MEND, pointer=pointer, field=field)
        raise ApiProblem(CPF_IN_CLEAR, errors=[problem])


_PROBLEM = Text("looks like a CPF", "parece ser um CPF")
_MEND = Text("Use an identifier of your own", "Use um identificador próprio")
