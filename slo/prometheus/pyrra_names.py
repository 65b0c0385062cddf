"""The same measurements under Pyrra's generic names, so that dashboards made for Pyrra keep working.

Off unless asked for. Names follow ``GenericRules`` of pyrra-dev/pyrra at commit 1ba95af. The values are ours:
availability is good over total of recorded counts, absent without traffic where Pyrra's is NaN. An objective
that is grouped gets its groups added up, where Pyrra records none of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from foundation.quantities import decimal_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo
from slo.prometheus.names import identity_labels, label_name, selector
from slo.prometheus.records import BASE, Group, Rule, identity, windows_of

_SECOND = timedelta(seconds=1)


def pyrra_group(slo: Slo, objective: Objective, environment: str) -> Group:
    """Five series with the labels ``slo`` (the name alone), ``service`` and the definition's own."""
    name = f"mirante-{names.slug(slo.id)}-{objective.name}-pyrra-names"
    return {"name": name, "interval": "1m", "rules": list(_rules(slo, objective, environment))}


def _rules(slo: Slo, objective: Objective, environment: str) -> Iterator[Rule]:
    """Every value is an aggregate: all five have the same labels, as boards subtract one from another."""
    labels = _labels(slo, objective)
    own = selector(identity(identity_labels(slo, objective, environment)))
    period = slo.window.length
    good, total = f"sum({names.record_good(period)}{own})", f"sum({names.record_total(period)}{own})"
    yield _alias("pyrra_objective", f"vector({decimal_text(objective.target)})", labels)
    yield _alias("pyrra_window", f"vector({period // _SECOND})", labels)
    yield _alias("pyrra_availability", f"{good} / ({total} > 0)", labels)
    recent = BASE if BASE in windows_of(slo) else min([*windows_of(slo), period])
    seconds = recent // _SECOND
    good, total = f"sum({names.record_good(recent)}{own})", f"sum({names.record_total(recent)}{own})"
    yield _alias("pyrra_requests:rate5m", f"{total} / {seconds}", labels)
    yield _alias("pyrra_errors:rate5m", f"clamp_min({total} - {good}, 0) / {seconds}", labels)


def _labels(slo: Slo, objective: Objective) -> dict[str, str]:
    """One objective of several gets its name behind the SLO's."""
    name = slo.name if len(slo.objectives) == 1 else f"{slo.name}-{objective.name}"
    own = {label_name(key): value for key, value in slo.labels.items() if key not in slo.group_by}
    return dict(sorted((own | {"slo": name, "service": slo.service}).items()))


def _alias(record: str, expr: str, labels: dict[str, str]) -> Rule:
    return {"record": record, "expr": expr, "labels": labels}
