"""The same measurements under Sloth's names, so that dashboards made for Sloth keep working.

Off unless asked for. The values are ours: the period is event-weighted, where Sloth averages ratios.
Names and labels follow slok/sloth at commit 0e395d8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from foundation.quantities import decimal_text, duration_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.names import label_name, selector
from slo.prometheus.records import Group, Rule, identity, windows_of

CURRENT = timedelta(minutes=5)
PAGED = ("P1", "P2")


def under_sloth_names(slo: Slo) -> Slo:
    """The same with Sloth's identity among its labels, so that its alerts and every series of it carry them.

    An SLO of several objectives is several of Sloth's: only its aliases carry theirs.
    """
    if len(slo.objectives) > 1:
        return slo
    tiers = (replace(tier, labels={"sloth_severity": severity_of(tier), **tier.labels}) for tier in slo.tiers)
    return replace(slo, labels={**slo.labels, **_identity(slo, slo.objectives[0])}, tiers=tuple(tiers))


def severity_of(tier: Tier) -> str:
    """One of Sloth's two."""
    named = next((word for word in ("page", "ticket") if tier.name.startswith(word)), "")
    return named or ("page" if tier.severity in PAGED else "ticket")


def sloth_group(slo: Slo, objective: Objective, environment: str) -> Group:
    """Ratios of every window and Sloth's metadata series, as aliases of what we record."""
    name = f"mirante-{names.slug(slo.id)}-{objective.name}-sloth-names"
    return {"name": name, "interval": "1m", "rules": list(_rules(slo, objective, environment))}


def _rules(slo: Slo, objective: Objective, environment: str) -> Iterator[Rule]:
    labels = _labels(slo, objective)
    own = selector(
        identity(
            {
                names.LABEL_ENVIRONMENT: environment,
                names.LABEL_OBJECTIVE: objective.name,
                names.LABEL_SLO: slo.id,
            }
        )
    )
    for window in sorted({*windows_of(slo), slo.window.length}):
        text = duration_text(window)
        record = f"slo:sli_error:ratio_rate{text}"
        yield _alias(record, names.record_error_ratio(window) + own, labels | {"sloth_window": text})
    days = slo.window.length / timedelta(days=1)
    if len(slo.objectives) > 1:  # one alone is recorded under these names with these labels
        yield _alias(names.RECORD_OBJECTIVE, f"vector({decimal_text(objective.target)})", labels)
        yield _alias(names.RECORD_BUDGET, f"vector({decimal_text(objective.budget)})", labels)
    yield _alias("slo:time_period:days", f"vector({days:g})", labels)
    yield from _burn_rates(slo, own, labels)
    info = labels | {
        "sloth_mode": "mirante",
        "sloth_objective": decimal_text(objective.target * 100),
        "sloth_spec": "prometheus/v1",
        "sloth_version": "mirante",
    }
    yield _alias("sloth_slo_info", "vector(1)", info)


def _burn_rates(slo: Slo, own: str, labels: dict[str, str]) -> Iterator[Rule]:
    shortest = min([*windows_of(slo), slo.window.length])
    current = CURRENT if CURRENT in windows_of(slo) else shortest
    yield _alias("slo:current_burn_rate:ratio", names.record_burn_rate(current) + own, labels)
    period = names.record_burn_rate(slo.window.length) + own
    yield _alias("slo:period_burn_rate:ratio", period, labels)
    yield _alias("slo:period_error_budget_remaining:ratio", f"1 - {period}", labels)


def _labels(slo: Slo, objective: Objective) -> dict[str, str]:
    """Sloth's identity; one objective of several gets its name behind the SLO's."""
    own = {label_name(key): value for key, value in slo.labels.items() if key not in slo.group_by}
    return dict(sorted((own | _identity(slo, objective)).items()))


def _identity(slo: Slo, objective: Objective) -> dict[str, str]:
    name = slo.name if len(slo.objectives) == 1 else f"{slo.name}-{objective.name}"
    return {"sloth_id": f"{slo.service}-{name}", "sloth_service": slo.service, "sloth_slo": name}


def _alias(record: str, expr: str, labels: dict[str, str]) -> Rule:
    return {"record": record, "expr": expr, "labels": labels}
