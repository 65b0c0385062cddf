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

from collections.abc import Container
from fractions import Fraction

from credit.domain.errors import PolicyError
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
from credit.domain.yaml_fields import Fields, Value, read_yaml

MAX_DEPTH = 12
MAX_SCORE = 1000
MAX_RATE_BPS = 10_000
_OPERATORS = tuple(operator.value for operator in Comparator)
_WHERE_TEXT = (Comparator.EQUALS, Comparator.NOT_EQUALS, Comparator.ONE_OF)


def parse_policy(content: bytes, file: str, reasons: Container[str]) -> Policy:
    """One policy file, checked.

    Raises:
        PolicyError: the first thing wrong, with file, line, field and mend.
    """
    top = read_yaml(content, file, PolicyError).fields()
    name, version = top.take("policy").text(), top.take("version").text()
    description = top.take("description").text()
    listed = [(value, _rule(value, reasons)) for value in top.take("rules").items()]
    unpriced, bands = _pricing(top.take("pricing"), reasons)
    top.done()
    _check_unique(listed)
    rules = tuple(sorted((rule for _, rule in listed), key=lambda rule: rule.rank))
    for value, rule in listed:
        problem = problem_of_rule(rule, rules)
        if problem is not None:
            raise value.wrong(problem, "Correct the condition, or remove the rule")
    return Policy(name, version, description, rules, bands, unpriced, file)


def _rule(value: Value, reasons: Container[str]) -> Rule:
    fields = value.fields()
    rule = Rule(
        name=fields.take("name").text(),
        effect=RuleEffect(fields.take("effect").choice([effect.value for effect in RuleEffect])),
        reason=_reason(fields.take("reason"), reasons),
        unknown_reason=_reason(fields.take("unknown"), reasons),
        rank=fields.take("rank").integer(1, 10_000),
        condition=_condition(fields.take("when"), 1),
    )
    fields.done()
    return rule


def _reason(value: Value, reasons: Container[str]) -> str:
    code = value.text()
    if code not in reasons:
        raise value.wrong(f"{code!r} is not a reason code", "Add its texts to reasons.yaml, or use another")
    return code


def _check_unique(listed: list[tuple[Value, Rule]]) -> None:
    names: dict[str, int] = {}
    ranks: dict[int, str] = {}
    for value, rule in listed:
        if rule.name in names:
            raise value.wrong(
                f"the name {rule.name!r} was used on line {names[rule.name]}", "Give each rule its own name"
            )
        if rule.rank in ranks:
            raise value.wrong(
                f"rank {rule.rank} is taken by {ranks[rule.rank]!r}", "Give each rule its own rank"
            )
        names[rule.name], ranks[rule.rank] = value.line, rule.name


def _condition(value: Value, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise value.wrong(f"conditions nest deeper than {MAX_DEPTH}", "Split the rule")
    fields = value.fields()
    for word, build in (("all", AllTrue), ("any", AnyTrue)):
        listed = fields.maybe(word)
        if listed is not None:
            fields.done()
            return build(tuple(_condition(child, depth + 1) for child in listed.items()))
    negated = fields.maybe("not")
    if negated is not None:
        fields.done()
        return Not(_condition(negated, depth + 1))
    return _compare(fields)


def _compare(fields: Fields) -> Compare:
    named = fields.take("fact")
    fact = FACTS[named.choice(list(FACTS))]
    given = [
        (operator, value) for operator in Comparator if (value := fields.maybe(operator.value)) is not None
    ]
    fields.done()
    if len(given) != 1:
        raise named.wrong("needs exactly one comparison", f"Add one of: {', '.join(_OPERATORS)}")
    operator, value = given[0]
    if fact.type is FactType.TEXT and operator not in _WHERE_TEXT:
        words = ", ".join(word.value for word in _WHERE_TEXT)
        raise value.wrong(f"{fact.name} is a text and has no order", f"Use one of: {words}")
    written = value.items() if operator is Comparator.ONE_OF else [value]
    return Compare(fact.name, operator, tuple(_threshold(item, fact) for item in written))


def _threshold(value: Value, fact: Fact) -> Threshold:
    if fact.type is FactType.TEXT:
        return value.choice(fact.choices)
    number = value.number()
    if fact.type is FactType.INTEGER:
        if number.denominator != 1:
            raise value.wrong(f"{fact.name} counts whole {fact.unit}", "Write a whole number")
        return number.numerator
    return _plain(number)


def _plain(number: Fraction) -> Threshold:
    return number.numerator if number.denominator == 1 else number


def _pricing(value: Value, reasons: Container[str]) -> tuple[str, tuple[RateBand, ...]]:
    fields = value.fields()
    unpriced = _reason(fields.take("unknown"), reasons)
    bands: list[RateBand] = []
    for item in fields.take("bands").items():
        band = _band(item)
        if bands and band.at_least >= bands[-1].at_least:
            raise item.wrong(
                "can never apply: an earlier band takes its scores", "List bands from high to low"
            )
        bands.append(band)
    if bands[-1].at_least != 0:
        raise value.wrong(f"scores below {bands[-1].at_least} have no rate", "End with a band at_least: 0")
    fields.done()
    return unpriced, tuple(bands)


def _band(value: Value) -> RateBand:
    fields = value.fields()
    band = RateBand(
        fields.take("at_least").integer(0, MAX_SCORE),
        fields.take("monthly_rate_bps").integer(0, MAX_RATE_BPS),
    )
    fields.done()
    return band
