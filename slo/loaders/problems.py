"""Everything wrong in the files being read, gathered so that a person mends it in one go."""

from __future__ import annotations

from slo.model.catalogue import Notice
from slo.model.errors import DefinitionError, DefinitionErrors


class Problems:
    def __init__(self) -> None:
        self.errors: list[DefinitionError] = []
        self.notices: list[Notice] = []

    def refuse(self, file: str, line: int | None, field: str, problem: str, mend: str) -> None:
        self.errors.append(DefinitionError(file, field, problem, mend, line))

    def notice(self, file: str, line: int | None, field: str, reason: str, mend: str = "") -> None:
        self.notices.append(Notice(file, line, field, reason, mend))

    def raise_if_any(self) -> None:
        """
        Raises:
            DefinitionErrors: something was refused; in file order, then by line.
        """
        if self.errors:
            once = {str(error): error for error in self.errors}
            raise DefinitionErrors(sorted(once.values(), key=lambda e: (e.file, e.line or 0, e.field)))
