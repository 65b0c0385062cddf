"""``mirante alerts replay``: who would have been paged under another policy, and what nobody had heard of."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.bootstrap.paths import paths_of
from app.cli.alerts import NoRouterYet
from app.cli.context import counted, echo_json, json_option, pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.exit_status import ExitStatus
from foundation.paths import is_absent
from foundation.quantities import parse_duration

if TYPE_CHECKING:
    from alarms.reports.replay import Replay, ReplayPlan
    from alarms.stores.record import Record

ROWS_SHOWN = 50


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = value if isinstance(value, timedelta) else parse_duration(str(value))
        if found is None or not found:
            self.fail(f"{value!r} is not a length of time; write 30d, 12h or 5m", param, ctx)
        return found


@click.command(name="replay")
@click.option(
    "--policy",
    "changed",
    type=click.Path(path_type=Path),
    required=True,
    help="The changed policy: a policy.yaml, or a folder with it and its schedules, channels and so on.",
)
@click.option("--since", type=Duration(), default="30d", show_default=True, help="How far back.")
@click.option(
    "--missed-after",
    type=Duration(),
    default="5m",
    show_default=True,
    help="A P1 or P2 that fires for longer has to be told to somebody.",
)
@click.option("--max-added", type=click.IntRange(0), help="Exit with 1 if more pages are added.")
@click.option("--max-removed", type=click.IntRange(0), help="Exit with 1 if more pages are removed.")
@click.option(
    "--max-missed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Exit with 1 if nobody would hear of more severe alerts that somebody heard of before.",
)
@click.option(
    "--format", "layout", type=click.Choice(["table", "markdown"]), default="table", show_default=True
)
@json_option
@pass_settings
def replay_(
    settings: Settings,
    changed: Path,
    since: timedelta,
    missed_after: timedelta,
    max_added: int | None,
    max_removed: int | None,
    max_missed: int,
    layout: str,
    as_json: bool,
) -> None:
    """Run the recorded alerts through a changed policy: pages added, removed, moved, and missed.

    Reads the router's store, also while a router runs; writes nothing, tells nobody. What people did (ack,
    resolve, reassign, snooze, silences) happens in the simulation, too. Payloads are kept for 35 days, or
    as many as fit into 2 GiB. The exit status is 1 when a limit is exceeded.

    \b
    mirante alerts replay --policy alarms/policy.yaml --since 30d
    mirante alerts replay --policy alarms/ --format markdown --max-removed 20 > comment.md
    """
    from alarms.reports.replay_text import markdown, warnings
    from alarms.reports.replay_totals import Limits

    plan = _plan(settings, changed, since, missed_after)
    found = _run(_record(settings), plan)
    exceeded = Limits(max_added, max_removed, max_missed).exceeded(found)
    for warned in warnings(found):
        click.echo(f"warning: {warned}", err=True)
    zone = plan.changed.hours.time_zone
    if as_json:
        echo_json(_document(found, exceeded))
    elif layout == "markdown":
        click.echo(markdown(found, zone, exceeded))
    else:
        _show(found, zone)
    for sentence in exceeded:
        click.echo(f"not within the limits: {sentence}", err=True)
    if exceeded:
        raise SystemExit(int(ExitStatus.NO))


def _record(settings: Settings) -> Record:
    from app.bootstrap.router import open_record

    if settings.router_url:
        raise click.UsageError(
            "replay reads the router's store and not a router: run it where the store is, without router_url"
        )
    path = paths_of(settings).router
    if not settings.router_store and is_absent(path):
        raise NoRouterYet(path)
    return open_record(settings)


def _plan(settings: Settings, changed: Path, since: timedelta, missed_after: timedelta) -> ReplayPlan:
    """Raises DefinitionErrors: the changed policy, or what is in force, says something wrong."""
    from alarms.intake.intakes_file import load_intakes
    from alarms.intake.normalise import IntakeRules, intake_rules
    from alarms.policy.alarm_policy import load_alarm_policy, load_changed
    from alarms.policy.policy import RoutingPolicy
    from alarms.reports.replay import ReplayPlan
    from alarms.router.topology import Topology
    from slo.loaders.catalogue_files import catalogue_of

    catalogue, now = catalogue_of(settings.folders), parse_clock(settings.clock).now()
    mappings = load_intakes(settings.folders).mappings
    new, current = load_changed(settings.folders, changed), load_alarm_policy(settings.folders)

    def rules_of(policy: RoutingPolicy) -> IntakeRules:
        return intake_rules(
            settings.environment, catalogue.slos, policy.severity_words, policy.ignored_labels, mappings
        )

    return ReplayPlan(
        changed=new.policy,
        changed_schedules=new.schedules,
        current=current.policy,
        current_schedules=current.schedules,
        topology=Topology(catalogue.components),
        rules_of=rules_of,
        since=now - since,
        until=now,
        missed_after=missed_after,
    )


def _run(record: Record, plan: ReplayPlan) -> Replay:
    from alarms.reports.replay import replay

    with stderr.progress("reading what people did") as step:

        def progress(done: int, at: datetime) -> None:
            step(f"{at:%Y-%m-%d %H:%M}, {counted(done, 'payload')}")

        try:
            return replay(record, plan, progress)
        finally:
            record.close()


def _document(found: Replay, exceeded: list[str]) -> dict[str, object]:
    from alarms.reports.page_changes import ChangeKind
    from alarms.reports.replay_totals import by_team

    seen = found.reproduction
    return {
        "since": found.since,
        "until": found.until,
        "record_begins": found.record_begins,
        "complete": found.is_complete,
        "receipts": found.receipts,
        "quarantined": found.quarantined,
        "alerts": found.alerts,
        "policies": list(found.policies),
        "pages_before": len(found.before),
        "pages_after": len(found.after),
        **{kind.value: found.of(kind) for kind in ChangeKind},
        "missed": list(found.missed),
        "newly_missed": len(found.newly_missed),
        "teams": by_team(found),
        "left_out": list(found.left_out),
        "reproduction": {
            "real": seen.real,
            "reproduced": seen.reproduced,
            "undelivered": seen.undelivered,
            "others": list(seen.others),
            "extra": list(seen.extra),
        },
        "exceeded": exceeded,
    }


def _show(found: Replay, time_zone: str) -> None:
    from alarms.reports import replay_text as text
    from alarms.reports.page_changes import ChangeKind

    for line in text.sentences(found):
        say(line)
    for kind in ChangeKind:
        _table(kind.value, text.CHANGES, text.change_rows(found.of(kind)))
    newly = sorted(found.missed, key=lambda one: one.before_too)
    _table("missed", text.MISSED, text.missed_rows(newly))
    _table("real pages that the simulation does not have", text.OTHERS, text.other_rows(found))
    _table("simulated pages that were never sent", text.OTHERS, text.extra_rows(found))
    _table("by team", text.TEAMS, text.team_rows(found), text.TEAMS[1:])
    hours = (f"hour ({time_zone})", "before", "after")
    _table("by hour", hours, text.hour_rows(found, time_zone), hours[1:])


def _table(
    title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]], right: tuple[str, ...] = ()
) -> None:
    from rich.text import Text

    if not rows:
        return
    table = plain_table(*headings, right=right, title=f"\n{title} ({len(rows):,})")
    for row in rows[:ROWS_SHOWN]:
        table.add_row(*[Text(cell) for cell in row])
    stdout.print(table)
    if len(rows) > ROWS_SHOWN:
        say(f"{len(rows) - ROWS_SHOWN:,} more; --json has all of them")
