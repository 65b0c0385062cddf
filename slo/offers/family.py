"""Which metrics of a Prometheus are worth a question, told by their names alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from slo.offers.known import CONVENTIONS, INNER, LOOKS_LIKE_WORK, OUTER, WORK_OUTCOMES, Convention, Protocol
from slo.offers.offer import NotOffered

MOST_FAMILIES = 60
LONGEST_NAME = 120
NATIVE = (
    "it is a native histogram: rules can be built from one (histogram_fraction), but `mirante slo status` "
    "cannot count it yet, so none is proposed"
)
NO_BUCKETS = (
    "it has no buckets, so it cannot show how many were fast enough: expose it as a histogram "
    "(in Spring: management.metrics.distribution.percentiles-histogram.http.server.requests=true)"
)
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Kind(StrEnum):
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """``metric`` is a counter's whole name, or a histogram's without ``_bucket``. ``spare``: a counter of the
    same convention goes before it, so that nobody misses it where it has nothing to tell."""

    convention: Convention
    kind: Kind
    metric: str
    spare: bool = False

    @property
    def series(self) -> str:
        """The name that its series have."""
        return f"{self.metric}_bucket" if self.kind is Kind.HISTOGRAM else self.metric

    @property
    def protocol(self) -> Protocol:
        return self.convention.protocol


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a Prometheus says it has: names of metrics, their types (``counter``, ``histogram``) where it
    knows them, and for each label of ``WORK_OUTCOMES`` the names of the counters that carry it."""

    names: frozenset[str]
    types: Mapping[str, str] = field(default_factory=dict)
    carriers: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Families:
    """In the order in which they are to be asked: the surest first."""

    found: tuple[Family, ...]
    refused: tuple[NotOffered, ...]


def families(inventory: Inventory) -> Families:
    """At most ``MOST_FAMILIES``; those beyond are refused by name."""
    names = {name for name in inventory.names if len(name) <= LONGEST_NAME and _NAME.fullmatch(name)}
    work = {name for label in WORK_OUTCOMES for name in inventory.carriers.get(label, ())}
    taken: set[str] = set()
    found: list[Family] = []
    refused = [NotOffered(name, why) for name, why in LOOKS_LIKE_WORK.items() if name in names]
    outer = {name for name in names if name.startswith(OUTER) or not name.startswith(INNER)}
    for convention in CONVENTIONS:
        known = outer & work if convention.protocol is Protocol.WORK else outer
        for family in _of(convention, known - taken):
            found.append(family)
            taken.add(family.series)
    refused += [NotOffered(name, why) for name, why in _without_buckets(outer, inventory.types)]
    beyond = found[MOST_FAMILIES:]
    refused += [NotOffered(one.series, f"only the first {MOST_FAMILIES} metrics are asked") for one in beyond]
    refused += [NotOffered(name, why) for name, why in _with_other_characters(inventory.names)]
    return Families(tuple(found[:MOST_FAMILIES]), tuple(refused))


def _of(convention: Convention, names: Set[str]) -> Iterator[Family]:
    """The shortest name first: what a program has beside it is a part of the same."""
    ordered = sorted(names, key=lambda name: (len(name), name))
    bases = [name.removesuffix("_bucket") for name in ordered if name.endswith("_bucket")]
    counters = [name for name in ordered if convention.counter and convention.counter.fullmatch(name)]
    yield from (Family(convention, Kind.COUNTER, name) for name in counters)
    if convention.histogram is None:
        return
    counts = [name.removesuffix("_count") for name in ordered if name.endswith("_count")]
    for base in counts:
        if convention.histogram.fullmatch(base):
            yield Family(convention, Kind.COUNTER, f"{base}_count", spare=bool(counters))
    for base in bases:
        if convention.histogram.fullmatch(base):
            yield Family(convention, Kind.HISTOGRAM, base)


def _without_buckets(names: Set[str], types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Durations that cannot be held against a threshold."""
    patterns = [convention.histogram for convention in CONVENTIONS if convention.histogram is not None]
    for base in sorted({name.removesuffix("_count") for name in names}):
        if f"{base}_bucket" in names or not any(pattern.fullmatch(base) for pattern in patterns):
            continue
        if f"{base}_count" not in names and types.get(base, "histogram") == "histogram":
            yield base, NATIVE
        else:
            yield base, NO_BUCKETS


def _with_other_characters(names: Set[str]) -> Iterator[tuple[str, str]]:
    """``http.server.request.duration``: read as the underscored name would be."""
    for name in sorted(names):
        plain = re.sub(r"[^a-zA-Z0-9_]", "_", name[:LONGEST_NAME])
        if plain == name or ":" in name or not name.isprintable() or _NAME.fullmatch(plain) is None:
            continue
        families_of_it = [c for c in CONVENTIONS if c.protocol is not Protocol.WORK]
        base = plain.removesuffix("_bucket").removesuffix("_count")
        if any(
            pattern is not None and pattern.fullmatch(text)
            for c in families_of_it
            for pattern, text in ((c.counter, plain), (c.histogram, base))
        ):
            yield (
                name[:LONGEST_NAME],
                "names with other characters than letters, digits and _ are not read yet",
            )
