"""``mirante alerts``: what is open, why, and what a person does about it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alarms.model.severity import Severity
from app.bootstrap.paths import paths_of
from app.cli.context import echo_json, instant_text, json_option, list_table, pass_settings, say, stdout
from app.cli.lazy import LazyGroup
from app.cli.table import ALERTS
from app.serving.errors import ServingError
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.errors import MiranteError
from foundation.paths import is_absent
from foundation.quantities import span_text

if TYPE_CHECKING:
    from rich.table import Table

    from alarms.http.desk_client import HttpDesk
    from alarms.model.alert import BurnArithmetic
    from alarms.model.incident import Incident
    from alarms.router.desk import Desk
    from app.bootstrap.router import RouterParts
    from slo.model.catalogue import Catalogue

STYLES = {Severity.P1: "bold red", Severity.P2: "red", Severity.P3: "yellow", Severity.P4: "cyan"}

LONGEST_TITLE = 80  # characters: one line, of any usual window
HELD = {
    "silence": "silenced",
    "cause": "held for its cause",
    "flapping": "held, it flaps",
    "first-wait": "first page waits",
}


class NoRouterYet(ServingError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no router has ever run here. Check --data-dir, or run `mirante up`")


class NoToken(ServingError):
    def __init__(self, url: str, path: Path) -> None:
        super().__init__(
            f"{url} requires a token, and {path} has none. Set MIRANTE_HOOK_TOKEN to that router's token"
        )


def desk_of(settings: Settings) -> Desk:
    """A running router where ``router_url`` names one, else the store, which a router may be using as well.

    Raises NoRouterYet rather than make an empty store where nothing runs, and NoToken.
    """
    return remote_desk(settings) if settings.router_url else local_router(settings).router


def remote_desk(settings: Settings) -> HttpDesk:
    """Raises NoToken."""
    from alarms.http.desk_client import HttpDesk

    return HttpDesk(settings.router_url, _token(settings))


def local_router(settings: Settings) -> RouterParts:
    """With the last sound alarm files and definitions where those of today are broken: who was paged can act.

    Raises NoRouterYet.
    """
    path = paths_of(settings).router
    if not settings.router_store and is_absent(path):
        raise NoRouterYet(path)
    from app.bootstrap.kept_alarm_files import KeptAlarmFiles, usable_files
    from app.bootstrap.router import open_router

    files = usable_files(settings.folders, KeptAlarmFiles(paths_of(settings).alarm_files))
    if files.read_at is not None:
        _say_broken(files.problem, f"the files of {files.read_at:%Y-%m-%d %H:%M:%S} UTC")
    return open_router(settings, _catalogue(settings), files, must_exist=True)


def _catalogue(settings: Settings) -> Catalogue:
    """Those definitions that are sound: incidents are read and acted on without the others."""
    from slo.loaders.catalogue_files import catalogue_of, sound_part_of

    try:
        return catalogue_of(settings.folders)
    except MiranteError as error:
        _say_broken(str(error), "the definitions that are sound")
        return sound_part_of(settings.folders)


def _say_broken(problem: str, instead: str) -> None:
    click.echo(f"{problem.splitlines()[0]} (continuing with {instead})", err=True)


def _token(settings: Settings) -> str:
    path = paths_of(settings).hook_token
    if settings.hook_token or path.is_file():
        return settings.hook_token or path.read_text(encoding="ascii").strip()
    raise NoToken(settings.router_url, path)


@click.group(cls=LazyGroup, commands=ALERTS)
def alerts() -> None:
    """Incidents: what is open, why, who was notified, and what to do about it.

    Talks to the running router at `router_url` if it is set, otherwise to the router's store.
    """


@click.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Include resolved incidents, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="At most so many.")
@click.option("--cursor", default="", help="Go on where the listing before ended; it says with what.")
@pass_settings
def list_(settings: Settings, everything: bool, as_json: bool, limit: int, cursor: str) -> None:
    """Open incidents, most severe first."""
    desk = desk_of(settings)
    page = (desk.newest_page if everything else desk.open_page)(limit, cursor)
    found = page.alerts
    if page.left:
        click.echo(f"{page.left} more; go on with --cursor {page.next}", err=True)
    if as_json:
        echo_json([document(item) for item in found])
        return
    if not found:
        say("There are no incidents yet." if everything else "There are no open incidents.")
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
        "held_for": None if item.hold is None else item.hold.kind.value,
        "snoozed_until": None if item.snoozed_until is None else item.snoozed_until.isoformat(),
        "slo": item.slo_id,
        "component": item.component,
        "opened_at": item.opened_at.isoformat(),
        "acknowledged_at": None if item.acknowledged_at is None else item.acknowledged_at.isoformat(),
        "acknowledged_by": item.acknowledged_by,
        "resolved_at": None if item.resolved_at is None else item.resolved_at.isoformat(),
        "resolved_by": item.resolved_by,
    }


def _table(found: Sequence[Incident], now: datetime) -> Table:
    from rich.text import Text

    from alarms.notify.text.plain import line

    table = list_table("id", "", "state", "age", "owner", "what")
    for column in table.columns[:-1]:
        column.no_wrap = True
    for item in found:
        table.add_row(
            item.id[-8:],
            Text(item.severity.value, style=STYLES[item.severity]),
            _state(item, now),
            span_text((item.resolved_at or now) - item.opened_at),
            item.owner,
            line(item.title, LONGEST_TITLE),
        )
    return table


def _state(item: Incident, now: datetime) -> str:
    """With why nobody is told just now."""
    why = [HELD[item.hold.kind.value]] if item.hold is not None else []
    if item.is_open and item.snoozed_until is not None and item.snoozed_until > now:
        why.append("snoozed")
    return ", ".join((item.state.value, *why)) if item.is_open else item.state.value


@click.command()
@click.argument("incident_id")
@json_option
@pass_settings
def show(settings: Settings, incident_id: str, as_json: bool) -> None:
    """Show one incident: summary, arithmetic, timeline, notifications. The end of an id is enough."""
    desk = desk_of(settings)
    item = desk.incident(incident_id)
    if as_json:
        told = desk.notifications(item.id)
        echo_struct({"incident": item, "timeline": desk.timeline(item.id), "notifications": told})
        return
    from rich.text import Text

    stdout.print(Text(f"{item.severity.value} {item.title}", style=STYLES[item.severity]), f"({item.id})")
    say(f"{item.state.value}; owner {item.owner}; opened {item.opened_at:%Y-%m-%d %H:%M:%S} UTC")
    say(item.summary)
    if item.burn is not None:
        say(_arithmetic(item.burn))
    if item.runbook:
        say(f"runbook: {item.runbook}")
    _print_timeline(desk, item)
    _print_notifications(desk, item)


def _arithmetic(burn: BurnArithmetic) -> str:
    return (
        f"burn {burn.long_burn:.2f} over {burn.long_window} ({burn.long_total - burn.long_good} bad of "
        f"{burn.long_total}), {burn.short_burn:.2f} over {burn.short_window} "
        f"({burn.short_total - burn.short_good} of {burn.short_total}), limit {burn.factor}; "
        f"budget left {1 - burn.budget_spent_ratio:.1%}"
    )


def echo_struct(value: object) -> None:
    """As ``/v1/alerts`` has it."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _print_timeline(desk: Desk, item: Incident) -> None:
    table = list_table("", "", "", "", "", title="timeline")
    for step in desk.timeline(item.id):
        what = step.kind.value.replace("-", " ")
        table.add_row(f"{step.number}", f"{step.at:%H:%M:%S}", what, step.actor, _detail(step.detail))
    stdout.print(table)


