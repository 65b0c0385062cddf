"""A Prometheus described by hand, one line a series: its name, its labels, and by how much it grew lately."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from slo.offers import (
    FamilyAnswer,
    Inventory,
    NotOffered,
    Offers,
    Question,
    SeriesGrowth,
    families,
    offers,
    question,
)
from slo.offers.family import Kind
from slo.offers.known import WORK_OUTCOMES
from slo.offers.questions import EDGE, REPORTER

DAY = timedelta(days=1)
_LINE = re.compile(r"(\S+?)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
Series = tuple[str, dict[str, str], float]


def described(text: str) -> list[Series]:
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINE.fullmatch(line)
        assert match, line
        labels = {name: _ESCAPE.sub(r"\1", value) for name, value in _LABEL.findall(match[2] or "")}
        found.append((match[1], labels, float(match[3])))
    return found


def offered(
    text: str, types: Mapping[str, str] | None = None, watched: Mapping[str, timedelta] | None = None
) -> Offers:
    series = described(text)
    carriers: dict[str, set[str]] = defaultdict(set)
    for name, found, _ in series:
        for label in WORK_OUTCOMES:
            if label in found and name.endswith("_total"):
                carriers[label].add(name)
    inventory = Inventory(
        frozenset(name for name, _, _ in series),
        types or {},
        {label: frozenset(counters) for label, counters in carriers.items()},
    )
    chosen = families(inventory)
    refused, answers = list(chosen.refused), []
    for family in chosen.found:
        carried = {label for name, found, _ in series if name == family.series for label in found}
        asked = question(family, carried)
        if isinstance(asked, NotOffered):
            refused.append(asked)
        elif asked is not None:
            answers.append(FamilyAnswer(asked, _summed(asked, series), DAY))
    return offers(answers, watched or {}, refused)


def _summed(asked: Question, series: list[Series]) -> list[SeriesGrowth]:
    last = EDGE if asked.family.kind is Kind.HISTOGRAM else asked.outcome
    kept = (*asked.scope, *((REPORTER,) if asked.reporter else ()), last)
    sums: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)
    for name, labels, value in series:
        if name == asked.family.series:
            sums[tuple((label, labels[label]) for label in kept if label in labels)] += value
    return [SeriesGrowth(dict(labels), value) for labels, value in sums.items()]


def ids(found: Offers) -> list[str]:
    return [f"{service.name}/{offer.name}" for service in found.services for offer in service.offers]


def reasons(found: Offers) -> dict[str, str]:
    return {one.metric: one.reason for one in found.refused}


def histogram(name: str, labels: str, edges: Mapping[str, float]) -> str:
    """Its lines: cumulative growths by ``le``; the last is also the count."""
    lines = [f'{name}_bucket{{{labels},le="{le}"}} {value}' for le, value in edges.items()]
    return "\n".join([*lines, f"{name}_count{{{labels}}} {list(edges.values())[-1]}"])
