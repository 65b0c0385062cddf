from __future__ import annotations

from fractions import Fraction

import pytest

from credit.domain.policy import AllTrue, AnyTrue, Comparator, Compare, Not, Policy, RuleEffect
from credit.domain.policy_file import parse_policy
from foundation.errors import DefinitionErrors
from tests.support.credit_policies import REASONS, TEXT, rule, with_rules


def parse(text: str | bytes) -> Policy:
    return parse_policy(text if isinstance(text, bytes) else text.encode(), "p.yaml", REASONS)


def test_a_policy_is_read_into_typed_rules() -> None:
    policy = parse(TEXT)
    assert (policy.name, policy.version, policy.source_file) == ("sample", "1", "p.yaml")
    assert [rule.effect for rule in policy.rules] == [RuleEffect.DECLINE, RuleEffect.REFER]
    assert policy.rules[1].condition == Compare("debt_to_income", Comparator.ABOVE, (Fraction(9, 20),))
    assert [(band.at_least, band.monthly_rate_bps) for band in policy.bands] == [(700, 200), (0, 400)]


def test_conditions_nest() -> None:
    when = (
        "{all: [{not: {fact: home_ownership, one_of: [OWN, MORTGAGE]}}, "
        "{any: [{fact: inquiries_12m, at_least: 7}, {fact: purpose, equals: CAR}]}]}"
    )
    condition = parse(with_rules(rule("nested", 1, when))).rules[0].condition
    assert condition == AllTrue(
        (
            Not(Compare("home_ownership", Comparator.ONE_OF, ("OWN", "MORTGAGE"))),
            AnyTrue(
                (
                    Compare("inquiries_12m", Comparator.AT_LEAST, (7,)),
                    Compare("purpose", Comparator.EQUALS, ("CAR",)),
                )
            ),
        )
    )


def when(condition: str, effect: str = "DECLINE") -> str:
    return with_rules(rule("r", 1, condition, effect))


SCORE = "{fact: credit_score, below: 500}"
WRONG: list[tuple[str, str | bytes, int | None, str, str]] = [
    ("empty", "", None, "the file", "is empty"),
    ("only comments", "# nothing\n", None, "the file", "is empty"),
    ("not utf-8", TEXT.encode() + b"# caf\xe9\n", 22, "the file", "is not UTF-8 on this line (byte 0xe9)"),
    ("broken yaml", "policy: [unclosed\n", 2, "the file", "not YAML"),
    ("a tab", TEXT.replace("    rank: 1", "\trank: 1"), 6, "the file", "not YAML"),
    ("control characters", "policy: a\x07b\n", 1, "the file", "not YAML"),
    ("an alias of nothing", TEXT.replace("policy: sample", "policy: *a"), 1, "the file", "alias *a"),
    ("a list", "- policy\n", 1, "the file", "expected a mapping"),
    ("two documents", TEXT + "---\n" + TEXT, 23, "the file", "second document"),
    ("a missing field", TEXT.replace('version: "1"\n', ""), 1, "version", "is required but missing"),
    ("an unknown field", TEXT + "colour: blue\n", 22, "colour", "not a known key"),
    ("a misspelt field", TEXT.replace("rank: 1", "rnak: 1"), 5, "rules[0].rank", "is required but missing"),
    (
        "a field twice",
        TEXT.replace("    rank: 1\n", "    rank: 1\n    rank: 3\n"),
        7,
        "rank",
        "is written twice (first on line 6)",
    ),
    ("an empty text", TEXT.replace("policy: sample", 'policy: ""'), 1, "policy", "is empty"),
    ("no value", TEXT.replace("policy: sample", "policy:"), 1, "policy", "has no value"),
    ("no rules", with_rules("").replace("rules:\n", "rules: []\n"), 4, "rules", "is empty"),
    (
        "an unknown effect",
        TEXT.replace("effect: DECLINE", "effect: DENY"),
        7,
        "effect",
        "'DENY' is not one of DECLINE, REFER",
    ),
    ("an unknown reason", TEXT.replace("reason: R_ONE", "reason: R_NINE"), 8, "reason", "not a reason code"),
    (
        "an unknown unknown",
        TEXT.replace("unknown: U_ONE", "unknown: NOPE"),
        9,
        "unknown",
        "not a reason code",
    ),
    ("a rank of zero", TEXT.replace("rank: 1", "rank: 0"), 6, "rank", "from 1 to 10000"),
    ("a rank of text", TEXT.replace("rank: 1", "rank: first"), 6, "rank", "not a whole number"),
    ("a rank twice", TEXT.replace("rank: 2", "rank: 1"), 11, "rules[1]", "rank 1 is already used"),
    ("a name twice", TEXT.replace("much-debt", "low-score"), 11, "rules[1]", "is already used on line 5"),
    ("an unknown fact", when("{fact: credit_scor, below: 500}"), 10, "fact", "'credit_scor' is not one of"),
    ("a text for a number", when("{fact: credit_score, below: low}"), 10, "below", "'low' is not a number"),
    ("a fraction for a count", when("{fact: credit_score, below: 1.5}"), 10, "below", "whole points"),
    ("an order of texts", when("{fact: purpose, above: CAR}"), 10, "above", "has no order"),
    ("an unknown choice", when("{fact: purpose, equals: YACHT}"), 10, "equals", "'YACHT' is not one of"),
    ("no comparison", when("{fact: credit_score}"), 10, "fact", "exactly one comparison"),
    (
        "two comparisons",
        when("{fact: credit_score, below: 5, above: 1}"),
        10,
        "fact",
        "exactly one comparison",
    ),
    ("an unknown operator", when("{fact: credit_score, under: 5}"), 10, "under", "not a known key"),
    ("all beside any", when(f"{{all: [{SCORE}], any: [{SCORE}]}}"), 10, "when", "is not one condition"),
    ("an empty all", when("{all: []}"), 10, "all", "is empty"),
    ("too deep", when("{not: " * 13 + SCORE + "}" * 13), 10, "not", "nest deeper"),
    ("bands that rise", TEXT.replace("at_least: 700", "at_least: 0"), 21, "bands[1]", "can never apply"),
    ("bands with a gap", TEXT.replace("at_least: 0", "at_least: 300"), 17, "pricing", "scores below 300"),
    (
        "a rate out of range",
        TEXT.replace("bps: 200", "bps: 20000"),
        20,
        "monthly_rate_bps",
        "from 0 to 10000",
    ),
    ("never true", when("{fact: credit_score, below: 0}"), 5, "rules[0]", "can never be true"),
    ("always true", when("{fact: credit_score, at_least: 0}"), 5, "rules[0]", "always true"),
]


