"""Service levels in the terminal: the table, the detail with its bars, and composites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from foundation.quantities import duration_text, percent_text, rounded_percent_text, rounded_text, span_text
from slo.judge.composite import CompositeStatus
from slo.judge.explain import NOUNS
from slo.judge.status import ObjectiveState, ObjectiveStatus, TierStatus
from slo.judge.worst import worst_groups

STYLES = {
    ObjectiveState.OK: "green",
    ObjectiveState.BURNING: "bold red",
    ObjectiveState.EXHAUSTED: "bold red",
    ObjectiveState.NO_TRAFFIC: "cyan",
    ObjectiveState.NO_DATA: "bright_black",
}
WORDS = {
    ObjectiveState.OK: "ok",
    ObjectiveState.BURNING: "burning",
    ObjectiveState.EXHAUSTED: "budget spent",
    ObjectiveState.NO_TRAFFIC: "no traffic",
    ObjectiveState.NO_DATA: "no data",
}
BAR = 20
SHORT_BAR = 10
WIDE = ("SLO", "state", "objective", "good / total", "budget", "left", "burn", "gone in")
NARROW = ("SLO", "state", "good / total", "left", "gone in")
WIDE_FROM = 120  # columns


@dataclass(frozen=True, slots=True)
class Overview:
    """One line per objective, in as many columns as the window holds; a state is a word and a colour."""

    statuses: Sequence[ObjectiveStatus]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns = WIDE if options.max_width >= WIDE_FROM else NARROW
        table = Table(box=None, pad_edge=False, collapse_padding=True)
        for heading in columns:
            right = heading in {"objective", "good / total", "left"}
            table.add_column(heading, justify="right" if right else "left", overflow="fold")
        shown = worst_groups(self.statuses)
        for item in shown.statuses:
            row = _row(item)
            table.add_row(*(row[heading] for heading in columns))
        yield table
        environment = self.statuses[0].environment if self.statuses else "?"
        at = f"{self.statuses[0].at:%Y-%m-%d %H:%M:%S} UTC" if self.statuses else ""
        for hidden in shown.hidden:
            yield Text(hidden.en)
        for line in forecasts(self.statuses):
            yield Text(line, style="dim")
        yield Text(f"environment {environment}, {at}", style="dim")


def overview(statuses: Sequence[ObjectiveStatus]) -> RenderableType:
    return Overview(statuses)


def forecasts(statuses: Sequence[ObjectiveStatus]) -> list[str]:
    """What "left" means where the period is longer than what is known of it: a line for each period."""
    known: dict[timedelta, list[timedelta]] = {}
    for item in statuses:
        if item.known and item.budget.forecast and item.first_data is not None:
            history = item.at - max(item.period.start, item.first_data)
            known.setdefault(item.slo.window.length, []).append(history)
    return [
        f"left: of the whole {duration_text(length)} budget, "
        f"forecast from {_between(min(histories), max(histories))} of history"
        for length, histories in sorted(known.items())
    ]


def _between(least: timedelta, most: timedelta) -> str:
    low, high = span_text(least), span_text(most)
    return low if low == high else f"{low} to {high}"


def _row(item: ObjectiveStatus) -> Mapping[str, RenderableType]:
    known = item.state is not ObjectiveState.NO_DATA
    since = "never seen" if item.last_data is None else f"last {item.last_data:%Y-%m-%d %H:%M}"
    return {
        "SLO": _name(item),
        "state": Text(WORDS[item.state], style=STYLES[item.state]),
        "objective": percent_text(item.objective.target),
        "good / total": _counted(item) if known else since,
        "budget": bar(item.budget.left_ratio, STYLES[item.state], SHORT_BAR) if known else "",
        "left": rounded_percent_text(item.budget.left_ratio) if known else "unknown",
        "burn": _burn(item) if known else "",
        "gone in": "" if item.exhaustion is None or not known else span_text(item.exhaustion.after),
    }


def _name(item: ObjectiveStatus) -> str:
    labels = ",".join(f"{name}={value}" for name, value in item.labels)
    return f"{item.slo.id} {labels}" if labels else item.slo.id


def _counted(item: ObjectiveStatus) -> str:
    bound = "" if item.exact else f" ± {item.error_bound}"
    return f"{item.counts.good:,} / {item.counts.total:,}{bound}"


def _burn(item: ObjectiveStatus) -> Text:
    """The most severe firing tier and how many more fire; else the fastest window, quiet."""
    firing = [tier for tier in item.tiers if tier.firing]
    shown = min(firing, key=lambda tier: tier.tier.severity) if firing else next(iter(item.tiers), None)
    if shown is None:
        return Text()
    burn = "-" if shown.long.burn is None else f"{rounded_text(shown.long.burn, 1)}x"
    text = Text(f"{duration_text(shown.tier.long_window)} {burn}", "bold red" if firing else "")
    if firing:
        text.append(f" {shown.tier.severity}!" + (f" +{len(firing) - 1}" if len(firing) > 1 else ""))
    return text


def bar(left: Fraction, style: str, width: int = BAR) -> Text:
    """A drawn share of the budget, clipped to 0..1."""
    filled = round(width * float(min(Fraction(1), max(Fraction(0), left))))
    return Text("█" * filled, style=style).append("░" * (width - filled), style="dim")


def detail(item: ObjectiveStatus) -> RenderableType:
    """Everything about one objective that a person at 3 a.m. asks."""
    noun = NOUNS[item.slo.unit].en
    lines = [
        Text(f"{item.slo.id}  {item.slo.display_name}", style="bold"),
        Text(item.slo.description),
        Text(f"total: {item.slo.texts.get('total', 'as the query says')}"),
        Text(f"good: {item.slo.texts.get('good', 'as the query says')}"),
        Text(f"excluded: {item.slo.texts.get('excluded', 'nothing')}"),
        Text(""),
        Text("state: ").append(WORDS[item.state], style=STYLES[item.state]),
        Text(
            f"objective {percent_text(item.objective.target)} of {noun} over "
            f"{duration_text(item.slo.window.length)}; counted {_counted(item)}"
            f" ({'exact' if item.exact else f'may be off by {item.error_bound}'}), "
            f"{rounded_percent_text(item.coverage)} of the period's minutes have data"
        ),
        _budget(item),
    ]
    return Group(*lines, *_remarks(item), Text(""), _tiers(item))


def _budget(item: ObjectiveStatus) -> Text:
    if item.state is ObjectiveState.NO_DATA:
        return Text("budget unknown: no data arrived, which does not mean that nothing failed")
    return (
        Text("budget ")
        .append(bar(item.budget.left_ratio, STYLES[item.state]))
        .append(
            f" {rounded_percent_text(item.budget.left_ratio)} left: {item.budget.spent:,} bad of "
            f"{rounded_text(item.budget.allowed, 1)} allowed ({item.budget.basis.en})"
        )
    )


def _now(item: ObjectiveStatus, tier: TierStatus) -> Text:
    if tier.firing:
        return Text("FIRING", style="bold red")
    if item.state is ObjectiveState.NO_DATA:
        return Text("unknown", style=STYLES[item.state])
    return Text("quiet", style="green")


def _remarks(item: ObjectiveStatus) -> list[Text]:
    remarks = []
    if item.exhaustion is not None:
        late = "never" if item.exhaustion.latest is None else span_text(item.exhaustion.latest)
        remarks.append(
            Text(
                f"at the burn rate of the last {duration_text(item.exhaustion.window)}, the budget "
                "runs out in "
                f"{span_text(item.exhaustion.after)} "
                f"(95 % range {span_text(item.exhaustion.earliest)} to {late})"
            )
        )
    if item.low_traffic is not None:
        remarks.append(Text(f"low traffic: {item.low_traffic.text.en}"))
    if item.excluded:
        remarks.append(
            Text(
                f"{len(item.excluded)} excluded spans; raw {item.raw_counts.good:,}"
                f" / {item.raw_counts.total:,}"
            )
        )
    return remarks


def _tiers(item: ObjectiveStatus) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("alert", "severity", "fires above", "long window", "short window", "now"):
        table.add_column(heading)
    for tier in item.tiers:
        table.add_row(
            tier.tier.name,
            tier.tier.severity,
            f"{rounded_text(tier.factor, 4)}x",
            _window(tier, long=True),
            _window(tier, long=False),
            _now(item, tier),
        )
    return table


def _window(tier: TierStatus, *, long: bool) -> str:
    burn = tier.long if long else tier.short
    shown = "no events" if burn.burn is None else f"{rounded_text(burn.burn)}x"
    return f"{duration_text(burn.window)}: {burn.counts.bad:,} of {burn.counts.total:,} bad, {shown}"


def composites_table(found: Sequence[CompositeStatus]) -> Table:
    """One line a composite; its members stand in the table above."""
    table = Table(box=None, pad_edge=False)
    for heading in ("composite", "state", "members (weight)", "joint budget left", "burn"):
        table.add_column(heading, overflow="fold")
    for item in found:
        known = item.state is not ObjectiveState.NO_DATA
        members = ", ".join(
            f"{member.objective} ({rounded_text(member.weight)})" for member, _ in item.members
        )
        burns = " ".join(
            f"{duration_text(window)} {'-' if burn is None else rounded_text(burn, 1) + 'x'}"
            for window, burn in item.burns.items()
        )
        table.add_row(
            item.composite.id,
            Text(WORDS[item.state], style=STYLES[item.state]),
            members,
            rounded_percent_text(item.left_ratio) if known else "unknown",
            burns if known else "",
        )
    return table
