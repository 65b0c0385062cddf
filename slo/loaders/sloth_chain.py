"""Sloth's SLO plugins: which of them say what Mirante does anyway, and what is lost without the others.

The built-in ones are those of slok/sloth at commit 0e395d8. Others are Go code, which only Sloth runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foundation.errors import Effect
from foundation.located import Section

CORE, CONTRIB = "sloth.dev/core/", "sloth.dev/contrib/"
ALERTS = f"{CORE}alert_rules/v1"
VICTORIA = f"{CONTRIB}validate_victoria_metrics/v1"
KNOWN: Mapping[str, tuple[Effect, str] | None] = {
    f"{CORE}validate/v1": None,
    f"{CORE}sli_rules/v1": None,
    f"{CORE}metadata_rules/v1": None,
    ALERTS: None,
    f"{CORE}noop/v1": None,
    f"{CORE}debug/v1": None,
    f"{CONTRIB}denominator_corrected_rules/v1": (Effect.CHANGED, "every window weighs by its events anyway"),
    f"{CONTRIB}error_budget_exhausted_alert/v1": (
        Effect.LOST, "the alert for a spent budget: write it on slo:error_budget_remaining:ratio"
    ),
    f"{CONTRIB}info_labels/v1": (Effect.LOST, "its labels of sloth_slo_info: write them on the SLO"),
    f"{CONTRIB}remove_labels/v1": (Effect.LOST, "labels stay on every series"),
    f"{CONTRIB}rule_intervals/v1": (Effect.LOST, "its intervals: rules are evaluated every minute"),
    VICTORIA: (Effect.CHANGED, "queries are read as PromQL; one that is not is kept, and not counted"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chain:
    """The plugins of a group, or of an SLO of it; ``overrides``: instead of all before."""

    ids: tuple[str, ...] = ()
    overrides: bool = False

    def then(self, own: Chain) -> Chain:
        if own.overrides:
            return own
        return Chain(self.ids + own.ids, self.overrides)

    @property
    def alerts(self) -> bool:
        """Whether Sloth would make alerts."""
        return not self.overrides or ALERTS in self.ids

    @property
    def is_metricsql(self) -> bool:
        return VICTORIA in self.ids


def read_chain(section: Section, key: str) -> Chain:
    plugins = section.section(key)
    if plugins is None:
        return Chain()
    overrides = plugins.flag("overridePrevious", False)
    items = plugins.sections("chain")
    plugins.close()
    if overrides and not items:
        plugins.refuse("chain", "is empty, and the plugins before it are overridden", "Add plugins to it.")
    return Chain(tuple(_read(item) for item in items), overrides)


def _read(item: Section) -> str:
    plugin = item.text("id", required=True)
    item.plain("config")
    item.number("priority")
    item.close()
    if plugin and plugin not in KNOWN:
        problem = f"the SLO plugin {plugin!r} is Go code that only Sloth can run"
        item.refuse("id", problem, "Remove it, and write out what it adds.")
    elif told := KNOWN.get(plugin):
        item.notice("id", f"{plugin}: {told[1]}", effect=told[0])
    return plugin
