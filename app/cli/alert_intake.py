"""``mirante alerts intake``: what a payload would become, without a router."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.context import counted, echo_json, json_option, pass_settings, plain_table, say, stdout
from app.settings import Settings

if TYPE_CHECKING:
    from alarms.intake.normalise import Parsed
    from alarms.model.alert import Alert


@click.group()
def intake() -> None:
    """What other systems send: `alarms/intakes.yaml` maps the JSON of those that are not known yet."""


@intake.command(name="try")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_settings
def try_(settings: Settings, name: str, file: Path, as_json: bool) -> None:
    """Show what a payload would become; nothing is stored and nobody is notified.

    NAME is a mapping of intakes.yaml, or alertmanager, grafana, pagerduty, cloudwatch or eventbridge. FILE
    holds the body of the request.
    """
    from alarms.intake.intakes_file import load_intakes
    from alarms.intake.json_alerts import PREFIX
    from alarms.intake.normalise import intake_rules
    from alarms.intake.parsers import HOOKS, read
    from alarms.policy.alarm_policy import load_alarm_policy
    from foundation.clock import SystemClock
    from foundation.files import read_bytes
    from slo.loaders.catalogue_files import catalogue_of

    policy, intakes = load_alarm_policy(settings.folders).policy, load_intakes(settings.folders)
    if name not in (*intakes.mappings, *HOOKS):
        known = ", ".join([*intakes.mappings, *HOOKS])
        raise click.BadParameter(f"{name!r} is not an intake (known: {known})", param_hint="NAME")
    rules = intake_rules(
        settings.environment,
        catalogue_of(settings.folders).slos,
        policy.severity_words,
        policy.ignored_labels,
        intakes.mappings,
    )
    kind = f"{PREFIX}{name}" if name in intakes.mappings else name
    read_as, parsed = read(kind, read_bytes(file), rules, SystemClock().now())
    if as_json:
        echo_json(
            {"kind": read_as, "alerts": parsed.alerts, "unread": [part.problem for part in parsed.unread]}
        )
        return
    if read_as != kind:
        say(f"This is of {read_as}; it is taken, but belongs to {HOOKS.get(read_as, read_as)}.")
    for alert in parsed.alerts:
        _print(alert, f"{policy.default_severity} by default")
    _print_rest(parsed)


def _print(alert: Alert, otherwise: str) -> None:
    table = plain_table("", "", title=f"{alert.state.value}: {alert.title or alert.name}")
    shown = {
        "severity": otherwise if alert.severity is None else alert.severity.value,
        "name": alert.name,
        "summary": alert.summary,
        "starts at": alert.starts_at.isoformat(),
        "ends at": "" if alert.ends_at is None else alert.ends_at.isoformat(),
        "known by": alert.alert_key if alert.by_key else "name and labels",
        **{f"label {name}": value for name, value in sorted(alert.labels.items())},
        **{f"link {name}": url for name, url in alert.links.items()},
    }
    from rich.text import Text

    for name, value in shown.items():
        if value:
            table.add_row(name, Text(value))
    stdout.print(table)


def _print_rest(parsed: Parsed) -> None:
    for part in parsed.unread:
        say(f"in quarantine, and told: {part.problem}")
    if parsed.acknowledged:
        say("acknowledges the incident of its key")
    say(f"{counted(len(parsed.alerts), 'alert')}, {counted(len(parsed.unread), 'part')} that cannot be read")
