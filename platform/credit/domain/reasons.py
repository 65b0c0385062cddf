"""Reason codes and what a person is told, in English and Brazilian Portuguese, from their YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from foundation.bilingual import Text
from foundation.files import document
from foundation.located import Place, Section

Language = Literal["en", "pt"]
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_ADVICE = ("advice", "mend")  # the second is what version 0.1 called it
PROFILE_UNREADABLE = "PROFILE_UNREADABLE"  # no store could be read: a degraded REFER
PLATFORM_REASONS = (PROFILE_UNREADABLE,)


@dataclass(frozen=True, slots=True)
class ReasonText:
    """``title`` is for staff and boards, ``applicant`` a full sentence to the applicant, ``advice`` what they
    can do about it where there is something (else ``None``)."""

    code: str
    title: Text
    applicant: Text
    advice: Text | None = None


@dataclass(frozen=True, slots=True)
class ReasonCatalogue:
    """Every code that a decision may carry."""

    texts: Mapping[str, ReasonText]

    def __contains__(self, code: object) -> bool:
        return code in self.texts

    def text(self, code: str) -> ReasonText:
        """The texts of a code. Raises KeyError for one that is not in the catalogue."""
        return self.texts[code]


def parse_reasons(content: bytes, file: str) -> ReasonCatalogue:
    """``reasons: {CODE: {title, title_pt, applicant, applicant_pt, advice?, advice_pt?}}``.

    Raises:
        DefinitionErrors: everything wrong, a text missing in one language included.
    """
    top = document(content, file)
    listed = top.fields(["reasons"])["reasons"].entries()
    texts = {code: _reason(code, place) for code, place in listed}
    top.source.problems.raise_if_any()
    return ReasonCatalogue(texts)


def _reason(code: str, place: Place) -> ReasonText:
    if not _CODE.fullmatch(code):
        place.wrong("is not a reason code", "Use capitals, digits and '_', such as SCORE_LOW")
    section = Section(place)
    title, applicant = section.bilingual("title"), section.bilingual("applicant")
    advice = next((section.bilingual(key) for key in _ADVICE if _in_a_language(section, key)), None)
    section.close()
    return ReasonText(code, title, applicant, advice)


def _in_a_language(section: Section, key: str) -> bool:
    return section.has(key) or section.has(f"{key}_pt")
