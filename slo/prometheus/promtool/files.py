"""promtool test files of each SLO: evaluated every minute, hourly, over its period, and slice by slice."""

from __future__ import annotations

from collections.abc import Mapping

from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo
from slo.prometheus.counts import counts_over_window, slice_window
from slo.prometheus.promtool.alerts import alert_tests
from slo.prometheus.promtool.events import TestCase, event_tests
from slo.prometheus.promtool.notation import interval
from slo.prometheus.promtool.recorded import edge_tests, period_tests, window_tests
from slo.prometheus.promtool.slices import slice_tests
from slo.prometheus.rules import Document, rule_file, rules_file, supported
from slo.prometheus.sloth_names import under_sloth_names


def rule_tests(catalogue: Catalogue, environment: str, *, sloth_names: bool = False) -> dict[str, Document]:
    """File name (``shop-checkout.test.yaml``) to promtool test file, in name order.

    They name their rule file as ``../FILE``: tests live in a folder below the rules.
    """
    found: dict[str, Document] = {}
    for slo in supported(catalogue):
        found |= slo_tests(under_sloth_names(slo) if sloth_names else slo, environment)
    return dict(sorted(found.items()))


def slo_tests(slo: Slo, environment: str) -> dict[str, Document]:
    stem = names.slug(slo.id)
    minutely: list[TestCase] = [*edge_tests(slo, environment), *alert_tests(slo, environment)]
    files = {
        f"{stem}-windows.test.yaml": ("1h", list(window_tests(slo, environment))),
        f"{stem}-period.test.yaml": ("12h", list(period_tests(slo, environment))),
    }
    if counts_over_window(slo):
        minutely += event_tests(slo, environment)
    else:
        every = interval(min(slice_window(slo, objective) for objective in slo.objectives))
        files[f"{stem}-slices.test.yaml"] = (every, list(slice_tests(slo, environment)))
    files[f"{stem}.test.yaml"] = ("1m", minutely)
    groups = rule_file(slo, environment)["groups"]
    assert isinstance(groups, list)
    order = [group["name"] for group in groups]
    return {name: _file(slo, order, every, tests) for name, (every, tests) in files.items() if tests}


def _file(slo: Slo, order: list[str], every: str, tests: list[TestCase]) -> Mapping[str, object]:
    return {
        "rule_files": [f"../{rules_file(slo)}"],
        "evaluation_interval": every,
        "group_eval_order": order,
        "tests": tests,
    }
