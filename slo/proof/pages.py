"""What rules would have sent: stretches in which an alert fires, by kind of page and by group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from foundation.quantities import parse_duration
from slo.model import conventions as names
from slo.model.spec import Slo
from slo.proof.columns import Axis, Column, Labels, labels_of
from slo.proof.replay import Rule, RuleReplay

TOGETHER = timedelta(minutes=5)  # one that comes back within this is the same page


class PageKind(StrEnum):
    PAGE = "page"  # now: P1 and P2, Sloth's page, Pyrra's first two windows
    TICKET = "ticket"  # in working hours
    SILENCE = "silence"  # its metrics are gone


URGENT = ("P1", "P2")


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """One alert rule and what it is called in a list: ``page-fast``, ``ErrorBudgetBurn 1h``."""

    kind: PageKind
    title: str
    expr: str
    held: timedelta
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FiredSpan:
    """Evaluations ``[start, end)`` by their index; ``end`` may be that of history. ``titles`` that fired."""

    start: int
    end: int
    titles: tuple[str, ...] = ()

    def overlaps(self, other: FiredSpan) -> bool:
        return self.start < other.end and other.start < self.end


def alerts_of(rules: Iterable[Rule], urgent: Collection[str] = ()) -> tuple[RuleAlert, ...]:
    """``urgent``: the tiers of ours that page; what a rule says itself goes first."""
    found: list[RuleAlert] = []
    burning = 0
    for rule in rules:
        if not rule.get("alert"):
            continue
        labels = rule.get("labels") or {}
        assert isinstance(labels, Mapping)
        kind = _kind(str(rule["expr"]), labels, burning, urgent)
        burning += kind is not PageKind.SILENCE
        held = parse_duration(str(rule.get("for") or "0")) or timedelta(0)
        title = labels.get(names.LABEL_TIER) or labels.get("sloth_severity") or labels.get("long") or ""
        if labels.get("long") and not labels.get(names.LABEL_TIER):
            title = f"{labels['short']}/{labels['long']}"
        found.append(RuleAlert(kind, str(title or rule["alert"]), str(rule["expr"]), held, dict(labels)))
    return tuple(found)


def _kind(expr: str, labels: Mapping[str, str], before: int, urgent: Collection[str]) -> PageKind:
    """Ours say it by their severity, Sloth's by a label, Pyrra's by their order."""
    if labels.get(names.LABEL_OBJECTIVE) == names.NO_DATA_OBJECTIVE or expr.startswith("absent("):
        return PageKind.SILENCE
    if labels.get("sloth_severity"):
        return PageKind(labels["sloth_severity"])
    if labels.get(names.LABEL_TIER):
        severity = str(labels.get(names.LABEL_SEVERITY, ""))
        if severity.startswith("P"):
            return PageKind.PAGE if severity in URGENT else PageKind.TICKET
        return PageKind.PAGE if labels[names.LABEL_TIER] in urgent else PageKind.TICKET
    return PageKind.PAGE if before < 2 else PageKind.TICKET


def urgent_tiers(slo: Slo) -> frozenset[str]:
    return frozenset(tier.name for tier in slo.tiers if tier.severity in URGENT)


def static_labels(rules: Sequence[Rule]) -> frozenset[str]:
    """What rules add by themselves; every other label is of the group."""
    found: set[str] = {"alertname", names.LABEL_ALERT_KEY}
    for rule in rules:
        labels = rule.get("labels") or {}
        assert isinstance(labels, Mapping)
        found.update(labels)
    return frozenset(found)


def group_of(labels: Labels, static: frozenset[str]) -> Labels:
    return labels_of({key: value for key, value in labels if key not in static})


def active(alert: RuleAlert, replay: RuleReplay) -> Mapping[Labels, Column]:
    return replay.vector(alert.expr)


def firing(column: Column, held: int) -> list[bool]:
    """Whether it fires at each evaluation: true for ``held`` steps before."""
    found, run = [], -1
    for value in column:
        run = run + 1 if value is not None else -1
        found.append(run >= held)
    return found


def episodes(verdicts: Mapping[str, Sequence[bool]], axis: Axis, first: int) -> tuple[FiredSpan, ...]:
    """Of alerts of one kind, by title, from evaluation ``first``: one page while any of them fires."""
    gap = axis.steps(TOGETHER)
    found: list[FiredSpan] = []
    for title, verdict in verdicts.items():
        found += [FiredSpan(start, end, (title,)) for start, end in _stretches(verdict, first)]
    merged: list[FiredSpan] = []
    for each in sorted(found, key=lambda e: (e.start, e.end)):
        if merged and each.start <= merged[-1].end + gap:
            last = merged.pop()
            titles = tuple(dict.fromkeys((*last.titles, *each.titles)))
            merged.append(FiredSpan(last.start, max(last.end, each.end), titles))
        else:
            merged.append(each)
    return tuple(merged)


def _stretches(verdict: Sequence[bool], first: int) -> Iterator[tuple[int, int]]:
    began = None
    for index in range(first, len(verdict)):
        if verdict[index] and began is None:
            began = index
        elif not verdict[index] and began is not None:
            yield began, index
            began = None
    if began is not None:
        yield began, len(verdict)
