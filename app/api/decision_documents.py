"""A decision and its explanation over the wire: types that decode requests, encode answers, document both."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from app.api.exchange import Language
from app.api.fields import expects
from credit.domain.application import (
    MAX_AMOUNT_CENTS,
    MAX_TERM_MONTHS,
    MIN_AMOUNT_CENTS,
    MIN_TERM_MONTHS,
    Purpose,
)
from credit.domain.decision import Decision, Outcome
from credit.domain.reasons import ReasonCatalogue
from credit.usecases.explain import DecisionExplanation

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$(?!\n)"
_PURPOSES = ", ".join(sorted(Purpose))

Identifier = Annotated[
    str,
    Meta(
        pattern=IDENTIFIER,
        extra=expects(
            "Use 1 to 64 letters, digits, '.', '_', ':' or '-', beginning with a letter or digit",
            "Use de 1 a 64 letras, dígitos, '.', '_', ':' ou '-', começando por letra ou dígito",
        ),
    ),
]
Cents = Annotated[
    int,
    Meta(
        ge=MIN_AMOUNT_CENTS,
        le=MAX_AMOUNT_CENTS,
        description="Amount applied for, in cents.",
        examples=[1_500_000],
        extra=expects(
            f"Send a whole number of cents from {MIN_AMOUNT_CENTS} to {MAX_AMOUNT_CENTS}",
            f"Envie um número inteiro de centavos de {MIN_AMOUNT_CENTS} a {MAX_AMOUNT_CENTS}",
        ),
    ),
]
Months = Annotated[
    int,
    Meta(
        ge=MIN_TERM_MONTHS,
        le=MAX_TERM_MONTHS,
        description="Repayment term in months.",
        examples=[36],
        extra=expects(
            f"Send a whole number of months from {MIN_TERM_MONTHS} to {MAX_TERM_MONTHS}",
            f"Envie um número inteiro de meses de {MIN_TERM_MONTHS} a {MAX_TERM_MONTHS}",
        ),
    ),
]
PurposeField = Annotated[
    Purpose,
    Meta(
        description="What the money is for.",
        examples=["CAR"],
        extra=expects(f"Use one of {_PURPOSES}", f"Use um destes: {_PURPOSES}"),
    ),
]
Cpf = Annotated[
    str,
    Meta(
        max_length=14,
        description="The customer's CPF, eleven digits, plain or as 000.000.000-00, instead of customer_id. "
        "It is never stored unencrypted and never appears in a response or a log.",
        extra=expects(
            "Send eleven digits, plain or as 000.000.000-00",
            "Envie onze dígitos, simples ou como 000.000.000-00",
        ),
    ),
]
PolicyName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        description="Name or id of the credit policy to decide by; GET /v1/policies lists them.",
        examples=["personal-credit"],
        extra=expects("Use a name from GET /v1/policies", "Use um dos nomes de GET /v1/policies"),
    ),
]


class DecisionRequestBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A credit application. Exactly one of `customer_id` and `cpf` says whose it is."""

    amount_cents: Cents
    term_months: Months
    purpose: PurposeField
    customer_id: Annotated[Identifier, Meta(description="The customer.", examples=["C-1001"])] | None = None
    cpf: Cpf | None = None
    reference: (
        Annotated[
            Identifier, Meta(description="Your own id for the application.", examples=["APP-2026-000017"])
        ]
        | None
    ) = None
    policy: PolicyName | None = None


class ReasonDocument(msgspec.Struct, kw_only=True):
    """One reason for a decision, the weightiest first."""

    code: Annotated[str, Meta(description="Stable code.", examples=["DTI_TOO_HIGH"])]
    rank: Annotated[int, Meta(ge=1, description="1 is the most important.")]
    title: Annotated[str, Meta(description="A short text, in the language of the response.")]


class PolicyReference(msgspec.Struct, kw_only=True):
    """The exact policy that decided."""

    name: Annotated[str, Meta(examples=["personal-credit"])]
    version: Annotated[str, Meta(examples=["1.0.0"])]
    id: Annotated[str, Meta(description="SHA-256 of the policy's content: equal ids decide equally.")]


class OfferDocument(msgspec.Struct, kw_only=True):
    """What an approved applicant would pay."""

    monthly_rate_bps: Annotated[
        int, Meta(ge=0, description="Monthly interest rate, in hundredths of a percent.")
    ]
    installment_cents: Annotated[int, Meta(ge=0, description="Fixed monthly installment, in cents.")]


