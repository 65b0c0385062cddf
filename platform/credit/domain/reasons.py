"""Reason codes and what a person is told, in English and Brazilian Portuguese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "pt"]
PROFILE_UNREADABLE = "PROFILE_UNREADABLE"  # no store could be read: a degraded REFER
PLATFORM_REASONS = (PROFILE_UNREADABLE,)


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; neither may be empty."""

    en: str
    pt: str

    def in_(self, language: Language) -> str:
        return self.pt if language == "pt" else self.en


@dataclass(frozen=True, slots=True)
class ReasonText:
    """``title`` is for staff and boards, ``applicant`` a full sentence to the applicant, ``mend`` what they
    can do about it where there is something (else ``None``)."""

    code: str
    title: Text
    applicant: Text
    mend: Text | None = None


@dataclass(frozen=True, slots=True)
class ReasonCatalogue:
    """Every code that a decision may carry."""

    texts: Mapping[str, ReasonText]

    def __contains__(self, code: object) -> bool:
        return code in self.texts

    def text(self, code: str) -> ReasonText:
        """The texts of a code. Raises KeyError for one that is not in the catalogue."""
        return self.texts[code]
