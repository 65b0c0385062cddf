"""Credit policies as YAML: typed, checked against the fact table and the reasons, errors by line.

    policy: personal-credit
    version: "1"
    description: What it is for.
    rules:
      - name: low-score
        rank: 1                    # reasons come in this order; unique
        effect: DECLINE            # or REFER
        reason: SCORE_LOW          # when the condition is true
        unknown: SCORE_UNKNOWN     # when missing data leaves it open: REFER with this reason
        when: {fact: credit_score, below: 550}
    pricing:
      unknown: SCORE_UNKNOWN
      bands:
        - {at_least: 700, monthly_rate_bps: 199}
        - {at_least: 0, monthly_rate_bps: 399}

A condition is ``{fact, <comparison>}``, ``{all: [...]}``, ``{any: [...]}`` or ``{not: ...}``.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from fractions import Fraction

from credit.domain.facts import FACTS, Fact, FactType
from credit.domain.policy import (
    AllTrue,
    AnyTrue,
    Comparator,
    Compare,
    Condition,
    Not,
    Policy,
    RateBand,
    Rule,
    RuleEffect,
    Threshold,
)
from credit.domain.reachability import problem_of_rule
from foundation.files import document
from foundation.located import Place

MAX_DEPTH = 12
MAX_SCORE = 1000
MAX_RATE_BPS = 10_000
_OPERATORS = tuple(operator.value for operator in Comparator)
_SHAPES = ("fact", "all", "any", "not")
_WHERE_TEXT = (Comparator.EQUALS, Comparator.NOT_EQUALS, Comparator.ONE_OF)
_STAND_IN = AllTrue(())  # for a condition that cannot be read


def parse_policy(content: bytes, file: str, reasons: Container[str] | None) -> Policy:
    """One policy file, checked; ``None``: the reasons could not be read, so codes are taken as they are.

    Raises:
        DefinitionErrors: everything wrong, each with file, line, field and fix.
    """
    top = document(content, file)
    problems = top.source.problems
    fields = top.fields(["policy", "version", "description", "rules", "pricing"])
    listed = [(place, _rule(place, reasons)) for place in fields["rules"].items(least=1)]
    unpriced, bands = _pricing(fields["pricing"], reasons)
    _check_unique(listed)
    rules = tuple(sorted((rule for _, rule in listed), key=lambda rule: rule.rank))
    for place, rule in [] if problems.errors else listed:
        problem = problem_of_rule(rule, rules)
        if problem is not None:
            place.wrong(problem, "Correct the condition, or remove the rule")
    name, version, description = (fields[key].text() for key in ("policy", "version", "description"))
    problems.raise_if_any()
    return Policy(name, version, description, rules, bands, unpriced, file)


def _rule(place: Place, reasons: Container[str] | None) -> Rule:
    fields = place.fields(["name", "effect", "reason", "unknown", "rank", "when"])
    return Rule(
        name=fields["name"].text(),
        effect=fields["effect"].member(RuleEffect),
        reason=_reason(fields["reason"], reasons),
        unknown_reason=_reason(fields["unknown"], reasons),
        rank=fields["rank"].integer(1, 10_000),
        condition=_condition(fields["when"], 1),
    )


def _reason(place: Place, reasons: Container[str] | None) -> str:
    code = place.text()
    if code and reasons is not None and code not in reasons:
        place.wrong(f"{code!r} is not a reason code", "Add its texts to reasons.yaml, or use another")
    return code


def _check_unique(listed: list[tuple[Place, Rule]]) -> None:
    names: dict[str, int | None] = {}
    ranks: dict[int, str] = {}
    for place, rule in listed:
        if rule.name in names:
            problem = f"the name {rule.name!r} is already used on line {names[rule.name]}"
            place.wrong(problem, "Give each rule its own name")
        if rule.rank in ranks:
            problem = f"rank {rule.rank} is already used by {ranks[rule.rank]!r}"
            place.wrong(problem, "Give each rule its own rank")
        names[rule.name], ranks[rule.rank] = place.line, rule.name


def _condition(place: Place, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        place.wrong(f"conditions nest deeper than {MAX_DEPTH}", "Split the rule")
        return _STAND_IN
    fields = place.fields([], [*_SHAPES, *_OPERATORS])
    shapes = [shape for shape in _SHAPES if shape in fields]
    if shapes == ["fact"]:
        return _compare(fields)
    if len(shapes) != 1 or len(fields) > 1:
        if place.is_mapping:
            place.wrong("is not one condition", "Write `fact` and a comparison, or one of all, any and not")
        return _STAND_IN
    if "not" in fields:
        return Not(_condition(fields["not"], depth + 1))
    children = tuple(_condition(child, depth + 1) for child in fields[shapes[0]].items(least=1))
    return AllTrue(children) if "all" in fields else AnyTrue(children)


def _compare(fields: Mapping[str, Place]) -> Condition:
    fact = FACTS.get(fields["fact"].choice(list(FACTS)))
    given = [(Comparator(word), fields[word]) for word in _OPERATORS if word in fields]
    if len(given) != 1:
        fields["fact"].wrong("needs exactly one comparison", f"Add one of: {', '.join(_OPERATORS)}")
    if len(given) != 1 or fact is None:
        return _STAND_IN
    operator, place = given[0]
    if fact.type is FactType.TEXT and operator not in _WHERE_TEXT:
        words = ", ".join(word.value for word in _WHERE_TEXT)
        place.wrong(f"{fact.name} is a text, so it has no order", f"Use one of: {words}")
        return _STAND_IN
    written = place.items(least=1) if operator is Comparator.ONE_OF else [place]
    return Compare(fact.name, operator, tuple(_threshold(item, fact) for item in written))


def _threshold(place: Place, fact: Fact) -> Threshold:
    if fact.type is FactType.TEXT:
        return place.choice(fact.choices)
    number = place.number() or Fraction(0)
    if fact.type is FactType.INTEGER and number.denominator != 1:
        place.wrong(f"{fact.name} counts whole {fact.unit}", "Write a whole number")
    return number.numerator if number.denominator == 1 else number


def _pricing(place: Place, reasons: Container[str] | None) -> tuple[str, tuple[RateBand, ...]]:
    fields = place.fields(["unknown", "bands"])
    bands: list[RateBand] = []
    for item in fields["bands"].items(least=1):
        band = _band(item)
        if bands and band.at_least >= bands[-1].at_least:
            item.wrong("can never apply: an earlier band covers its scores", "List bands from high to low")
        bands.append(band)
    if bands and bands[-1].at_least != 0:
        place.wrong(f"scores below {bands[-1].at_least} have no rate", "End with a band at_least: 0")
    return _reason(fields["unknown"], reasons), tuple(bands)


def _band(place: Place) -> RateBand:
    fields = place.fields(["at_least", "monthly_rate_bps"])
    return RateBand(
        fields["at_least"].integer(0, MAX_SCORE), fields["monthly_rate_bps"].integer(0, MAX_RATE_BPS)
    )
