"""Label sets that selectors match: the fewest series from which any counts of good and total can be made."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slo.model.promql import Selector
from slo.prometheus.promtool.affine import Affine

MOST_COMBINATIONS = 4_096
_GUESSES = ("other", "500", "200", "404", "ok", "error", "GET", "a", "1", "0")
_PARTS = re.compile(r"[|()?+*\[\]^$\\]+")


@dataclass(frozen=True, slots=True)
class Sample:
    """A series: metric name and labels (sorted pairs)."""

    metric: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """How many events a minute each series sees for one of ``part`` and for one of ``total``.

    A series counts ``per_part x part + per_total x total``; never negative while 0 <= part <= total.
    """

    series: tuple[tuple[Sample, float, float], ...]


def samples(selectors: Iterable[Selector], extra: Mapping[str, str]) -> list[Sample]:
    """One series for each way of being matched by some of ``selectors``; ``extra`` labels on all of them."""
    found: list[Sample] = []
    by_metric: dict[str, list[Selector]] = {}
    for selector in selectors:
        by_metric.setdefault(selector.name, []).append(selector)
    for metric, group in by_metric.items():
        seen: set[tuple[bool, ...]] = set()
        for labels in _combinations(group, extra):
            signature = tuple(selector.selects(labels) for selector in group)
            if any(signature) and signature not in seen:
                seen.add(signature)
                found.append(Sample(metric, tuple(sorted((k, v) for k, v in labels.items() if v))))
    return found


def _combinations(group: Sequence[Selector], extra: Mapping[str, str]) -> Iterator[dict[str, str]]:
    names = sorted({matcher.name for selector in group for matcher in selector.matchers} - set(extra))
    choices = [list(_candidates(group, name)) for name in names]
    for values in itertools.islice(itertools.product(*choices), MOST_COMBINATIONS):
        yield {**extra, **dict(zip(names, values, strict=True))}


def _candidates(group: Sequence[Selector], name: str) -> Iterator[str]:
    """Values that tell the matchers on one label apart: literals, matches of patterns, none of them."""
    matchers = [matcher for selector in group for matcher in selector.matchers if matcher.name == name]
    guesses = [matcher.value for matcher in matchers if "~" not in matcher.op]
    for matcher in matchers:
        if "~" in matcher.op:
            guesses += [part.replace(".", "0") for part in _PARTS.split(matcher.value) if part]
    seen: set[tuple[bool, ...]] = set()
    for value in (*dict.fromkeys(guesses), *_GUESSES, ""):
        signature = tuple(matcher.matches({name: value}) for matcher in matchers)
        if signature not in seen:
            seen.add(signature)
            yield value


def mix(part: Affine, total: Affine, extra: Mapping[str, str]) -> Mix | None:
    """Series and rates that make the queries count any ``part`` of any ``total``; ``None`` if none do."""
    if part.constant or total.constant:
        return None
    selectors = tuple(dict.fromkeys([*part.terms, *total.terms]))
    candidates = samples(selectors, extra)
    effects = [(_effect(part, sample), _effect(total, sample)) for sample in candidates]
    for first, second in itertools.combinations(range(len(candidates)), 2):
        solved = _solve(effects[first], effects[second])
        if solved is not None:
            pair = (candidates[first], candidates[second])
            others = _others(selectors, pair, candidates)
            if others is None:
                return None
            counted = [(s, p, t) for s, (p, t) in zip(pair, solved, strict=True)]
            return Mix((*counted, *((sample, 0.0, 0.0) for sample in others)))
    return None


def _others(
    selectors: Iterable[Selector], chosen: Sequence[Sample], candidates: Sequence[Sample]
) -> list[Sample] | None:
    """Series that stand still: a sum or difference of which one operand does not exist is empty. ``None``:
    no label values were found that one of them matches."""
    found = list(chosen)
    for selector in selectors:
        if not any(_selects(selector, sample) for sample in found):
            missing = next((sample for sample in candidates if _selects(selector, sample)), None)
            if missing is None:
                return None
            found.append(missing)
    return found[len(chosen) :]


def _selects(selector: Selector, sample: Sample) -> bool:
    return selector.name == sample.metric and selector.selects(dict(sample.labels))


def _effect(form: Affine, sample: Sample) -> float:
    labels = dict(sample.labels)
    return sum(
        coefficient
        for selector, coefficient in form.terms.items()
        if selector.name == sample.metric and selector.selects(labels)
    )


def _solve(
    a: tuple[float, float], b: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Rates of two series as multiples of part and total, if never negative for 0 <= part <= total."""
    determinant = a[0] * b[1] - b[0] * a[1]
    if not determinant:
        return None
    first = (b[1] / determinant, -b[0] / determinant)
    second = (-a[1] / determinant, a[0] / determinant)
    usable = all(t >= -1e-12 and p + t >= -1e-12 for p, t in (first, second))
    return (first, second) if usable else None