def _detail(detail: Mapping[str, str]) -> str:
    """What a transition says besides, for people: ``DiskFull from alertmanager, P1 (instance=db2)``."""
    left = dict(detail)
    parts = []
    if alert := left.pop("alert", ""):
        origin = f" from {left.pop('source')}" if "source" in left else ""
        parts.append(f"{alert}{origin}")
    if severity := left.pop("severity", ""):
        parts.append(severity)
    if tier := left.pop("tier", ""):
        parts.append(f"({tier})")
    if "from" in left and "to" in left:
        parts.append(f"{left.pop('from')} to {left.pop('to')}")
    if reason := left.pop("reason", ""):
        left.pop("by", None)
        parts.append(reason)
    parts += [left.pop(name) for name in ("note", "title") if left.get(name)]
    return ", ".join([*parts, *(f"{name} {value}" for name, value in left.items())])


def _print_notifications(desk: Desk, item: Incident) -> None:
    from alarms.model.notification import DeliveryState

    table = list_table("", "", "", "", "by channel", "", title="notifications")
    for delivery in desk.notifications(item.id):
        note = delivery.notification
        sent = "" if delivery.sent_at is None else f"{delivery.sent_at:%H:%M:%S}"
        dead = delivery.state is DeliveryState.DEAD and delivery.last_error
        what = f"not delivered: {delivery.last_error}" if dead else note.message.subject
        table.add_row(delivery.state.value, sent, note.step.value, note.target, note.channel, what)
    stdout.print(table)


@click.command()
@click.argument("incident_id")
@json_option
@pass_settings
def explain(settings: Settings, incident_id: str, as_json: bool) -> None:
    """Show every routing decision about an incident, and what comes next if nobody acts."""
    found = desk_of(settings).explain(incident_id)
    if as_json:
        echo_struct(found)
        return
    from rich.text import Text

    table = list_table("", "", "", title=f"{found.incident.id}: decisions")
    for column in table.columns[:2]:
        column.no_wrap = True
    for taken in found.decisions:
        rule = f"  [{taken.rule}]" if taken.rule else ""
        verdict = Text(f"{taken.outcome}{rule}\n").append(taken.reason, style="dim")
        table.add_row(f"{taken.at:%H:%M:%S}", taken.stage.value, verdict)
    stdout.print(table)
    say("next, if nobody acts:" if found.future else "nothing more will happen automatically.")
    for step in found.future:
        say(f"  {step}")


BY = click.option("--by", default=getpass.getuser, help="Name of the person.  [default: the user]")
NOTE = click.option("--note", default="", help="Note for the timeline.")


@click.command()
@click.argument("incident_id")
@BY
@NOTE
@pass_settings
def ack(settings: Settings, incident_id: str, by: str, note: str) -> None:
    """Acknowledge an incident, which stops the acknowledgement deadline but not the resolution deadline."""
    desk = desk_of(settings)
    before = desk.incident(incident_id)
    item = desk.acknowledge(incident_id, by, note)
    if before.state == "acknowledged" and before.acknowledged_at is not None:
        since = f"by {before.acknowledged_by} at {instant_text(before.acknowledged_at)}"
        unkept = "; use `mirante alerts note` for the note" if note else ""
        say(f"{item.id} was acknowledged already, {since}; nothing is changed{unkept}.")
        return
    say(f"{item.id} acknowledged by {item.acknowledged_by}; the resolution deadline still applies.")


@click.command()
@click.argument("incident_id")
@BY
@NOTE
@pass_settings
def resolve(settings: Settings, incident_id: str, by: str, note: str) -> None:
    """Resolve an incident by hand; if the alert keeps firing, it reopens."""
    item = desk_of(settings).resolve(incident_id, by, note)
    say(f"{item.id} resolved by {item.resolved_by}.")
