"""One canonical form of everything stored twice: JSON with sorted keys, no spaces, no floats.

The same value always gives the same bytes, so a digest stored beside a row stands for its content:
comparing two stores compares digests. Import from here; the parts live in ``canonical_*``.
"""

from __future__ import annotations

from credit.domain.canonical_customer import (
    profile_attributes,
    profile_bytes,
    profile_from_attributes,
    profile_from_bytes,
    transaction_attributes,
    transaction_bytes,
    transaction_from_attributes,
    transaction_from_bytes,
)
from credit.domain.canonical_decision import (
    application_document,
    application_from_document,
    decision_bytes,
    decision_document,
    decision_from_bytes,
    decision_from_document,
    facts_document,
    facts_from_document,
    verdict_bytes,
    verdict_document,
    verdict_from_document,
)
from credit.domain.canonical_form import canonical_json, digest, instant_from, instant_text

__all__ = [
    "application_document",
    "application_from_document",
    "canonical_json",
    "decision_bytes",
    "decision_document",
    "decision_from_bytes",
    "decision_from_document",
    "digest",
    "facts_document",
    "facts_from_document",
    "instant_from",
    "instant_text",
    "profile_attributes",
    "profile_bytes",
    "profile_from_attributes",
    "profile_from_bytes",
    "transaction_attributes",
    "transaction_bytes",
    "transaction_from_attributes",
    "transaction_from_bytes",
    "verdict_bytes",
    "verdict_document",
    "verdict_from_document",
]
