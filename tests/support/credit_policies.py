"""Small policies to write in tests."""

from __future__ import annotations

from credit.domain.compiled_policy import CompiledPolicy
from credit.domain.policy_file import parse_policy

REASONS = frozenset({"R_ONE", "R_TWO", "R_THREE", "U_ONE", "U_TWO", "U_PRICE"})

TEXT = """\
policy: sample
version: "1"
description: For tests.
rules:
  - name: low-score
    rank: 1
    effect: DECLINE
    reason: R_ONE
    unknown: U_ONE
    when: {fact: credit_score, below: 500}
  - name: much-debt
    rank: 2
    effect: REFER
    reason: R_TWO
    unknown: U_TWO
    when: {fact: debt_to_income, above: 0.45}
pricing:
  unknown: U_PRICE
  bands:
    - {at_least: 700, monthly_rate_bps: 200}
    - {at_least: 0, monthly_rate_bps: 400}
"""


def compiled(text: str = TEXT) -> CompiledPolicy:
    return CompiledPolicy(parse_policy(text.encode(), "sample.yaml", REASONS))


def with_rules(rules: str) -> str:
    """The sample with other rules: YAML list items, indented by two."""
    head, rest = TEXT.split("rules:\n")
    return f"{head}rules:\n{rules}pricing:\n{rest.split('pricing:' + chr(10))[1]}"


def rule(
    name: str, rank: int, when: str, effect: str = "DECLINE", reason: str = "R_ONE", unknown: str = "U_ONE"
) -> str:
    return (
        f"  - name: {name}\n    rank: {rank}\n    effect: {effect}\n    reason: {reason}\n"
        f"    unknown: {unknown}\n    when: {when}\n"
    )
