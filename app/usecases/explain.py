"""Why a decision came out as it did, for the applicant and for staff (LGPD art. 20: clear criteria)."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.decision import Decision, FactValue
from app.domain.policy_book import PolicyBook
from app.domain.reasons import Language, ReasonCatalogue


@dataclass(frozen=True, slots=True)
class FactUsed:
    """One fact a rule read. ``text`` is for people to read; ``limit`` is the rule's bound in words."""

    name: str
    label: str
    value: FactValue
    text: str
    limit: str | None


@dataclass(frozen=True, slots=True)
class ReasonExplained:
    """``change`` is what would need to change, only where the applicant can change it (else ``None``)."""

    code: str
    rank: int
    title: str
    text: str
    facts: tuple[FactUsed, ...]
    change: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """``policy_known`` is False when the policy of that id is no longer loaded: limits are then left out."""

    decision_id: str
    language: Language
    outcome: str
    headline: str
    reasons: tuple[ReasonExplained, ...]
    price: str | None
    policy_name: str
    policy_version: str
    policy_id: str
    policy_known: bool
    review_notice: str


class ExplainDecision:
    def __init__(self, policies: PolicyBook, reasons: ReasonCatalogue) -> None:
        self._policies = policies
        self._reasons = reasons

    def __call__(self, decision: Decision, language: Language = "en") -> Explanation:
        raise NotImplementedError