@pytest.mark.parametrize(
    ("text", "line", "field", "problem"), [case[1:] for case in WRONG], ids=[c[0] for c in WRONG]
)
def test_a_wrong_policy_file_says_where_and_how_to_fix_it(
    text: str | bytes, line: int | None, field: str, problem: str
) -> None:
    with pytest.raises(DefinitionErrors) as caught:
        parse(text)
    told = caught.value.errors
    assert (line, True) in [(e.line, problem in e.problem) for e in told if e.field.endswith(field)], str(
        told
    )
    assert all(error.file == "p.yaml" and error.fix for error in told)


def test_a_rule_that_a_decline_always_outweighs_is_unreachable() -> None:
    rules = rule("decline", 1, "{fact: credit_score, below: 600}") + rule("refer", 2, SCORE, "REFER", "R_TWO")
    with pytest.raises(DefinitionErrors, match="'refer' is unreachable"):
        parse(with_rules(rules))


def test_an_enormous_file_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(DefinitionErrors, match="longer than 10,000,000 bytes"):
        parse(b"#" * 10_000_001)


def test_deep_nesting_ends_in_a_message_and_not_in_a_crash() -> None:
    with pytest.raises(DefinitionErrors, match="nested more than 50 deep"):
        parse("policy: " + "[" * 5_000 + "]" * 5_000)


def test_an_alias_stands_for_its_value_as_in_every_file() -> None:
    text = TEXT.replace("reason: R_ONE", "reason: &one R_ONE").replace("unknown: U_ONE", "unknown: *one")
    assert parse(text).rules[0].unknown_reason == "R_ONE"


def test_everything_wrong_is_told_in_one_go() -> None:
    text = TEXT.replace("rank: 1", "rank: 0").replace("effect: DECLINE", "effect: DENY") + "colour: blue\n"
    with pytest.raises(DefinitionErrors) as caught:
        parse(text)
    assert [(error.line, error.field.split(".")[-1]) for error in caught.value.errors] == [
        (6, "rank"),
        (7, "effect"),
        (22, "colour"),
    ]
