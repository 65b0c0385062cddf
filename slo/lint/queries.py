"""Queries that do not parse, cannot be counted, or count different things."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from slo.lint.finding import Finding, error, warning
from slo.lint.grouping import check_grouping
from slo.lint.surroundings import LintSurroundings
from slo.model.addends import addends
from slo.model.histogram_unit import in_milliseconds, nearest_below
from slo.model.promql import PromqlError, Query, Selector, analyse
from slo.model.spec import MetricQuery, Objective, Slo
from slo.prometheus.names import SET_BY_US, label_name
from slo.prometheus.promtool.sampling import samples
from slo.prometheus.rules import is_left_out_on_purpose, lacks_range, left_out, unsupported

_FAMILY = re.compile(r"_(bucket|count|sum|total)$")
_MILLISECONDS = re.compile(r"(\d+(?:[.,]\d+)?)\s*(ms|milliseconds|s|seconds)\b")
IN_A_STRING = re.compile(r'=[~]?\s*"[^"]*\{\{\s*\.window\s*\}\}')
LEFT_OUT = "left-out"


def check_queries(slo: Slo, around: LintSurroundings) -> Iterator[Finding]:
    parsed: dict[str, Query] = {}
    for part, metric in slo.indicator.queries.items():
        if metric.source_type == "Prometheus":
            yield from _one(slo, part, metric, parsed)
    if reason := left_out(slo):
        if not is_left_out_on_purpose(slo):
            fix = "Count it with Prometheus or CloudWatch, or say mirante.dev/rules: none."
            yield warning(slo, LEFT_OUT, "indicator", f"is left out of what is built: {reason}", fix)
    elif parsed.keys() >= _asked_of_prometheus(slo):
        reason = unsupported(slo)
        if reason and not slo.shared_grouping.problem:
            fix = "Use a source that Mirante reads, or leave it to another tool."
            yield warning(slo, "not-generated", "indicator", f"gets no rules: {reason}", fix)
    for part, query in parsed.items():
        yield from _buckets(slo, part, query, around)
    if parsed.keys() & {"good", "bad"} and "total" in parsed:
        yield from _same_things(slo, parsed)
    if parsed:
        yield from check_grouping(slo, parsed)
    yield from _labels(slo)


def _asked_of_prometheus(slo: Slo) -> set[str]:
    return {part for part, metric in slo.indicator.queries.items() if metric.source_type == "Prometheus"}


def _one(slo: Slo, part: str, metric: MetricQuery, parsed: dict[str, Query]) -> Iterator[Finding]:
    try:
        query = analyse(metric.query)
    except PromqlError as problem:
        yield error(
            slo, "query-syntax", f"{part} query", f"is not PromQL: {problem}", "Try it in Prometheus."
        )
        return
    if IN_A_STRING.search(metric.query):
        reason = "holds {{.window}} inside a string, where it is replaced by a duration, too"
        fix = 'Match that label in another way, for example job=~"[{][{].window}}".'
        yield error(slo, "window-in-string", f"{part} query", reason, fix)
        return
    if not query.selectors:
        yield error(slo, "query-syntax", f"{part} query", "selects no metric", "Name the metric to count.")
        return
    if lacks_range(slo, metric):
        reason = "counts a counter without {{.window}}"
        fix = "Write for example sum(increase(requests_total[{{.window}}]))."
        yield error(slo, "no-window", f"{part} query", reason, fix)
        return
    if query.counts == "mixed":
        yield error(slo, "mixed-units", f"{part} query", "mixes increase() and rate()", "Use one of them.")
        return
    subtracts = " - " in metric.query and " or " not in metric.query and len(addends(metric.query)) == 1
    if slo.indicator.events is not None and subtracts:
        reason = "subtracts series one by one: if one of them does not exist (yet), the result is empty"
        fix = "Sum each side first, sum(...) - sum(...), or use `bad:` instead."
        yield warning(slo, "fragile-difference", f"{part} query", reason, fix)
    parsed[part] = query


def _same_things(slo: Slo, parsed: dict[str, Query]) -> Iterator[Finding]:
    """A part may count nothing that total does not: found by a series that one selects and not the other."""
    part = "good" if "good" in parsed else "bad"
    of_part, of_total = parsed[part].selectors, parsed["total"].selectors
    if len(of_part) != 1 or len(of_total) != 1:
        return
    small, large = _family(of_part[0]), _family(of_total[0])
    if small.name != large.name:
        yield from _contradiction(slo, part, small, large)
        return
    if set(large.matchers) <= set(small.matchers):  # what is asked for more can only be less
        return
    for sample in samples((small, large), {}):
        labels = dict(sample.labels)
        if small.selects(labels) and not large.selects(labels):
            shown = ", ".join(f"{key}={value!r}" for key, value in sample.labels) or "no labels"
            reason = f"counts series that total does not, such as {shown}"
            fix = "Give both queries the same matchers, and add the extra ones to the part only."
            yield error(slo, "different-things", f"{part} query", reason, fix)
            return


def _family(selector: Selector) -> Selector:
    """The selector without what only its kind of series has: the suffix, and ``le``."""
    kept = tuple(matcher for matcher in selector.matchers if matcher.name != "le")
    return Selector(_FAMILY.sub("", selector.name), kept, selector.text, selector.in_range)


def _contradiction(slo: Slo, part: str, small: Selector, large: Selector) -> Iterator[Finding]:
    wanted = {matcher.name: matcher.value for matcher in large.matchers if matcher.op == "="}
    for matcher in small.matchers:
        other = wanted.get(matcher.name, matcher.value)
        if matcher.op == "=" and other != matcher.value:
            reason = f"selects {matcher.name}={matcher.value!r} where total selects {matcher.name}={other!r}"
            yield warning(
                slo, "different-things", f"{part} query", reason, "Check that total includes the part."
            )


def _buckets(slo: Slo, part: str, query: Query, around: LintSurroundings) -> Iterator[Finding]:
    for selector in query.selectors:
        if not selector.name.endswith("_bucket") or "histogram_quantile" in query.functions:
            continue
        on_le = [matcher for matcher in selector.matchers if matcher.name == "le"]
        if not on_le:
            reason = (
                f"adds up every bucket of {selector.name}, but each bucket already includes the smaller ones"
            )
            fix = 'Pick the bucket of the threshold, for example le="0.2".'
            yield error(slo, "bucket-missing", f"{part} query", reason, fix)
        for edge in (matcher.value for matcher in on_le if matcher.op == "="):
            yield from _edge(slo, part, selector, edge, around)


def _edge(slo: Slo, part: str, selector: Selector, edge: str, around: LintSurroundings) -> Iterator[Finding]:
    known = around.buckets.get(selector.name.removesuffix("_bucket"))
    try:
        value = float(edge)
    except ValueError:
        yield error(slo, "bucket-missing", f"{part} query", f"le={edge!r} is not a number", 'Write le="0.2".')
        return
    if known is not None and value not in known:
        shown = ", ".join(f"{bound:g}" for bound in sorted(known))
        reason = f"{selector.name} has no bucket with le={edge}"
        fix = f"Its le values are {shown}. {_nearest(known, value)}"
        yield error(slo, "bucket-missing", f"{part} query", reason, fix)
    seconds = value / 1000 if in_milliseconds(selector.name.removesuffix("_bucket")) else value
    for objective in slo.objectives:
        yield from _said(slo, objective, part, seconds)


def _nearest(known: Iterable[float], wanted: float) -> str:
    below = nearest_below(known, wanted)
    if below is None:
        return "All are above: choose a slower threshold, or give the histogram a lower edge."
    return f"Take {below:g}, the nearest below: in latencyMetric, as `bucket`."


def _said(slo: Slo, objective: Objective, part: str, edge: float) -> Iterator[Finding]:
    """The threshold in words ("under 200 ms") against the bucket that is counted."""
    words = " ".join((slo.display_name, slo.description, objective.display_name, slo.texts.get("good", "")))
    said = {_seconds(number, unit) for number, unit in _MILLISECONDS.findall(words)}
    if said and all(abs(value - edge) > 1e-9 for value in said):
        shown = ", ".join(f"{value:g} s" for value in sorted(said))
        reason = f"counts what took up to {edge:g} s, but its texts say {shown}"
        yield warning(slo, "threshold-differs", f"{part} query", reason, "Correct one of them.")


def _seconds(number: str, unit: str) -> float:
    return float(number.replace(",", ".")) / (1000 if unit in ("ms", "milliseconds") else 1)


def _labels(slo: Slo) -> Iterator[Finding]:
    for key in slo.labels:
        if label_name(key) in SET_BY_US:
            reason = f"the label {key!r} is set by Mirante, so yours is ignored"
            yield warning(slo, "reserved-label", "metadata.labels", reason, "Rename it.")
