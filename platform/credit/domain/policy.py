"""A credit policy as data: rules over facts, ranked reasons, a rate table. ``policy_file`` reads its YAML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from credit.domain.canonical import canonical_json

Threshold = int | str | bool | Fraction


class RuleEffect(StrEnum):
    """What a rule asks for when it is true. A true DECLINE outweighs any REFER."""

    DECLINE = "DECLINE"
    REFER = "REFER"


class Comparator(StrEnum):
    """Comparisons a rule may make; the YAML keys are these words."""

    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    ONE_OF = "one_of"


@dataclass(frozen=True, slots=True)
class Compare:
    """``fact operator threshold``; UNKNOWN while the fact is missing. ONE_OF alone has several thresholds."""

    fact: str
    operator: Comparator
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class AllTrue:
    """Kleene's AND: false as soon as one is false, whatever is missing."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyTrue:
    """Kleene's OR: true as soon as one is true, whatever is missing."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    child: Condition


Condition = Compare | AllTrue | AnyTrue | Not


@dataclass(frozen=True, slots=True)
class Rule:
    """``rank`` orders reasons, 1 first, and is unique in a policy; the listing order means nothing.

    When the condition is UNKNOWN the rule refers, with ``unknown_reason``.
    """

    name: str
    effect: RuleEffect
    reason: str
    unknown_reason: str
    rank: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class RateBand:
    """``monthly_rate_bps`` (basis points a month) for scores of ``at_least`` and more."""

    at_least: int
    monthly_rate_bps: int


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. Rules are kept in rank order and bands from the highest score down.

    ``unpriced_reason`` refers an application that no rule stopped but whose score, and so price, is unknown.
    """

    name: str
    version: str
    description: str
    rules: tuple[Rule, ...]
    bands: tuple[RateBand, ...]
    unpriced_reason: str
    source_file: str = ""

    @property
    def policy_id(self) -> str:
        """sha256 (hex) of what decides a verdict; formatting, order and comments stay out of it."""
        return hashlib.sha256(policy_bytes(self)).hexdigest()


def comparisons(condition: Condition) -> Iterator[Compare]:
    """Every comparison in a condition, left to right."""
    match condition:
        case Compare():
            yield condition
        case Not(child):
            yield from comparisons(child)
        case AllTrue(children) | AnyTrue(children):
            for child in children:
                yield from comparisons(child)


def facts_read(condition: Condition) -> tuple[str, ...]:
    """Names of the facts a condition reads, sorted, each once."""
    return tuple(sorted({comparison.fact for comparison in comparisons(condition)}))


def policy_bytes(policy: Policy) -> bytes:
    """The canonical document: what ``policy_id`` is the hash of."""
    return canonical_json(canonical_policy(policy))


def canonical_policy(policy: Policy) -> Mapping[str, object]:
    """The meaning of a policy as plain JSON values: two spellings of one meaning give equal documents."""
    return {
        "format": 1,
        "policy": policy.name,
        "version": policy.version,
        "rules": [_canonical_rule(rule) for rule in sorted(policy.rules, key=lambda rule: rule.rank)],
        "bands": [[band.at_least, band.monthly_rate_bps] for band in policy.bands],
        "unpriced": policy.unpriced_reason,
    }


def _canonical_rule(rule: Rule) -> Mapping[str, object]:
    return {
        "name": rule.name,
        "effect": rule.effect.value,
        "reason": rule.reason,
        "unknown": rule.unknown_reason,
        "rank": rule.rank,
        "when": _canonical_condition(rule.condition),
    }


def _canonical_condition(condition: Condition) -> list[object]:
    match condition:
        case Compare(fact, operator, thresholds):
            values = sorted((_canonical_threshold(value) for value in thresholds), key=canonical_json)
            return [operator.value, fact, values]
        case Not(child):
            return ["not", _canonical_condition(child)]
        case AllTrue(children) | AnyTrue(children):
            word = "all" if isinstance(condition, AllTrue) else "any"
            return [word, sorted((_canonical_condition(child) for child in children), key=canonical_json)]


def _canonical_threshold(value: Threshold) -> object:
    """A whole ratio and an integer are one number: ``1`` and ``1.0`` mean the same."""
    if isinstance(value, bool | str):
        return value
    return [value.numerator, value.denominator]
