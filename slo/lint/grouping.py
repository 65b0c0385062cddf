"""Budgets for each set of label values that cannot be kept, or not as the queries say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slo.lint.finding import Finding, error, warning
from slo.model.addends import addends
from slo.model.conventions import recorded_label
from slo.model.edges import LABEL
from slo.model.promql import Query
from slo.model.spec import Slo

WHERE = "mirante.dev/group-by"


def check_grouping(slo: Slo, parsed: Mapping[str, Query]) -> Iterator[Finding]:
    found = slo.shared_grouping
    if found.problem:
        yield error(slo, "grouping", WHERE, found.problem, found.fix)
        return
    yield from _edges_kept(slo, parsed)
    yield from _outcomes_kept(slo, parsed)
    for name in found.grouping.names if found.grouping.exact else ():
        recorded = recorded_label(name)
        if recorded != name:
            reason = f"Mirante sets the label {name!r}, so that of the metrics is recorded as {recorded!r}"
            yield warning(slo, "renamed-label", WHERE, reason, "Read it by that name.")


def _edges_kept(slo: Slo, parsed: Mapping[str, Query]) -> Iterator[Finding]:
    """A bucket has an ``le`` that nothing it is compared with has."""
    for part, query in parsed.items():
        buckets = any(one.is_bucket for one in addends(query.text))
        if slo.indicator.events is not None and buckets and slo.grouping.keeps(LABEL):
            reason = "keeps the label le of its bucket, which the other count does not have: nothing matches"
            fix = "Write sum by (...) of the labels that should each have a budget, or sum without (le)."
            yield error(slo, "grouping", f"{part} query", reason, fix)


def _outcomes_kept(slo: Slo, parsed: Mapping[str, Query]) -> Iterator[Finding]:
    """A label that tells good from bad cannot tell budgets apart: each would be wholly good or bad."""
    part = next((name for name in ("good", "bad") if name in parsed), None)
    if part is None or "total" not in parsed:
        return
    of_part, of_total = parsed[part].selectors, parsed["total"].selectors
    if len(of_part) != 1 or len(of_total) != 1 or of_part[0].name != of_total[0].name:
        return
    shared = {(matcher.name, matcher.op, matcher.value) for matcher in of_total[0].matchers}
    for matcher in of_part[0].matchers:
        alone = (matcher.name, matcher.op, matcher.value) not in shared
        if alone and matcher.name != LABEL and slo.grouping.keeps(matcher.name):
            reason = (
                f"selects by {matcher.name}, and each value of {matcher.name} has a budget of its own: each "
                "is then wholly good or wholly bad"
            )
            fix = f"Leave {matcher.name} out of sum by (...), or write sum without ({matcher.name}) (...)."
            yield error(slo, "grouping", f"{part} query", reason, fix)
