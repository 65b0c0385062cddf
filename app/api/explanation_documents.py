"""What an explanation looks like over the wire."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from app.api.language import Language
from credit.domain.decision import FactValue
from credit.usecases.explain import DecisionExplanation


class FactDocument(msgspec.Struct, kw_only=True):
    """A fact a rule read."""

    name: Annotated[str, Meta(examples=["debt_to_income"])]
    label: Annotated[str, Meta(description="The name in plain words.")]
    value: Annotated[
        int | str | bool | None, Meta(description='Null: not known. A ratio is an exact fraction, "7/20".')
    ]
    text: Annotated[str, Meta(description="The value as a person reads it.")]
    limit: Annotated[str | None, Meta(description="The rule's bound in words.")]


class ReasonExplanation(msgspec.Struct, kw_only=True):
    """A reason with the facts behind it."""

    code: str
    rank: Annotated[int, Meta(ge=1)]
    title: str
    text: Annotated[str, Meta(description="A full sentence for the applicant.")]
    facts: list[FactDocument]
    change: Annotated[
        str | None, Meta(description="What the applicant could change, where there is something.")
    ]


class ExplanationDocument(msgspec.Struct, kw_only=True):
    """Why a decision came out as it did."""

    decision_id: str
    language: Annotated[str, Meta(examples=["pt-BR"])]
    outcome: str
    headline: str
    reasons: list[ReasonExplanation]
    price: Annotated[str | None, Meta(description="Rate and installment in words, when approved.")]
    policy_name: str
    policy_version: str
    policy_id: str
    policy_known: Annotated[
        bool, Meta(description="False: that policy is no longer loaded, so its limits are not shown.")
    ]
    review_notice: Annotated[
        str, Meta(description="How a person may be asked to look at it (LGPD, art. 20).")
    ]


def explanation_document(explanation: DecisionExplanation, language: Language) -> ExplanationDocument:
    return ExplanationDocument(
        decision_id=explanation.decision_id,
        language=language,
        outcome=explanation.outcome,
        headline=explanation.headline,
        reasons=[
            ReasonExplanation(
                code=reason.code,
                rank=reason.rank,
                title=reason.title,
                text=reason.text,
                facts=[
                    FactDocument(
                        name=fact.name,
                        label=fact.label,
                        value=_value(fact.value),
                        text=fact.text,
                        limit=fact.limit,
                    )
                    for fact in reason.facts
                ],
                change=reason.change,
            )
            for reason in explanation.reasons
        ],
        price=explanation.price,
        policy_name=explanation.policy_name,
        policy_version=explanation.policy_version,
        policy_id=explanation.policy_id,
        policy_known=explanation.policy_known,
        review_notice=explanation.review_notice,
    )


def _value(value: FactValue) -> int | str | bool | None:
    return str(value) if isinstance(value, Fraction) else value
