"""What labels a query leaves is read as Prometheus would evaluate it, whatever file it came from."""

from __future__ import annotations

import pytest

from slo.lint import check
from slo.model.catalogue import Catalogue
from slo.model.grouping import EVERY_LABEL, ONE, Grouping, all_but, exactly
from slo.model.promql import analyse
from slo.model.spec import Slo
from tests.support.slo_samples import an_slo, counted

X = "increase(x_total[{{.window}}])"


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (f"sum({X})", ONE),
        (f"sum by (cluster) ({X})", exactly(["cluster"])),
        (f"sum({X}) by (region, cluster)", exactly(["cluster", "region"])),
        (f"count by (cluster) ({X})", exactly(["cluster"])),
        (f"sum(sum by (cluster) ({X}))", ONE),
        (f"sum by (a) (sum by (a, b) ({X}))", exactly(["a"])),
        (f"sum by (c) (sum by (a) ({X}))", ONE),
        (f"sum without (pod) ({X})", all_but(["pod"])),
        (f"sum without (pod) (sum by (pod, cluster) ({X}))", exactly(["cluster"])),
        (X, EVERY_LABEL),
        ("job:requests:rate5m", EVERY_LABEL),
        ("sum by (job) (job:requests:rate5m)", exactly(["job"])),
        ("max by (pod) (queue_depth)", exactly(["pod"])),
        ("avg(queue_depth)", ONE),
        (f"sum by (cluster) ({X}) or vector(0)", exactly(["cluster"])),
        (f"1 - sum by (cluster) ({X})", exactly(["cluster"])),
        (f"{X} * on (pod) group_left (team) pod_info", EVERY_LABEL),
        (f"sum by (team) ({X} * on (pod) group_left (team) pod_info)", exactly(["team"])),
        (f"{X} - ignoring (le) y", all_but(["le"])),
        (f'label_replace(sum by (a) ({X}), "b", "$1", "a", "(.*)")', exactly(["a", "b"])),
        ("histogram_quantile(0.9, sum by (le, job) (rate(h_bucket[5m])))", exactly(["job"])),
    ],
)
def test_what_a_query_leaves(query: str, left: Grouping) -> None:
    assert analyse(query).grouping == left


def grouped(good: str, total: str, summed_to: tuple[str, ...] | None = None) -> Slo:
    return an_slo(indicator=counted(good, total), summed_to=summed_to)


def by(*labels: str, more: str = "") -> str:
    return f"sum by ({', '.join(labels)}) (increase(x_total{more}[{{{{.window}}}}]))"


def test_the_grouping_of_an_slo_is_that_of_its_queries() -> None:
    slo = grouped(by("cluster"), by("cluster"))
    assert (slo.group_by, slo.is_grouped) == (("cluster",), True)


def test_an_author_may_ask_for_less_or_for_one_budget() -> None:
    assert grouped(by("a", "b"), by("b", "a"), ("a",)).group_by == ("a",)
    assert not grouped(by("a"), by("a"), ()).is_grouped


def problems(slo: Slo) -> list[str]:
    return [f.reason for f in check(Catalogue(slos=(slo,))) if f.rule == "grouping"]


def test_queries_with_different_labels_never_match_and_are_refused() -> None:
    (found,) = problems(grouped(by("cluster"), f"sum({X})"))
    assert "grouped by nothing, the good query by cluster" in found
    assert problems(grouped(by("cluster"), by("cluster"))) == []
    assert problems(grouped(by("a", "b"), by("a"), ("a",))) == []


def test_labels_that_a_query_sums_away_cannot_be_asked_for() -> None:
    (found,) = problems(grouped(by("a"), by("a"), ("b",)))
    assert "sums b away" in found


@pytest.mark.parametrize("query", [f"topk by (a) (3, {by('a')})", 'count_values by (a) ("v", x_total)'])
def test_groups_that_come_and_go_with_values_are_refused(query: str) -> None:
    assert problems(an_slo(indicator=counted(query, by("a"))))


def test_a_label_that_tells_good_from_bad_tells_no_budgets_apart() -> None:
    (found,) = problems(grouped(by("code", more='{code!~"5.."}'), by("code")))
    assert "wholly good or wholly bad" in found


def test_the_grouping_is_part_of_what_is_counted() -> None:
    one, each = grouped(f"sum({X})", f"sum({X})"), grouped(by("cluster"), by("cluster"))
    assert len({one.revision, each.revision, grouped(by("cluster"), by("cluster"), ()).revision}) == 3
    assert grouped(by("cluster"), by("cluster"), ("cluster",)).revision == each.revision
