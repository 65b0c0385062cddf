"""``mirante alerts``: what is open, why, and what a person does about it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from alarms.desk import Desk
from alarms.incident import Incident
from alarms.severity import Severity
from app.bootstrap.paths import DataPaths
from app.bootstrap.router import open_router
from app.cli.context import pass_settings, plain_table, say, stdout
from app.serving.errors import ServingError
from app.settings import Settings
from slo.catalogue import load_catalogue
from slo.clock import parse_clock
from slo.explain import span_text

STYLES = {Severity.P1: "bold red", Severity.P2: "red", Severity.P3: "yellow", Severity.P4: "cyan"}


class NoRouterYet(ServingError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no router ever ran here. Check --data-dir, or run `mirante up`")


def desk_of(settings: Settings) -> Desk:
    """Raises NoRouterYet rather than make an empty store where nothing runs."""
    path = DataPaths(settings.data_dir).router
    if not settings.router_store and not path.is_file():
        raise NoRouterYet(path)
    return open_router(settings, load_catalogue(settings.definitions)).router


@click.group()
def alerts() -> None:
    """Incidents: list, show, explain, acknowledge, resolve."""


@alerts.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Resolved ones too, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@pass_settings
def list_(settings: Settings, everything: bool, as_json: bool) -> None:
    """Open incidents, most severe first."""
    desk = desk_of(settings)
    found = desk.incidents() if everything else desk.open_incidents()
    if as_json:
        click.echo(json.dumps([document(item) for item in found], indent=2, ensure_ascii=False))
        return
    if not found:
        say("No incident yet." if everything else "No open incident.")
        return
    stdout.print(_table(found, parse_clock(settings.clock).now()))


def document(item: Incident) -> dict[str, object]:
    """An incident as JSON: instants in ISO 8601, ``null`` for what has not happened."""
    return {
        "id": item.id,
        "severity": item.severity.value,
        "state": item.state.value,
        "title": item.title,
        "summary": item.summary,
        "environment": item.environment,
        "owner": item.owner,
        "slo": item.slo_id,
        "component": item.component,
        "opened_at": item.opened_at.isoformat(),
        "acknowledged_at": None if item.acknowledged_at is None else item.acknowledged_at.isoformat(),
        "acknowledged_by": item.acknowledged_by,
        "resolved_at": None if item.resolved_at is None else item.resolved_at.isoformat(),
        "resolved_by": item.resolved_by,
    }


def _table(found: Sequence[Incident], now: datetime) -> Table:
    table = plain_table("id", "severity", "state", "opened", "age", "owner", "what")
    for item in found:
        table.add_row(
            item.id[-8:],
            Text(item.severity.value, style=STYLES[item.severity]),
            item.state.value,
            f"{item.opened_at:%Y-%m-%d %H:%M}",
            span_text((item.resolved_at or now) - item.opened_at),
            item.owner,
            item.title,
        )
    return table


@alerts.command()
@click.argument("incident_id")
@pass_settings
def show(settings: Settings, incident_id: str) -> None:
    """One incident: summary, arithmetic, timeline, notifications. The end of an id is enough."""
    desk = desk_of(settings)
    item = desk.incident(incident_id)
    stdout.print(Text(f"{item.severity.value} {item.title}", style=STYLES[item.severity]), f"({item.id})")
    say(f"{item.state.value}; owner {item.owner}; opened {item.opened_at:%Y-%m-%d %H:%M:%S} UTC")
    say(item.summary)
    if item.runbook:
        say(f"runbook: {item.runbook}")
    _print_timeline(desk, item)
    _print_notifications(desk, item)


def _print_timeline(desk: Desk, item: Incident) -> None:
    table = plain_table("", "", "", "", "", title="timeline")
    for step in desk.timeline(item.id):
        detail = "; ".join(f"{key} {value}" for key, value in step.detail.items())
        table.add_row(f"{step.number}", f"{step.at:%H:%M:%S}", step.kind.value, step.actor, detail)
    stdout.print(table)


def _print_notifications(desk: Desk, item: Incident) -> None:
    table = plain_table("", "", "", "", "", title="notifications")
    for delivery in desk.notifications(item.id):
        note = delivery.notification
        sent = "" if delivery.sent_at is None else f"{delivery.sent_at:%H:%M:%S}"
        table.add_row(delivery.state.value, sent, note.step.value, note.target, note.message.subject)
    stdout.print(table)


@alerts.command()
@click.argument("incident_id")
@pass_settings
def explain(settings: Settings, incident_id: str) -> None:
    """Every decision the router took about an incident, and what comes next if nobody acts."""
    found = desk_of(settings).explain(incident_id)
    table = plain_table("", "", "", "", "", title=f"{found.incident.id}: decisions")
    for taken in found.decisions:
        table.add_row(f"{taken.at:%H:%M:%S}", taken.stage.value, taken.outcome, taken.rule, taken.reason)
    stdout.print(table)
    say("next, if nobody acts:" if found.future else "nothing more will happen by itself.")
    for step in found.future:
        say(f"  {step}")


BY = click.option("--by", default=getpass.getuser, help="Who does it.  [default: the user]")
NOTE = click.option("--note", default="", help="Kept in the timeline.")


@alerts.command()
@click.argument("incident_id")
@BY
@NOTE
@pass_settings
def ack(settings: Settings, incident_id: str, by: str, note: str) -> None:
    """Acknowledge: stops the acknowledgement clock, never the resolution clock."""
    item = desk_of(settings).acknowledge(incident_id, by, note)
    say(f"{item.id} acknowledged by {item.acknowledged_by}; the resolution clock goes on.")


@alerts.command()
@click.argument("incident_id")
@BY
@NOTE
@pass_settings
def resolve(settings: Settings, incident_id: str, by: str, note: str) -> None:
    """Resolve by hand; an alert that goes on firing opens it again."""
    item = desk_of(settings).resolve(incident_id, by, note)
    say(f"{item.id} resolved by {item.resolved_by}.")
