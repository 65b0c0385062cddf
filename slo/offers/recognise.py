"""From answers to offers: one availability and one latency for each service, by the surest of its metrics."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction

from foundation.quantities import percent_text, rounded_percent_text
from slo.model import conventions
from slo.model.promql import quoted
from slo.offers.family import Family, Kind
from slo.offers.known import REPORTERS, Protocol
from slo.offers.latency import threshold
from slo.offers.offer import Measured, NotOffered, Offer, OfferedService, Offers
from slo.offers.outcomes import verdict
from slo.offers.questions import EDGE, JOB, REPORTER, FamilyAnswer, Question

MOST_SERVICES = 40
MOST_WORK = 3  # other counters of outcomes, for each service
LONGEST_VALUE = 200
LONGEST_NAME = 40
AVAILABILITY = tuple(Fraction(step) for step in ("0.999", "0.995", "0.99", "0.98", "0.95"))
"""Steps of a promise. Three nines at most: a stricter one is a decision, not a measurement."""
UNRECOGNISED = "none of its metrics is recognised as work that ends well or badly: write its SLO by hand"
RESERVED = ("components",)  # a file of that name holds something else
Scope = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Service:
    scope: Scope
    offers: dict[str, Offer] = field(default_factory=dict)
    by: dict[str, Family] = field(default_factory=dict)

    @property
    def called(self) -> str:
        return self.scope[-1][1]

    @property
    def events(self) -> int:
        return max((offer.measured.events for offer in self.offers.values()), default=0)


def offers(
    answers: Iterable[FamilyAnswer],
    watched: Mapping[str, timedelta],
    refused: Iterable[NotOffered] = (),
    jobs: Iterable[str] = (),
) -> Offers:
    """``watched``: for how long each job has been scraped, where that is less than what was asked for;
    ``refused``: what was left out before; ``jobs``: all there are, so that one with nothing recognised is
    named. The first answer about a service's availability or latency counts.
    """
    services: dict[Scope, _Service] = {}
    left_out = list(refused)
    for answer in answers:
        longest = max(watched.values(), default=answer.span)  # of a job that is pushed: no longer than others
        grouped = _by_service(answer, left_out)
        if not answer.growths:
            left_out.append(NotOffered(answer.question.family.series, "nothing was counted recently"))
        for scope, growths in grouped.items():
            service = services.setdefault(scope, _Service(scope))
            span = min(answer.span, watched.get(dict(scope).get(JOB, ""), longest))
            left_out += _add(service, answer.question, growths, span)
    offering = sorted(
        (one for one in services.values() if one.offers), key=lambda one: (-one.events, one.scope)
    )
    for one in offering[MOST_SERVICES:]:
        why = f"only the {MOST_SERVICES} busiest services are proposed"
        left_out.append(NotOffered(next(iter(one.offers.values())).metric, why, one.called))
    told = {value for scope in services for _, value in scope}
    left_out += [NotOffered("up", UNRECOGNISED, job) for job in sorted(set(jobs) - told) if job]
    return Offers(tuple(_named(offering[:MOST_SERVICES])), tuple(dict.fromkeys(left_out)))


def _by_service(answer: FamilyAnswer, left_out: list[NotOffered]) -> Mapping[Scope, Mapping[str, float]]:
    """SeriesGrowth by outcome (or edge) of each service."""
    question, found = answer.question, defaultdict[Scope, dict[str, float]](dict)
    key = EDGE if question.family.kind is Kind.HISTOGRAM else question.outcome
    reporter = _reporter(answer)
    for growth in answer.growths:
        labels = growth.labels
        if question.reporter and labels.get(REPORTER) != reporter:
            continue
        scope = tuple((label, labels[label]) for label in _scope_labels(question) if labels.get(label))
        if not scope or not math.isfinite(growth.value) or growth.value < 0:
            continue
        if any(len(value) > LONGEST_VALUE or not value.isprintable() or "{{" in value for _, value in scope):
            why = (
                f"a {scope[-1][0]} has more than {LONGEST_VALUE} characters, some that do not print, "
                "or {{, which begins a placeholder in queries"
            )
            left_out.append(NotOffered(question.family.series, why))
            continue
        kept = found[scope]
        kept[labels.get(key, "")] = kept.get(labels.get(key, ""), 0.0) + growth.value
    return found


def _scope_labels(question: Question) -> tuple[str, ...]:
    """What names the service comes last."""
    return (*question.scope[:-1], REPORTER, question.scope[-1]) if question.reporter else question.scope


def _reporter(answer: FamilyAnswer) -> str:
    """Of a call that both ends count, one end is taken: the one that serves, if it tells."""
    seen = {growth.labels.get(REPORTER, "") for growth in answer.growths}
    return next((one for one in REPORTERS if one in seen), "")


def _add(
    service: _Service, question: Question, growths: Mapping[str, float], span: timedelta
) -> Iterator[NotOffered]:
    family, name = question.family, _offer_name(question.family)
    if name in service.offers:
        why = f"{service.by[name].series} tells the same of this service"
        yield NotOffered(family.series, why, service.called)
        return
    other_work = sum(one.protocol is Protocol.WORK for one in service.by.values())
    if family.protocol is Protocol.WORK and other_work >= MOST_WORK:
        yield NotOffered(
            family.series, f"{MOST_WORK} counters of outcomes are enough to begin", service.called
        )
        return
    make = _latency if family.kind is Kind.HISTOGRAM else _availability
    made = make(service.scope, question, growths, span)
    if isinstance(made, str):
        yield NotOffered(family.series, made, service.called)
    else:
        service.offers[name], service.by[name] = replace(made, name=name), family


def _offer_name(family: Family) -> str:
    if family.protocol is Protocol.WORK:
        return slug(family.metric.removesuffix("_total"))
    what = "latency" if family.kind is Kind.HISTOGRAM else "availability"
    return f"{family.protocol.value}-{what}"


def _counted(scope: Scope, metric: str, *more: str) -> str:
    matchers = ",".join((*(f"{label}={quoted(value)}" for label, value in scope), *more))
    return f"sum(increase({metric}{{{matchers}}}[{{{{.window}}}}]))"


def _availability(
    scope: Scope, question: Question, growths: Mapping[str, float], span: timedelta
) -> Offer | str:
    family, total = question.family, sum(growths.values())
    if round(total) < 1:
        return "it counted nothing recently, so there is nothing to base a target on"
    seen = [value for value, grown in growths.items() if grown > 0]
    found = verdict(family.protocol, seen)
    if isinstance(found, str):
        return f"{question.outcome}: {found}"
    selected = Fraction(sum(growths[value] for value in found.values)) / Fraction(total)
    share = min(Fraction(1), selected if found.part == "good" else 1 - selected)
    target = next((step for step in AVAILABILITY if share >= step), None)
    if target is None:
        measured = f"only {rounded_percent_text(share)} of {round(total):,} were good"
        return f"{measured}: decide by hand what to promise"
    return Offer(
        name="",
        title=_TITLES[family.protocol],
        metric=family.metric,
        part=found.part,
        part_query=_counted(scope, family.metric, f"{question.outcome}{found.op}{quoted(found.value)}"),
        total_query=_counted(scope, family.metric),
        total=_EVENTS[family.protocol],
        good=found.good,
        target=target,
        measured=Measured(round(total), share, span),
        why=f"{rounded_percent_text(share)} were good, which keeps {percent_text(target)}",
        convention=family.convention.title,
    )


def _latency(scope: Scope, question: Question, growths: Mapping[str, float], span: timedelta) -> Offer | str:
    family = question.family
    found = threshold(family.metric, growths)
    if isinstance(found, str):
        return found
    return Offer(
        name="",
        title=f"{_EVENTS[family.protocol]} answered within {found.words}",
        metric=family.metric,
        part="good",
        part_query=_counted(scope, family.series, f"le={quoted(found.label)}"),
        total_query=_counted(scope, f"{family.metric}_count"),
        total=_EVENTS[family.protocol],
        good=f"answered within {found.words}",
        target=found.target,
        measured=Measured(found.events, found.good_share, span),
        why=found.why,
        convention=family.convention.title,
        edge=found.words,
        edges=found.edges,
    )


_EVENTS = {Protocol.HTTP: "HTTP requests", Protocol.GRPC: "gRPC calls", Protocol.WORK: "all that was counted"}
_TITLES = {
    Protocol.HTTP: "HTTP requests answered without a server error",
    Protocol.GRPC: "gRPC calls answered without a fault of the server",
    Protocol.WORK: "Work that ended well",
}


def _named(services: Sequence[_Service]) -> Iterator[OfferedService]:
    """Each by a name that no other has, in any spelling that is made of it."""
    taken = {conventions.camel(name) for name in RESERVED}
    for service in services:
        base = slug(service.called)
        tries = (base, *(f"{base}-{number}" for number in range(2, 2 + len(services) + len(RESERVED))))
        name = next(one for one in tries if conventions.camel(one) not in taken)
        taken.add(conventions.camel(name))
        yield OfferedService(name, service.called, service.scope, _shortly(service.offers.values()))


def _shortly(made: Iterable[Offer]) -> tuple[Offer, ...]:
    """Availability, then latency, then other work; ``http-latency`` is called ``latency`` where only one
    protocol is spoken."""
    found = sorted(made, key=lambda one: (one.name not in _PROTOCOL_NAMES, bool(one.edge), one.name))
    spoken = {one.name.partition("-")[0] for one in found if one.name in _PROTOCOL_NAMES}
    short = {one.name: one.name.partition("-")[2] for one in found if one.name in _PROTOCOL_NAMES}
    if len(spoken) > 1 or set(short.values()) & {one.name for one in found}:
        return tuple(found)
    return tuple(replace(one, name=short.get(one.name, one.name)) for one in found)


_PROTOCOL_NAMES = frozenset(
    f"{protocol.value}-{what}"
    for protocol in (Protocol.HTTP, Protocol.GRPC)
    for what in ("availability", "latency")
)


def slug(text: str) -> str:
    """Small letters, digits and single dashes, at most ``LONGEST_NAME``; never empty."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:LONGEST_NAME].strip("-") or "service"