class ApplicationDocument(msgspec.Struct, kw_only=True):
    """What was applied for, as decided on."""

    customer_id: str
    amount_cents: int
    term_months: int
    purpose: str
    reference: str | None


class DecisionDocument(msgspec.Struct, kw_only=True):
    """A recorded decision."""

    decision_id: Annotated[
        str,
        Meta(description="Sorts by time.", examples=["019a1c2e-7d3f-7a10-8c55-3f2b9d6e4a01"]),
    ]
    outcome: Annotated[Outcome, Meta(description="REFER: a person decides.")]
    reasons: Annotated[
        list[ReasonDocument], Meta(description="Ranked; empty when nothing counted against the application.")
    ]
    offer: Annotated[OfferDocument | None, Meta(description="Set only when approved.")]
    degraded: Annotated[
        bool, Meta(description="True when customer data could not be read, so the application was referred.")
    ]
    application: ApplicationDocument
    policy: PolicyReference
    as_of: Annotated[datetime, Meta(description="The instant as of which the facts were judged (UTC).")]
    decided_at: Annotated[datetime, Meta(description="When the decision was made (UTC).")]
    profile_source: Annotated[
        str, Meta(description="The store that supplied customer data: cache, hot, relational or none.")
    ]
    trace_id: Annotated[str, Meta(description="Trace id of the request that made the decision.")]


class DecisionPage(msgspec.Struct, kw_only=True):
    """Decisions of one customer, newest first."""

    items: list[DecisionDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Send it as cursor to get the next page; null at the end.")
    ]


def decision_document(decision: Decision, reasons: ReasonCatalogue, language: Language) -> DecisionDocument:
    """The answer for a decision; the reasons' titles are in ``language``."""
    verdict = decision.verdict
    return DecisionDocument(
        decision_id=decision.decision_id,
        outcome=verdict.outcome,
        reasons=[
            ReasonDocument(code=reason.code, rank=reason.rank, title=_title(reason.code, reasons, language))
            for reason in verdict.reasons
        ],
        offer=_offer(decision),
        degraded=decision.degraded,
        application=msgspec.convert(decision.application, ApplicationDocument, from_attributes=True),
        policy=PolicyReference(
            name=verdict.policy_name, version=verdict.policy_version, id=verdict.policy_id
        ),
        as_of=decision.as_of,
        decided_at=decision.decided_at,
        profile_source=decision.profile_source,
        trace_id=decision.trace_id,
    )


def _offer(decision: Decision) -> OfferDocument | None:
    rate, installment = decision.verdict.monthly_rate_bps, decision.verdict.installment_cents
    if decision.verdict.outcome is not Outcome.APPROVE or rate is None or installment is None:
        return None
    return OfferDocument(monthly_rate_bps=rate, installment_cents=installment)


def _title(code: str, reasons: ReasonCatalogue, language: Language) -> str:
    if code not in reasons:  # decided by a policy that is no longer here
        return code
    return reasons.text(code).title.of(language)


class FactDocument(msgspec.Struct, kw_only=True):
    """A fact a rule read."""

    name: Annotated[str, Meta(examples=["debt_to_income"])]
    label: Annotated[str, Meta(description="The name in plain words.")]
    value: Annotated[
        int | str | bool | None,
        Meta(description='Null when unknown. A ratio is an exact fraction, such as "7/20".'),
    ]
    text: Annotated[str, Meta(description="The value as text for people.")]
    limit: Annotated[str | None, Meta(description="The rule's limit in words.")]


class ReasonExplanation(msgspec.Struct, kw_only=True):
    """A reason with the facts behind it."""

    code: str
    rank: Annotated[int, Meta(ge=1)]
    title: str
    text: Annotated[str, Meta(description="A full sentence for the applicant.")]
    facts: list[FactDocument]
    change: Annotated[str | None, Meta(description="What the applicant can do about it, if anything.")]


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
        bool, Meta(description="False when the policy is no longer loaded, so its limits are not shown.")
    ]
    review_notice: Annotated[str, Meta(description="How to ask for a review by a person (LGPD, art. 20).")]


def explanation_document(explanation: DecisionExplanation, language: Language) -> ExplanationDocument:
    document = msgspec.convert(explanation, ExplanationDocument, from_attributes=True)
    document.language = language
    return document
