"""``mirante alerts simulate``, ``report`` and ``postmortem``: looking ahead, and looking back."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from app.cli.alerts import BY, desk_of, echo_struct
from app.cli.context import counted, json_option, list_table, pass_settings, say, shown, stdout
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.quantities import span_text

DAYS = 30


@click.command(name="simulate")
@click.option("--replay", type=click.Path(path_type=Path), required=True, help="Recorded alerts, JSON lines.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="Time of the first alert (UTC).")
@click.option(
    "--hours",
    type=click.IntRange(0, 24 * 366),
    default=24,
    show_default=True,
    help="How long to simulate after the last alert, with nobody acting.",
)
@pass_settings
def simulate_(settings: Settings, replay: Path, at: datetime | None, hours: int) -> None:
    """Show who would have been notified, and when, if nobody had acted.

    Each line of the replay is {"at": INSTANT, "kind": "alert" | "alertmanager" | "grafana" | "pagerduty" |
    "cloudwatch" | "eventbridge" | "json/NAME", "payload": {...}}.
    """
    from alarms.intake.intakes_file import load_intakes
    from alarms.intake.normalise import intake_rules
    from alarms.policy.alarm_policy import load_alarm_policy
    from alarms.reports.simulate import read_replay, simulate, starting_at
    from alarms.router.topology import Topology
    from slo.loaders.catalogue_files import catalogue_of

    catalogue, policy = catalogue_of(settings.folders), load_alarm_policy(settings.folders)
    rules = intake_rules(
        settings.environment,
        catalogue.slos,
        policy.policy.severity_words,
        policy.policy.ignored_labels,
        load_intakes(settings.folders).mappings,
    )
    recorded = read_replay(replay, rules)
    if at is not None:
        recorded = starting_at(recorded, at.replace(tzinfo=UTC))
    told = simulate(
        recorded, policy.policy, policy.schedules, Topology(catalogue.components), timedelta(hours=hours)
    )
    table = list_table("when (UTC)", "severity", "step", "who", "what")
    for item in told:
        note = item.notification
        table.add_row(
            f"{item.at:%Y-%m-%d %H:%M:%S}",
            note.severity.value,
            note.step.value,
            note.target,
            note.message.subject,
        )
    stdout.print(table)
    say(f"{counted(len(recorded), 'arrival')}, {counted(len(told), 'message')}")


@click.command()
@click.option("--days", type=click.IntRange(1, 3_660), default=DAYS, show_default=True, help="How far back.")
@json_option
@pass_settings
def report(settings: Settings, days: int, as_json: bool) -> None:
    """Show how good each alert rule is: acted on, cleared by itself, flapping, paging out of hours.

    Times to acknowledge and to resolve are medians.
    """
    rows = desk_of(settings).quality(parse_clock(settings.clock).now() - timedelta(days=days))
    if as_json:
        echo_struct(rows)
        return
    if not rows:
        say(f"No incident in {days} days.")
        return
    headings = ("rule", "number", "acted", "alone", "flaps", "pages", "night", "ack", "end")
    table = list_table(*headings, right=headings[1:])
    for column in table.columns[1:]:
        column.no_wrap = True
    for row in rows:
        table.add_row(
            row.rule,
            f"{row.incidents}",
            f"{100 * row.actioned_ratio:.0f} %",
            f"{100 * row.noise_ratio:.0f} %",
            f"{row.flaps}",
            f"{row.pages}",
            f"{row.pages_out_of_hours}",
            _span(row.time_to_acknowledge),
            _span(row.time_to_resolve),
        )
    stdout.print(table)
    say(
        "acted: a person did something; alone: it paged and cleared without anyone acting; night: "
        "pages out of hours"
    )


def _span(length: timedelta | None) -> str:
    return "" if length is None else span_text(length)


@click.group(invoke_without_command=True)
@click.pass_context
def quarantine(context: click.Context) -> None:
    """List payloads from known senders that could not be read."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@quarantine.command(name="list")
@pass_settings
def list_(settings: Settings) -> None:
    """List quarantined payloads, newest first."""
    found = desk_of(settings).quarantined()
    if not found:
        say("Nothing is in quarantine.")
        return
    headings = ("id", "received (UTC)", "from", "kind", "bytes", "problem", "begins")
    table = list_table(*headings, right=("bytes",))
    table.columns[0].no_wrap = True
    for item in found:
        received = f"{item.received_at:%Y-%m-%d %H:%M:%S}"
        problem = item.problem or ""
        table.add_row(item.id, received, item.sender, item.kind, f"{item.bytes:,}", problem, item.begins)
    stdout.print(table)


@quarantine.command()
@click.argument("receipt")
@pass_settings
def show(settings: Settings, receipt: str) -> None:
    r"""Print a quarantined payload to standard output, and what is wrong with it to standard error.

    A terminal is shown its control characters as \x1b; a file or a pipe gets it as it came.
    """
    found = desk_of(settings).quarantined_one(receipt)
    sender = f" from {found.sender}" if found.sender else ""
    received = f"{found.received_at:%Y-%m-%d %H:%M:%S} UTC"
    click.echo(shown(f"{found.kind}{sender}, received {received}: {found.problem}"), err=True)
    click.echo(shown(found.payload) if sys.stdout.isatty() else found.payload, color=True)


@quarantine.command()
@click.argument("receipt")
@click.option(
    "--file", "corrected", type=click.File(encoding="utf-8"), help="What to read instead; - is stdin."
)
@BY
@pass_settings
def requeue(settings: Settings, receipt: str, corrected: TextIO | None, by: str) -> None:
    """Process a quarantined payload again, as it came or corrected; refused if it still cannot be read.

    What came in stays in quarantine until the correction was read.
    """
    desk_of(settings).requeue(receipt, by, None if corrected is None else corrected.read())
    said = "is worked off again" if corrected is None else "is worked off as corrected"
    say(f"{receipt} {said}; a running router does so at once.")


@click.command(name="postmortem")
@click.argument("incident_id")
@pass_settings
def postmortem_(settings: Settings, incident_id: str) -> None:
    """Write the incident as a Markdown post-mortem: facts, arithmetic, timeline, and room for lessons
    learned."""
    from alarms.reports.postmortem import postmortem

    written = postmortem(desk_of(settings).explain(incident_id))
    click.echo(shown(written) if sys.stdout.isatty() else written)
