"""Changes a generated rule file in one place at a time, to see whether its generated tests notice.

A development tool: every number, window, comparator, operator, function, matcher, guard, label and
annotation is changed once. A test suite that lets one of these pass does not prove the rule.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from slo.prometheus.rules import Document

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGE = re.compile(r"\[((?:\d+[smhd])+)(?::((?:\d+[smhd])+))?\]")
_NUMBER = re.compile(r"(?<![\w.:\]])\d+(?:\.\d+)?(?![\w.:])")
_NAME = re.compile(r"\b(slo:[a-z_]+:[a-z_]+?)(\d+[mhd])\b")
_SWAPS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (name, re.compile(pattern), becomes)
    for name, pattern, becomes in (
        ("> becomes >=", r"(?<=\s)>(?=\s)", ">="),
        ("> becomes <", r"(?<=\s)>(?=\s)", "<"),
        (">= becomes >", r"(?<=\s)>=(?=\s)(?! -Inf)", ">"),
        (">= becomes <", r"(?<=\s)>=(?=\s)", "<"),
        ("<= becomes <", r"(?<=\s)<=(?=\s)", "<"),
        ("<= becomes >", r"(?<=\s)<=(?=\s)", ">"),
        ("and becomes or", r"(?<=\n)and(?=\n)", "or"),
        ("/ becomes *", r"(?<=\s)/(?=\s)", "*"),
        ("- becomes +", r"(?<=\s)-(?=\s)", "+"),
        ("sum_over_time becomes avg_over_time", r"\bsum_over_time\b", "avg_over_time"),
        ("count_over_time becomes sum_over_time", r"\bcount_over_time\b", "sum_over_time"),
        ("increase becomes rate", r"\bincrease\(", "rate("),
        ("rate becomes increase", r"\brate\(", "increase("),
        ("absent_over_time becomes present_over_time", r"\babsent_over_time\b", "present_over_time"),
        ("missing part no longer counts as 0", r" or 0 \* [^\n]*(?=\)$|\) /|\)\) /)", ""),
        ("no traffic no longer dropped", r" > 0\)", ")"),
        ("good above total no longer clamped", r"^clamp_min\((.*), 0\)$", r"\1"),
        ("ratio no longer clamped", r"^clamp\((.*), 0, 1\)$", r"\1"),
        ("NaN no longer dropped", r" >= -Inf", ""),
        ("=~ becomes !~", r"=~", "!~"),
        ("!~ becomes =~", r"!~", "=~"),
        ("!= becomes =", r'!=(?=")', "="),
        ("= becomes != in a matcher", r'(?<=\w)=(?=")', "!="),
    )
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """``place`` is the group and rule, ``change`` what was done there."""

    place: str
    change: str
    document: Document


def mutants(document: Document) -> Iterator[Mutant]:
    groups = document["groups"]
    assert isinstance(groups, list)
    carried = _carried(groups)
    for g, group in enumerate(groups):
        for r, rule in enumerate(group["rules"]):
            place = f"{group['name']}: {rule.get('record') or rule.get('alert')}"
            for change, mutated in _changed(rule, carried):
                yield Mutant(place, change, _with(document, g, r, mutated))


def _with(document: Document, group: int, rule: int, mutated: Mapping[str, object]) -> Document:
    changed = copy.deepcopy({**document})
    groups = changed["groups"]
    assert isinstance(groups, list)
    groups[group]["rules"][rule] = mutated
    return changed


def _carried(groups: list[Mapping[str, list[Mapping[str, object]]]]) -> frozenset[str]:
    """Labels that recorded series have: a rule that reads such a series has them anyway."""
    labels = [rule["labels"] for group in groups for rule in group["rules"] if "record" in rule]
    return frozenset(key for own in labels if isinstance(own, Mapping) for key in own)


def _inherits(rule: Mapping[str, object]) -> bool:
    expr = str(rule["expr"])
    return "slo:" in expr and not expr.startswith("max(")


def _changed(rule: Mapping[str, object], carried: frozenset[str]) -> Iterator[tuple[str, dict[str, object]]]:
    for change, expr in changed_expressions(str(rule["expr"])):
        yield change, {**rule, "expr": expr}
    if "record" in rule:
        yield "record renamed", {**rule, "record": f"{rule['record']}_x"}
    if "for" in rule:
        yield "for dropped", {key: value for key, value in rule.items() if key != "for"}
    for part in ("labels", "annotations"):
        texts = rule.get(part, {})
        assert isinstance(texts, Mapping)
        for key, value in texts.items():
            rest = {k: v for k, v in texts.items() if k != key}
            if part == "annotations" or key not in carried or not _inherits(rule):
                yield f"{part[:-1]} {key} dropped", {**rule, part: rest}
            yield f"{part[:-1]} {key} changed", {**rule, part: {**texts, key: f"{value}x"}}


_ONLY_EXISTS = re.compile(r" or 0 \* | and ")
_VALUE_ONLY = ("range ", "number ", "increase becomes", "rate becomes")


def changed_expressions(expr: str) -> Iterator[tuple[str, str]]:
    """Every single change but for those that cannot matter: what is multiplied by 0, or stands behind an
    ``and`` within a count, only has to exist."""
    kept = _without_zeroed(expr)
    for change, mutated in _all_changes(expr):
        if not change.startswith(_VALUE_ONLY) or _without_zeroed(mutated) != kept:
            yield change, mutated


def _without_zeroed(expr: str) -> str:
    """The expression without the operands that only have to exist."""
    parts = _ONLY_EXISTS.split(expr)
    return parts[0] + "".join(part[_operand_end(part) :] for part in parts[1:])


def _operand_end(text: str) -> int:
    depth = 0
    for index, character in enumerate(_STRING.sub(lambda match: "_" * len(match[0]), text)):
        depth += (character == "(") - (character == ")")
        if depth < 0 or (depth == 0 and character == ")"):
            return index + (depth == 0)
    return len(text)


def _all_changes(expr: str) -> Iterator[tuple[str, str]]:
    for match in _RANGE.finditer(expr):
        yield f"range {match[0]} doubled", _splice(expr, match, _longer(match, both=False))
        if match[2]:
            yield f"step of {match[0]} doubled", _splice(expr, match, _longer(match, both=True))
    for match in _NUMBER.finditer(_blanked(expr)):
        value = float(match[0])
        yield f"number {match[0]} changed", _splice(expr, match, repr(value * 1.01 if value else 0.5))
    for match in _NAME.finditer(expr):
        yield f"{match[0]} looks at another window", _splice(expr, match, f"{match[1]}7m")
    for name, pattern, becomes in _SWAPS:
        for match in pattern.finditer(expr):
            changed = _splice(expr, match, match.expand(becomes))
            if changed != expr:
                yield name, changed


def _splice(expr: str, match: re.Match[str], text: str) -> str:
    return expr[: match.start()] + text + expr[match.end() :]


def _longer(match: re.Match[str], *, both: bool) -> str:
    step = f":{_doubled(match[2])}" if both else f":{match[2]}" if match[2] else ""
    return f"[{match[1] if both else _doubled(match[1])}{step}]"


def _doubled(duration: str) -> str:
    seconds = sum(
        int(n) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[u]
        for n, u in re.findall(r"(\d+)([smhd])", duration)
    )
    return f"{2 * seconds}s"


def _blanked(expr: str) -> str:
    """The expression with text in quotes blanked, and ranges too: digits in there are no numbers."""
    blank: Callable[[re.Match[str]], str] = lambda match: " " * len(match[0])  # noqa: E731
    return _RANGE.sub(blank, _STRING.sub(blank, expr))
